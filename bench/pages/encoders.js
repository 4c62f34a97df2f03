// The contestants that encode: ours in two builds, candle on the same files, and onnxruntime-web on the same weights.

import { fetchBytes } from "./timing.js";

// Our engine, of the build in `/wasm-simd128` or `/wasm-relaxed`.
export async function engine(build) {
  const module = await import(`/${build}/engine.js`);
  await module.default({ module_or_path: `/${build}/engine_bg.wasm` });
  return module;
}

// `{ encode(tokens) -> Float32Array, tokenize(text) -> tokens, loadMs, bytes }` of our text encoder, or of candle's in the same
// module, which is given tokens only. The bytes are fetched before the clock starts: the network is no part of the comparison.
export async function ourText(build, folder, candle = false) {
  const [config, gguf, vocabulary] = await Promise.all(
    ["model.json", "text.gguf", "vocabulary.txt"].map((name) => fetchBytes(`${folder}/${name}`)));
  const { Text: Ours, CandleText } = await engine(build);
  const Text = candle ? CandleText : Ours;
  const start = performance.now();
  const text = new Text(config, gguf, vocabulary);
  const loadMs = performance.now() - start;
  return {
    loadMs, bytes: gguf.length,
    tokenize: (words) => text.tokenize(words),
    encode: (tokens) => text.encode_tokens(tokens),
    encodeWords: (words) => text.encode(words),
  };
}

// onnxruntime-web on one thread, its wasm execution provider.
export async function onnxruntime() {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = "/npm/onnxruntime-web/dist/";
  return ort;
}

async function onnxSession(url) {
  const ort = await onnxruntime();
  const bytes = await fetchBytes(url);
  // Its own wasm is fetched and compiled with the first session, which here has next to nothing to read.
  await ort.InferenceSession.create(await fetchBytes("/made/onnx/empty.onnx"), { executionProviders: ["wasm"] });
  const start = performance.now();
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return { ort, session, loadMs: performance.now() - start, bytes: bytes.length };
}

export async function onnxText(url) {
  const { ort, session, loadMs, bytes } = await onnxSession(url);
  const encode = async (tokens) => {
    const ids = new ort.Tensor("int64", BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
    return (await session.run({ input_ids: ids })).text_embeds.data;
  };
  return { loadMs, bytes, encode };
}

export async function ourImage(build, folder, candle = false) {
  const [config, gguf] = await Promise.all(
    ["model.json", "image.gguf"].map((name) => fetchBytes(`${folder}/${name}`)));
  const { Image: Ours, CandleImage } = await engine(build);
  const Image = candle ? CandleImage : Ours;
  const start = performance.now();
  const image = new Image(config, gguf);
  return {
    loadMs: performance.now() - start, bytes: gguf.length,
    prepare: (file) => image.prepare(file),
    encode: (pixels) => image.encode(pixels),
  };
}

// `encode` takes `(3, side, side)` numbers.
export async function onnxImage(url, side) {
  const { ort, session, loadMs, bytes } = await onnxSession(url);
  const encode = async (values) => {
    const pixels = new ort.Tensor("float32", values, [1, 3, side, side]);
    return (await session.run({ pixel_values: pixels })).image_embeds.data;
  };
  return { loadMs, bytes, encode };
}
