// The image encoders: what they give and how long they take.

import { onnxImage, ourImage } from "./encoders.js";
import { fetchBytes, inTurn } from "./timing.js";

// Channels last, as we have them, to channels first, as ONNX graphs have them.
function channelsFirst(values) {
  const plane = values.length / 3, turned = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) turned[(i % 3) * plane + Math.floor(i / 3)] = values[i];
  return turned;
}

// Each contestant's `encode` of pictures prepared once, by ours, so that all see the same numbers.
async function open(contestants, side, files) {
  const preparing = await ourImage("wasm-simd128", "/model");
  const bytes = await Promise.all(files.map((file) => fetchBytes(`/pictures/${file}`)));
  const values = bytes.map((file) => channelsFirst(preparing.prepare(file).values()));
  const encoders = {};
  for (const [name, { build, candle, url }] of Object.entries(contestants)) {
    if (build) {
      const image = await ourImage(build, "/model", candle);
      const prepared = bytes.map((file) => image.prepare(file));
      encoders[name] = (n) => image.encode(prepared[n]);
    } else {
      const image = await onnxImage(url, side);
      encoders[name] = (n) => image.encode(values[n]);
    }
  }
  return { encoders, values };
}

// `{ name: [vector, ...] }`, and under "pixels" what they were computed from.
export async function vectors(contestants, side, files) {
  const { encoders, values } = await open(contestants, side, files);
  const found = { pixels: values.map((one) => [...one]) };
  for (const name of Object.keys(encoders)) {
    found[name] = [];
    for (let n = 0; n < files.length; n++) found[name].push([...(await encoders[name](n))]);
  }
  return found;
}

// `{ name: [ms a picture, ...] }`
export async function measure(contestants, side, files, options) {
  const { encoders } = await open(contestants, side, files);
  let at = 0;
  const next = (encode) => () => encode(at++ % files.length);
  const work = Object.fromEntries(Object.entries(encoders).map(([name, encode]) => [name, next(encode)]));
  return inTurn(work, options);
}

// What one contestant costs on a page of its own, after one picture.
export async function cost({ build, candle, url }, side, file) {
  const image = build ? await ourImage(build, "/model", candle) : await onnxImage(url, side);
  await image.encode(build ? image.prepare(await fetchBytes(`/pictures/${file}`)) : new Float32Array(3 * side * side));
  return { loadMs: image.loadMs, wasmBytes: window.wasmBytes() };
}
