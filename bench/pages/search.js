// Nearest neighbours: what is found, how long each query takes, what a contestant loads.

import { open, prepare, rows } from "./nearest.js";
import { now } from "./timing.js";

export async function ready(contestant) {
  return prepare[contestant.kind]?.(contestant);
}

// Ordinals that one contestant finds for each query, and what it costs; alone on its page.
export async function alone(contestant, queriesUrl, dim, ks, tunings = [null]) {
  const queries = await rows(queriesUrl, dim);
  const nearest = await open[contestant.kind](contestant);
  const found = tunings.map((tuning) => {
    if (tuning !== null) nearest.tune(tuning);
    return Object.fromEntries(ks.map((k) => [k, queries.map((query) => [...nearest.search(query, k)])]));
  });
  return { found, loadMs: nearest.loadMs, fileBytes: nearest.fileBytes, wasmBytes: window.wasmBytes() };
}

// `{ name: [ms, ...] }`, one number a query: contestants in turn, each with all queries at a time.
export async function measure(contestants, queriesUrl, dim, k, { rounds, limitMs, most }) {
  const queries = (await rows(queriesUrl, dim)).slice(0, most);
  const all = {}, samples = {};
  for (const [name, contestant] of Object.entries(contestants)) {
    all[name] = await open[contestant.kind](contestant);
    samples[name] = [];
  }
  for (const nearest of Object.values(all)) for (const query of queries.slice(0, 5)) nearest.search(query, k);
  const begin = now();
  for (let round = 0; round < rounds && (round < 2 || now() - begin < limitMs); round++) {
    for (const [name, nearest] of Object.entries(all)) {
      for (const query of queries) {
        const start = now();
        nearest.search(query, k);
        samples[name].push(now() - start);
      }
    }
  }
  return samples;
}
