/**
 * Types of `<clip-rs-search>` and of the protocol that it speaks with the page in its frame (PROTOCOL.md).
 * Positions are WGS 84 degrees, longitude before latitude.
 */

/** West, south, east and north edge, degrees; west is greater than east across the antimeridian. */
export type Bounds = [west: number, south: number, east: number, north: number];

/** A polygon of GeoJSON (RFC 7946) with one ring of 3 to 1000 corners; longitudes may go on beyond 180. */
export interface Polygon {
  type: "Polygon";
  /** Longitude, latitude, and perhaps a height, which does not count. */
  coordinates: number[][][];
}

/** What `setArea` takes. */
export type Area = Polygon | { type: "Feature"; geometry: Polygon; properties?: unknown };

/** What `addPicture` takes: a picture, or the bytes of a picture file. 64 MB at most. */
export type Picture = Blob | ImageBitmap | ImageData | HTMLCanvasElement | ArrayBuffer | ArrayBufferView;

/** A result. */
export interface Item {
  /** What it is called: `z/x/y` of a tile, the name of a picture. */
  id: string;
  /** The chance that it is right, or how similar it is (`Results.chances`), 0 to 1. */
  mark: number;
  /** Longitude of its middle, -180 to 180; null where its place is not known. */
  lng: number | null;
  /** Latitude of its middle, -90 to 90. */
  lat: number | null;
  /** Its edges on the ground. */
  footprint: Bounds | null;
  /** Populated place that it lies in or near. */
  place: string | null;
  /** Nearest street address. */
  address: string | null;
}

/** What is listed. */
export interface Results {
  /** `ready`: nothing is searched for. `unlikely`: nothing that was found is likely right, and so nothing is listed. */
  state: "ready" | "results" | "empty" | "unlikely";
  /** Best first, 1000 at most. */
  items: Item[];
  /** Whether marks are chances of being right; else they say how similar a result is. */
  chances: boolean;
}

/** What is searched. */
export interface About {
  /** The area's name. */
  title: string;
  /** Who made the imagery: name it where you show results on a map of your own. */
  attribution: string;
  /** Whether the imagery was generated and shows no real place: say so where you show results. */
  synthetic: boolean;
  /** How many items can be found. */
  items: number;
  /** Edges of the area. */
  bounds: Bounds | null;
}

/** What kind of trouble it is. The first five come from the element, the others from the page. */
export type ErrorKind =
  | "unreachable"
  | "timeout"
  | "gone"
  | "version"
  | "request"
  | "catalog"
  | "picture"
  | "busy"
  | "missing"
  | "network"
  | "damaged"
  | "worker"
  | "stopped";

/** What promises are rejected with, and what the event `error` brings. */
export class ClipRsError extends Error {
  readonly kind: ErrorKind;
  constructor(kind: ErrorKind, message: string);
}

/** Events of the element. None of them bubbles. */
export interface ClipRsEvents {
  ready: CustomEvent<About>;
  results: CustomEvent<Results>;
  select: CustomEvent<{ item: Item | null }>;
  error: CustomEvent<ClipRsError>;
}

/** The element `<clip-rs-search>`. */
export class ClipRsSearch extends HTMLElement {
  /** Address of the CLIP-RS page; the one beside the script where it is empty. */
  page: string;
  /** Address of the catalog, seen from the page; the page's own where it is empty. */
  catalog: string;
  /** Words that are searched for. */
  query: string;
  /** Where the map looks: zoom/latitude/longitude, as in the page's links. */
  view: string;
  theme: "light" | "dark" | "auto";
  /** Pixels, or `auto` for as high as the content. */
  height: string;
  /** Longest time that a request may take, seconds. */
  timeout: number;
  /** Whether the page may ask where the device is. */
  allowLocation: boolean;
  /** Searches for words, in the area that is set; empty ones for nothing. */
  search(words: string): Promise<Results>;
  /** Selects one of the results by its id, or none. */
  select(id: string | null): Promise<Item | null>;
  /** Searches only in this area, or everywhere. */
  setArea(area: Area | null): Promise<Results>;
  /** Adds a picture to what is searched for, in the place of the one before. */
  addPicture(picture: Picture, name?: string): Promise<Results>;
  addEventListener<K extends keyof ClipRsEvents>(
    type: K,
    listener: (this: ClipRsSearch, event: ClipRsEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ClipRsEvents>(
    type: K,
    listener: (this: ClipRsSearch, event: ClipRsEvents[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "clip-rs-search": ClipRsSearch;
  }
}

/** The messages of version 1, for who speaks with the page without the element. */
export namespace Protocol {
  /** How the page is to look. */
  interface Looks {
    theme: "light" | "dark" | "auto";
    /** `#rrggbb`. */
    accent: string | null;
    /** CSS pixels, 0 to 32. */
    radius: number | null;
    /** Names of typefaces, 200 characters at most: letters, digits, blanks, commas, quotes, `-` and `_`. */
    font: string | null;
    height: "fixed" | "auto";
  }

  /** The page to the window around it, as soon as it listens. */
  interface Listening {
    clipRs: 1;
    type: "listening";
  }

  /** To the page's window, with a port. */
  interface Hello {
    clipRs: 1;
    type: "hello";
    /** Absolute address of the `catalog.json` that is wanted; null for the page's own. */
    catalog: string | null;
    gestures: "cooperative" | "greedy";
    looks: Looks;
  }

  /** To the page, on the port, as JSON text; `addPicture` as an array of that text and a Blob. */
  type Request = { id: number } & (
    | { type: "search"; words: string }
    | { type: "select"; item: string | null }
    | { type: "setArea"; area: Area | null }
    | { type: "addPicture"; name: string | null }
    | { type: "setView"; view: string }
    | { type: "setLooks"; looks: Looks }
  );

  /** The page's answer, as JSON text. */
  type Answer = { id: number } & ({ ok: Results | Item | null } | { error: { kind: ErrorKind; message: string } });

  /** What the page tells unasked, as JSON text. */
  type News =
    | { type: "welcome"; catalog: string }
    | ({ type: "ready" } & About)
    | ({ type: "results" } & Results)
    | { type: "select"; item: Item | null }
    | { type: "error"; kind: ErrorKind; message: string }
    | { type: "height"; pixels: number };
}
