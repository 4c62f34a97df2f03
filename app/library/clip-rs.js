// The search of CLIP-RS for any site with a map, without our page: opens a catalog, and answers from it in the visitor's browser.
// The engine runs in two workers, the second of which (the explorer) is loaded when it is first needed. No dependencies.

import { ClipRsError, Engine, abortable, scripts, text } from "./engine.js";
import { compose, marks, paint, pixels } from "./pictures.js";

export { ClipRsError };

// What a catalog's folder begins with.
const MANIFEST = "catalog.json";
// Longest words, characters, as in the page.
const MOST_WORDS = 500;
// How much a term counts that is wanted, and one that is not.
const WANTED = 1;
const UNWANTED = -0.5;
// What is given unless the host says how much.
const HITS = 20;
const ITEMS = 100;
const PICTURE_EDGE = 256;

/** Opens the catalog at an address: of its `catalog.json`, or of the folder that it lies in. */
export async function open(catalog, { signal, onProgress, assets } = {}) {
  signal?.throwIfAborted();
  const here = globalThis.document?.baseURI ?? globalThis.location?.href;
  const url = address(catalog, here);
  const folder = assets ? new URL(`${assets}`.replace(/\/?$/, "/"), here) : new URL("./", import.meta.url);
  const [starts, manifest] = await Promise.all([scripts(folder, signal), text(url, MANIFEST, { signal })]);
  const opened = (manifest) => Area.opened({ url, starts, manifest, onProgress }, signal);
  try {
    return await opened(manifest);
  } catch (error) {
    if (error.kind !== "damaged" || error.file !== MANIFEST) throw error;
    // What failed once may have been damaged on its way or in a cache: it is tried once more, past the caches.
    return opened(await text(url, MANIFEST, { signal, cache: "reload" }));
  }
}

/** Paints a layer on a canvas, a pixel a cell. */
export function paintLayer(layer, options) {
  return paint(layer, options);
}

/** An area that can be searched. */
class Area {
  #url;
  #text;
  #starts;
  #told;
  #engines = new Map();
  #usesGeneral = false;
  #closed = false;

  constructor({ url, starts, manifest, onProgress }) {
    this.#url = url;
    this.#text = manifest;
    this.#starts = starts;
    this.#told = onProgress;
  }

  // An area that answers.
  static async opened(settings, signal) {
    const area = new Area(settings);
    try {
      await abortable(area.#engine("search"), signal);
    } catch (error) {
      area.close();
      throw error;
    }
    // The engine has checked the text.
    area.manifest = facts(JSON.parse(settings.manifest), settings.url);
    return area;
  }

  /** Items that words describe, best first; or that fit words, a picture, an item and other terms together. */
  async search(ask, { limit = HITS, bounds, area, taken, signal } = {}) {
    const query = { terms: await this.#terms(ask, signal), areas: areas(bounds, area), limit };
    const { answer } = await this.#ask("search", { type: "search", query, ...(taken && { taken: days(taken) }) }, signal);
    const likelyFrom = answer.likely_from;
    const hits = answer.hits.map((hit) => ({
      ...item(hit),
      mark: hit.similarity,
      similarity: hit.cosine,
      likely: likelyFrom === null ? null : hit.similarity >= likelyFrom,
    }));
    return Object.assign(hits, { likelyFrom, isCut: answer.is_cut, missing: answer.missing.map(failure) });
  }

  /** Where words point to: a vector of length 1. */
  async encode(words, { signal } = {}) {
    const { answer } = await this.#ask("search", { type: "encode", texts: [tidy(words)] }, signal);
    return Float32Array.from(answer.vectors[0]);
  }

  /** Where a picture points to: a vector of length 1. */
  async embed(picture, { signal } = {}) {
    signal?.throwIfAborted();
    const { width, height, bytes } = await abortable(pixels(picture), signal);
    const { answer } = await this.#ask("explorer", { type: "picture", width, height }, signal, bytes);
    return Float32Array.from(answer.vector);
  }

  /** Items in the catalog's order, whatever they show. */
  async items({ bounds, area, offset = 0, limit = ITEMS, signal } = {}) {
    const request = { type: "items", areas: areas(bounds, area), offset, limit };
    const { answer } = await this.#ask("explorer", request, signal);
    return Object.assign(answer.items.map(item), { total: answer.total, missing: answer.missing.map(failure) });
  }

  /** One item by its id. */
  async item(id, { signal } = {}) {
    const { answer } = await this.#ask("explorer", { type: "item", id: `${id}` }, signal);
    return item(answer.items[0]);
  }

  /** How well every place fits, as a grid, of a very large catalog those of `near`; or where it fits better than `against`. */
  async layer(ask, { against, near, signal } = {}) {
    const query = async (ask) => ({ terms: await this.#terms(ask, signal), areas: [], limit: 1 });
    const isDifference = against !== undefined && against !== null;
    const request = { type: "layer", query: await query(ask), against: isDifference ? await query(against) : null, near };
    const { answer, bytes } = await this.#ask("explorer", request, signal);
    const { columns, rows, edges, likely_from: likelyFrom, items, is_estimate: isEstimate = false } = answer;
    return { columns, rows, bounds: edges, values: marks(bytes, isDifference), isDifference, likelyFrom, items, isEstimate };
  }

  /** The picture of an item, or of any tile, put together from files whose digests were checked. */
  async picture(id, { pixels = PICTURE_EDGE, signal } = {}) {
    const { answer, bytes } = await this.#ask("explorer", { type: "image", id: `${id}`, pixels }, signal);
    if (answer.pieces.length === 0) throw new ClipRsError("missing", `The catalog has no picture of ${id}.`);
    return abortable(compose(answer.pieces, bytes, pixels), signal);
  }

  /** Ends the workers. What waits for them, and whatever is asked later, fails with the kind `closed`. */
  close() {
    this.#closed = true;
    for (const { engine } of this.#engines.values()) engine.end(closed());
    this.#engines.clear();
  }

  async #ask(name, request, signal, bytes = null) {
    signal?.throwIfAborted();
    const engine = await abortable(this.#engine(name), signal);
    // The worker goes on with what it was asked; only nobody waits for it any more.
    return abortable(engine.ask(request, bytes), signal);
  }

  // The engine of this name with the catalog in it; started when first needed, and again when it broke.
  #engine(name) {
    if (this.#closed) return Promise.reject(closed());
    const known = this.#engines.get(name);
    if (known && !known.engine.dead) return known.opened;
    const { general } = this.#starts;
    const script = this.#usesGeneral ? general : this.#starts[name];
    const engine = new Engine(script, name, (progress) => this.#told?.(told(progress)));
    const load = async () => {
      await engine.greeted;
      await engine.ask({ type: "open", catalog: this.#url.href, manifest: this.#text });
      return engine;
    };
    const opened = load().catch((error) => {
      // One that could not open the catalog is of no use.
      engine.end(error);
      if (error.kind !== "engine" || !general || this.#usesGeneral || this.#closed) throw error;
      // Its model is one that only the general engine knows.
      this.#usesGeneral = true;
      return this.#engine(name);
    });
    opened.catch(() => {});
    this.#engines.set(name, { engine, opened });
    return opened;
  }

  // What is asked, as the terms of a query.
  async #terms(ask, signal) {
    const { words, item, vector, picture, without = [], terms = [] } = typeof ask === "string" ? { words: ask } : (ask ?? {});
    const wanted = { words, item, vector, picture };
    const parts = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== null);
    const all = [
      ...parts.map(([kind, value]) => ({ weight: WANTED, [kind]: value })),
      ...[without].flat().map((words) => ({ weight: UNWANTED, words })),
      ...terms,
    ];
    if (all.length === 0) throw new ClipRsError("request", "There is nothing to search for: give words, a picture or an item.");
    return Promise.all(all.map((term) => this.#term(term, signal)));
  }

  async #term({ weight = WANTED, words, item, vector, picture }, signal) {
    if (item !== undefined) return { weight, subject: { item: `${item}` } };
    if (vector !== undefined) return { weight, subject: { vector: Array.from(vector) } };
    if (picture !== undefined) return { weight, subject: { vector: Array.from(await this.embed(picture, { signal })) } };
    return { weight, subject: { text: tidy(words) } };
  }
}

function closed() {
  return new ClipRsError("closed", "The area was closed.");
}

function failure({ kind, message, file }) {
  return new ClipRsError(kind, message, file);
}

// The absolute address of a catalog's `catalog.json`.
function address(catalog, here) {
  const written = `${catalog}`;
  const [path] = written.split(/[?#]/);
  try {
    return new URL(path.endsWith(".json") ? written : `${path.replace(/\/$/, "")}/${MANIFEST}`, here);
  } catch {
    throw new ClipRsError("request", `${written} is no address of a catalog.`);
  }
}

// What a host wants to know of a catalog.
function facts({ id, title, attribution, licence, synthetic, bounds, examples, shards, tiles, model }, url) {
  const count = shards.reduce((sum, shard) => sum + shard.count, 0);
  const facts = { id, title, attribution, licence, synthetic, bounds: bounds ?? null, count, examples, model: model.name };
  return Object.freeze({ ...facts, tiles: tiles ? tileSet(tiles, url) : null });
}

// Tiles of one kind in one folder have an address everywhere, others only at clip-rs-server (server/src/tiles.rs).
function tileSet({ folders, kinds, minzoom, maxzoom, tile_size: tileSize }, url) {
  const isPlain = folders.length === 1 && kinds.length === 1;
  const path = isPlain ? `${folders[0]}/{z}/{x}/{y}.${kinds[0]}` : "tiles/{z}/{x}/{y}";
  return Object.freeze({ template: new URL("./", url).href + path, minzoom, maxzoom, tileSize, anyHost: isPlain });
}

// Words as the page takes them: trimmed, white space made single, not too long.
function tidy(words) {
  const text = `${words ?? ""}`.trim().replace(/\s+/g, " ");
  if (!text) throw new ClipRsError("request", "There is nothing to search for: the words are empty.");
  return [...text].slice(0, MOST_WORDS).join("");
}

// Where hits have to lie: a box, and a polygon of GeoJSON.
function areas(bounds, polygon) {
  const found = [];
  if (bounds) {
    const [west, south, east, north] = bounds;
    const right = east < west ? east + 360 : east;
    found.push([[west, south], [right, south], [right, north], [west, north]]);
  }
  if (polygon) {
    const ring = (polygon.geometry ?? polygon).coordinates?.[0];
    if (!ring) throw new ClipRsError("request", "The area is no polygon of GeoJSON.");
    // A ring of GeoJSON ends where it began.
    found.push(ring.slice(0, -1).map(([lng, lat]) => [lng, lat]));
  }
  return found;
}

function days({ from = null, to = null }) {
  return { from, to };
}

function item({ id, footprint, place, address, address_m, captured, source, duplicate_of, duplicates }) {
  const known = { id, lngLat: footprint && middle(footprint), bounds: footprint, place, address, addressMetres: address_m };
  return { ...known, date: captured, source, duplicateOf: duplicate_of, duplicates };
}

// Longitude and latitude of a box's middle.
function middle([west, south, east, north]) {
  const lng = (west + (east < west ? east + 360 : east)) / 2;
  return [lng > 180 ? lng - 360 : lng, (south + north) / 2];
}

function told({ files, preparing }) {
  const each = files.map(({ role, name, done, total }) => ({ role, name, loaded: done, total }));
  const sum = (key) => each.reduce((sum, file) => sum + file[key], 0);
  return { loaded: sum("loaded"), total: sum("total"), preparing, files: each };
}
