// A query string in, a vector out: ours, and transformers.js as its documentation uses CLIP's text model.

import { ourText } from "./encoders.js";
import { inTurn } from "./timing.js";

async function transformers(dtype) {
  const library = await import("/npm/@huggingface/transformers/dist/transformers.min.js");
  const { AutoTokenizer, CLIPTextModelWithProjection, env } = library;
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = "/made/transformers/";
  env.useBrowserCache = false;
  // Its own onnxruntime-web, whose wasm it would fetch from a CDN.
  env.backends.onnx.wasm.wasmPaths = "/ort-of-transformers/";
  env.backends.onnx.wasm.numThreads = 1;
  return { ...library, dtype, CLIPTextModelWithProjection, AutoTokenizer };
}

async function asDocumented(model, dtype) {
  const { AutoTokenizer, CLIPTextModelWithProjection } = await transformers(dtype);
  const start = performance.now();
  const tokenizer = await AutoTokenizer.from_pretrained(model);
  const text_model = await CLIPTextModelWithProjection.from_pretrained(model, { dtype, device: "wasm" });
  const loadMs = performance.now() - start;
  const encode = async (text) => {
    const text_inputs = tokenizer([text], { padding: true, truncation: true });
    const { text_embeds } = await text_model(text_inputs);
    return text_embeds.data;
  };
  const tokens = (text) => Array.from(tokenizer([text], { padding: true, truncation: true }).input_ids.data, Number);
  return { encode, tokens, loadMs };
}

async function open({ build, folder, model, dtype }) {
  if (!build) return asDocumented(model, dtype);
  const text = await ourText(build, folder);
  const tokens = (words) => [...text.tokenize(words)];
  return { loadMs: text.loadMs, tokens, encode: (words) => text.encodeWords(words) };
}

// What each contestant makes of each query: `{ name: [{ tokens, vector }, ...] }`.
export async function answers(contestant, queries) {
  const text = await open(contestant);
  const found = [];
  for (const query of queries) found.push({ tokens: text.tokens(query), vector: [...(await text.encode(query))] });
  return found;
}

// `{ name: [ms a query, ...] }`; a sample is all queries, one after the other.
export async function measure(contestants, queries, options) {
  const texts = {};
  for (const [name, contestant] of Object.entries(contestants)) texts[name] = await open(contestant);
  const all = (name) => async () => {
    for (const query of queries) await texts[name].encode(query);
  };
  const samples = await inTurn(Object.fromEntries(Object.keys(texts).map((name) => [name, all(name)])), options);
  const each = (taken) => taken.map((ms) => ms / queries.length);
  return Object.fromEntries(Object.entries(samples).map(([name, taken]) => [name, each(taken)]));
}
