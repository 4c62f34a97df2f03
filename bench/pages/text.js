// The text encoders: what they give, how long they take, what they load.

import { onnxText, ourText, engine } from "./encoders.js";
import { inTurn, now } from "./timing.js";

const open = ({ build, folder, candle, url }) => (build ? ourText(build, folder, candle) : onnxText(url));

// Tokens of each text, by our tokenizer; both sides get these.
export async function tokens(contestant, texts) {
  const text = await open(contestant);
  return texts.map((words) => [...text.tokenize(words)]);
}

// The vectors of token lists.
export async function vectors(contestant, lists) {
  const text = await open(contestant);
  const found = [];
  for (const list of lists) found.push([...(await text.encode(Uint32Array.from(list)))]);
  return found;
}

// What one contestant costs on a page of its own, after the longest text.
export async function cost(contestant, longest) {
  const text = await open(contestant);
  await text.encode(Uint32Array.from(longest));
  return { loadMs: text.loadMs, fileBytes: text.bytes, wasmBytes: window.wasmBytes() };
}

// `{ length: { name: [ms, ...] } }` for all contestants in turn; `lists` is `{ length: tokens }`.
export async function measure(contestants, lists, options) {
  const texts = {};
  for (const [name, contestant] of Object.entries(contestants)) texts[name] = await open(contestant);
  const samples = {};
  for (const [length, list] of Object.entries(lists)) {
    const tokens = Uint32Array.from(list);
    const work = Object.fromEntries(Object.keys(texts).map((name) => [name, () => texts[name].encode(tokens)]));
    samples[length] = await inTurn(work, options);
  }
  return samples;
}

// Billions of 8-bit multiplications a second in a bare loop; several samples.
export async function peak(build) {
  const { peak } = await engine(build);
  const each = 2 * 4 * 1024, turns = 20000;
  // Until the browser has compiled it as well as it can.
  for (const start = now(); now() - start < 1000; ) peak(turns);
  return Array.from({ length: 99 }, () => {
    const start = now();
    peak(turns);
    return (each * turns) / (now() - start) / 1e6;
  });
}
