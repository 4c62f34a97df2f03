/**
 * Types of `clip-rs`: search of aerial imagery by words or pictures, in the browser alone.
 * Positions are WGS 84 degrees, longitude before latitude.
 */

/** West, south, east and north edge, degrees; west is greater than east across the antimeridian. */
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** Longitude, -180 to 180, and latitude, -90 to 90. */
export type LngLat = readonly [lng: number, lat: number];

/** A polygon of GeoJSON (RFC 7946); its first ring counts, 3 to 1000 corners; longitudes may go on beyond 180. */
export interface Polygon {
  type: "Polygon";
  coordinates: number[][][];
}

/** A picture: a file's bytes as a Blob of at most 64 MB, or anything that a canvas can draw and read again. */
export type Picture = Blob | ImageBitmap | ImageData | HTMLImageElement | HTMLCanvasElement | HTMLVideoElement | OffscreenCanvas;

/** What may end a call before its answer; the promise is then rejected with the signal's reason. */
export interface Abortable {
  signal?: AbortSignal;
}

/** What a query is made of: one of the four, and how much it counts. */
export type Term = {
  /** 1 unless it is said; below 0 for what is not wanted, of which -0.5 is plenty. Not 0. */
  weight?: number;
} & (
  | {
      /** Any words; 500 characters count. English is what the usual models read. */
      words: string;
    }
  | {
      /** Id of an item of the catalog: what looks like it. */
      item: string;
    }
  | {
      /** A picture from anywhere. */
      picture: Picture;
    }
  | {
      /** A direction, as `encode` and `embed` give them. */
      vector: Float32Array | readonly number[];
    }
);

/** What is searched for: words, or all that is named here together. 32 terms at most. */
export type Ask =
  | string
  | {
      words?: string;
      item?: string;
      picture?: Picture;
      vector?: Float32Array | readonly number[];
      /** Words for what is not wanted. */
      without?: string | readonly string[];
      /** More, each with a weight of its own. */
      terms?: readonly Term[];
    };

/** Where items have to lie, with their middles. */
export interface Where {
  bounds?: Bounds;
  /** Inside it, and in `bounds` if that is there, too. */
  area?: Polygon | { type: "Feature"; geometry: Polygon; properties?: unknown };
}

export interface SearchOptions extends Where, Abortable {
  /** Most hits, 1 to 5000; 20 unless it is said. */
  limit?: number;
  /** Only what was taken on these days, `YYYY-MM-DD`, both included; open where there is none. */
  taken?: { from?: string | null; to?: string | null };
}

export interface ItemsOptions extends Where, Abortable {
  /** How many to skip. */
  offset?: number;
  /** Most items, 1 to 5000; 100 unless it is said. */
  limit?: number;
}

/** Something that can be found: a square of map tiles, a picture, or a square of one. */
export interface Item {
  /** `z/x/y` of a tile, `z/x/y+span` of a square of tiles, the name of a picture, `name#xywh=x,y,side,side` of a part of one. */
  id: string;
  /** Its middle; null where its place is not known. */
  lngLat: LngLat | null;
  /** Its edges on the ground, all the same for a mere position; null where its place is not known. */
  bounds: Bounds | null;
  /** Populated place that it lies in or near. */
  place: string | null;
  /** Nearest street address. */
  address: string | null;
  /** Metres from its middle to that address. */
  addressMetres: number | null;
  /** Day of capture, `YYYY-MM-DD`. */
  date: string | null;
  /** Which imagery it comes from, where a catalog mixes several. */
  source: string | null;
  /** Id of an earlier item that looks the same. */
  duplicateOf: string | null;
  /** How many later items look the same. */
  duplicates: number;
}

/** An item that was found. */
export interface Hit extends Item {
  /** What to show people, 0 to 1: the chance that it is right, or where that is not known (`likely` is null) how well it fits. */
  mark: number;
  /** Cosine between what was asked and the item, -1 to 1. Hits are ordered by it less how close the item is to any text. */
  similarity: number;
  /** Whether it is likely right; null where marks are no chances, as for pictures. */
  likely: boolean | null;
}

/** Hits, best first, and what is to be known of them all. */
export interface Hits extends Array<Hit> {
  /** Hits of at least this mark are likely right; null where marks are no chances. */
  likelyFrom: number | null;
  /** Whether words are longer than the model reads; their end did not count. */
  isCut: boolean;
  /** Why places and addresses of some hits could not be had. */
  missing: ClipRsError[];
}

/** Items, and how many there are in all. */
export interface Items extends Array<Item> {
  total: number;
  /** Why places and addresses of some could not be had. */
  missing: ClipRsError[];
}

/** How well every place fits, as a grid. Its rows are evenly spaced on a Web Mercator map, where it may be laid as a picture. */
export interface Layer {
  /** Cells in a row. */
  columns: number;
  rows: number;
  /** Its edges; the east edge may lie beyond 180. */
  bounds: Bounds;
  /**
   * Row by row from the north-west: the mark of what lies there, 0 to 1, or of a difference -1 (`against` fits better) to 1; NaN where
   * nothing lies.
   */
  values: Float32Array;
  /** Whether it compares two questions. */
  isDifference: boolean;
  /** Marks of at least this are likely right; null where marks are no chances. */
  likelyFrom: number | null;
  /** Items that were scored, or estimated. */
  items: number;
  /** Whether the marks are estimates, each of a square of the map, by the kinds of places there: so for a very large catalog as a whole. */
  isEstimate: boolean;
}

/** How far the loading is. */
export interface Progress {
  /** Bytes that have arrived, and that are needed. */
  loaded: number;
  total: number;
  /** Whether all is here and the engine is being built. */
  preparing: boolean;
  files: { role: string; name: string; loaded: number; total: number }[];
}

/** Map tiles of the imagery, for the host's map. */
export interface Tiles {
  /** Absolute address with `{z}`, `{x}` and `{y}`. */
  template: string;
  minzoom: number;
  maxzoom: number;
  /** Edge of a tile, pixels. */
  tileSize: number;
  /** Whether any host of static files answers at `template`; else clip-rs-server does. */
  anyHost: boolean;
}

/** What a catalog says of itself. */
export interface Manifest {
  /** A short name. */
  readonly id: string;
  readonly title: string;
  /** Who made the imagery: name it on your map. */
  readonly attribution: string;
  readonly licence: string;
  /** Whether the imagery was generated and shows no real place: say so where you show it. */
  readonly synthetic: boolean;
  /** Box around all items; null where none has a place. */
  readonly bounds: Bounds | null;
  /** Number of items that can be found. */
  readonly count: number;
  /** Words that are worth a try here. */
  readonly examples: readonly string[];
  /** The model's name. */
  readonly model: string;
  /** null where the imagery is no tiles. */
  readonly tiles: Tiles | null;
}

/**
 * What kind of trouble it is.
 * - `missing`, `network`, `damaged`, `version`: a file (`file`) is not there, did not come, came with other bytes than promised, twice,
 *   or is of another release;
 * - `request`, `picture`: what was asked makes no sense as it is;
 * - `worker`: the engine broke; the next call starts it again;
 * - `engine`: the catalog's model needs the general engine, and `assets` are of a page that was built without it;
 * - `closed`: the area was closed before the answer.
 */
export type ErrorKind = "missing" | "network" | "damaged" | "version" | "request" | "picture" | "worker" | "engine" | "stopped" | "closed";

/** What promises are rejected with, unless a signal was aborted. Its message is a sentence for people. */
export class ClipRsError extends Error {
  readonly kind: ErrorKind;
  /** Name of the file that it is about. */
  readonly file: string | null;
  constructor(kind: ErrorKind, message: string, file?: string | null);
}

export interface OpenOptions extends Abortable {
  /**
   * Folder with the engine's `engine.json`, the folder `library/` of a CLIP-RS page; where the module itself comes from unless it is
   * said. It may be on another origin if its server lets this site read it.
   */
  assets?: string | URL;
  /** Hears how far the loading is: of the catalog, and later of what embeds pictures. */
  onProgress?: (progress: Progress) => void;
}

/** An area that can be searched. Several may be open at once; each has workers of its own. */
export interface Area {
  readonly manifest: Manifest;
  /** Items that fit, best first. */
  search(ask: Ask, options?: SearchOptions): Promise<Hits>;
  /** Where words point to: a vector of length 1. */
  encode(words: string, options?: Abortable): Promise<Float32Array>;
  /** Where a picture points to: a vector of length 1. Loads the explorer and the image model when it is first called. */
  embed(picture: Picture, options?: Abortable): Promise<Float32Array>;
  /** Items in the catalog's order, whatever they show. Loads the explorer when it is first called, as do those below. */
  items(options?: ItemsOptions): Promise<Items>;
  /** One item by its id; `request` where there is none. */
  item(id: string, options?: Abortable): Promise<Item>;
  /**
   * How well every place fits; or where `ask` fits better than `against`. Of a very large catalog the whole is estimated (`isEstimate`):
   * give the box that your map shows as `near`, and where that is small enough each place in it and around it is scored by itself.
   */
  layer(ask: Ask, options?: { against?: Ask; near?: Bounds } & Abortable): Promise<Layer>;
  /**
   * The picture of an item, or of any tile `z/x/y`, made of files whose digests were checked: the file itself where one is all of it,
   * else a PNG. `pixels` is what its edge is to have, 256 unless it is said, where the imagery is as fine.
   */
  picture(id: string, options?: { pixels?: number } & Abortable): Promise<Blob>;
  /** Ends the workers and frees their memory. */
  close(): void;
}

/**
 * Opens a catalog, and is fulfilled when it can be searched.
 * @param catalog Address of its `catalog.json`, or of the folder that it lies in; relative ones are seen from the page.
 */
export function open(catalog: string | URL, options?: OpenOptions): Promise<Area>;

export interface PaintOptions {
  /** Marks below this are not painted: 0.1 unless it is said, 0.05 either way of a difference. */
  from?: number;
  /** Red, green, blue and opacity, 0 to 255, of a mark; the page's own colours unless it is said. */
  colour?: (mark: number) => readonly [number, number, number, number];
  /** A canvas to paint on, which takes the size of the layer; a new one unless it is said. */
  onto?: HTMLCanvasElement | OffscreenCanvas;
}

/** Paints a layer on a canvas, a pixel a cell. */
export function paintLayer(layer: Layer, options?: PaintOptions): HTMLCanvasElement;
