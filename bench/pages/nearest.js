// The contestants that find the nearest of many vectors. Each opener returns
// `{ search(query, k) -> ordinals, loadMs, fileBytes, tune? }`; what a page needs once is done by `prepare`.

import { engine } from "./encoders.js";
import { fetchBytes, now } from "./timing.js";

const floats = (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

export async function rows(url, dim) {
  const all = floats(await fetchBytes(url));
  return Array.from({ length: all.length / dim }, (_, n) => all.slice(n * dim, (n + 1) * dim));
}

export const open = {
  // Our index; `exact` looks at every item instead of walking the graph.
  async ours({ build, file, exact }) {
    const [bytes, { Nearest }] = [await fetchBytes(file), await engine(build)];
    const start = now();
    const index = new Nearest(bytes);
    const loadMs = now() - start;
    const search = exact ? (query, k) => index.exact(query, k) : (query, k) => index.search(query, k);
    return { search, loadMs, fileBytes: bytes.length };
  },

  // What one would write without a library.
  async loop({ file, dim }) {
    const bytes = await fetchBytes(file);
    const start = now();
    const items = floats(bytes);
    const loadMs = now() - start;
    const search = (query, k) => {
      const best = [];
      let worst = -Infinity;
      for (let n = 0, at = 0; at < items.length; n++, at += dim) {
        let sum = 0;
        for (let i = 0; i < dim; i++) sum += query[i] * items[at + i];
        if (best.length < k || sum > worst) {
          best.push({ n, sum });
          best.sort((a, b) => b.sum - a.sum);
          if (best.length > k) best.pop();
          worst = best[best.length - 1].sum;
        }
      }
      return best.map(({ n }) => n);
    };
    return { search, loadMs, fileBytes: bytes.length };
  },

  async hnswlib({ file, count, dim, ef }) {
    const library = await hnswlib();
    const index = new library.HierarchicalNSW("ip", dim, "");
    const start = now();
    await index.readIndex(file.name, count);
    const loadMs = now() - start;
    index.setEfSearch(ef);
    const search = (query, k) => index.searchKnn(query, k, undefined).neighbors;
    return { search, loadMs, fileBytes: file.bytes, tune: (value) => index.setEfSearch(value) };
  },

  async edgevec({ name }) {
    const { EdgeVec } = await edgevec();
    const start = now();
    const index = await EdgeVec.load(name);
    const loadMs = now() - start;
    const search = (query, k) => index.search(query, k).map(({ id }) => id);
    return { search, loadMs, fileBytes: Number(index.serializedSize()) };
  },

  async voy({ file, dim }) {
    const [{ Voy }, items] = [await voy(), await rows(file, dim)];
    const serialized = new Voy(resource(items)).serialize();
    const start = now();
    const index = Voy.deserialize(serialized);
    const loadMs = now() - start;
    const search = (query, k) => index.search(query, k).neighbors.map(({ id }) => Number(id));
    return { search, loadMs, fileBytes: serialized.length };
  },
};

export const prepare = {
  // Puts an index file into the browser's storage, from where hnswlib-wasm reads: it takes no bytes.
  async hnswlib({ file }) {
    await hnswlib();
    const contents = await fetchBytes(file.url);
    const databases = await indexedDB.databases();
    const mounted = databases.find(({ name }) => name.includes("hnswlib"));
    if (!mounted) throw new Error(`hnswlib-wasm made no storage, there is ${databases.map(({ name }) => name)}`);
    const entry = { timestamp: new Date(), mode: 0o100666, contents };
    await put(mounted.name, "FILE_DATA", `${mounted.name}/${file.name}`, entry);
  },

  // Builds the index, which only the browser can do, and keeps it in its storage. Gives up when a first part says that
  // it would take longer than `limitMs`.
  async edgevec({ name, file, count, dim, limitMs }) {
    const { EdgeVec, EdgeVecConfig } = await edgevec();
    const config = new EdgeVecConfig(dim);
    config.metric = "dot";
    config.m = 16;
    config.m0 = 32;
    config.ef_construction = 200;
    config.ef_search = 200;
    const index = new EdgeVec(config);
    const items = floats(await fetchBytes(file));
    const step = 500, start = now();
    for (let n = 0; n < count; n += step) {
      const some = items.subarray(n * dim, Math.min(n + step, count) * dim);
      index.insertBatchFlat(some, some.length / dim);
      const expected = ((now() - start) / (n + step)) * count;
      if (n >= 2 * step && expected > limitMs) {
        throw new Error(`building in the browser, its only way, would take at least ${Math.round(expected / 1000)} s`);
      }
    }
    const buildMs = now() - start;
    await index.save(name);
    return { buildMs };
  },

  // Voy reads JSON; says beforehand how long its build takes, from a part.
  async voy({ file, count, dim, limitMs }) {
    const [{ Voy }, items] = [await voy(), await rows(file, dim)];
    const part = Math.min(count, 2000);
    const some = resource(items.slice(0, part));
    const start = now();
    new Voy(some);
    const expected = ((now() - start) / part) * count;
    if (expected > limitMs) throw new Error(`building would take at least ${Math.round(expected / 1000)} s`);
  },
};

async function hnswlib() {
  const module = await import("/npm/hnswlib-wasm/dist/hnswlib.js");
  await module.__tla;
  const library = await module.loadHnswlib();
  await module.syncFileSystem("read");
  return library;
}

async function edgevec() {
  const module = await import("/npm/edgevec/edgevec.js");
  await module.default({ module_or_path: "/npm/edgevec/edgevec_bg.wasm" });
  return module;
}

// Vectors as Voy takes them.
function resource(items) {
  const entry = (item, n) => ({ id: `${n}`, title: "", url: "", embeddings: Array.from(item) });
  return { embeddings: items.map(entry) };
}

// Voy is made for bundlers: this is what they do.
let voyModule;
async function voy() {
  if (!voyModule) {
    voyModule = await import("/npm/voy-search/voy_search_bg.js");
    const { instance } = await WebAssembly.instantiateStreaming(
      fetch("/npm/voy-search/voy_search_bg.wasm"), { "./voy_search_bg.js": voyModule });
    voyModule.__wbg_set_wasm(instance.exports);
  }
  return voyModule;
}

function put(database, store, key, value) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(database);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const transaction = request.result.transaction([store], "readwrite");
      transaction.objectStore(store).put(value, key);
      transaction.onerror = () => reject(transaction.error);
      transaction.oncomplete = () => {
        request.result.close();
        resolve();
      };
    };
  });
}
