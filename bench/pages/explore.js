// All items of an area at once: the score of each, a concept that marks teach, groups.

import { engine, onnxruntime } from "./encoders.js";
import { rows } from "./nearest.js";
import { fetchBytes, inTurn, now } from "./timing.js";

const floats = (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

// Unmarked items that are told to a regression as no; as many as ours takes.
const BACKGROUND = 200;

const row = (items, n, dim) => items.subarray(n * dim, (n + 1) * dim);

async function area({ build, index }) {
  const [bytes, { Area }] = [await fetchBytes(index), await engine(build)];
  return new Area(bytes);
}

// Packages that are made for bundlers, as harness/bundle.py has bundled them.
const mljs = () => import("/made/bundles/mljs.js");

// What one would write without a library.
function products(items, query) {
  const dim = query.length, scores = new Float32Array(items.length / dim);
  for (let n = 0, at = 0; n < scores.length; n++, at += dim) {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += query[i] * items[at + i];
    scores[n] = sum;
  }
  return scores;
}

// Ordinals of the `k` best, best first.
function best(scores, k) {
  const least = scores.slice().sort()[Math.max(0, scores.length - k)];
  const found = [];
  for (let n = 0; n < scores.length; n++) if (scores[n] >= least) found.push(n);
  return found.sort((a, b) => scores[b] - scores[a]).slice(0, k);
}

// Each opener returns `query => scores`.
const scorers = {
  async ours(contestant) {
    const ours = await area(contestant);
    return (query) => ours.layer(query);
  },
  async loop({ items }) {
    const all = floats(await fetchBytes(items));
    return (query) => products(all, query);
  },
  async onnx({ url }) {
    const ort = await onnxruntime();
    const session = await ort.InferenceSession.create(await fetchBytes(url), { executionProviders: ["wasm"] });
    const tensor = (query) => new ort.Tensor("float32", query, [1, query.length]);
    return async (query) => (await session.run({ query: tensor(query) })).scores.data;
  },
};

// Each opener returns `marks => ordinals` of the `k` items that are the likeliest to show what the marks teach.
const learners = {
  async ours(contestant) {
    const ours = await area(contestant);
    return ({ yes, no, query, k }) => ours.rerank(ours.learn(yes, no, query), k);
  },
  // The same, with how good the concept is and what to mark next. All directions take as long to be ranked by.
  async advised(contestant) {
    const ours = await area(contestant);
    return ({ yes, no, query, k }) => {
      ours.advise(yes, no, query, 3);
      return ours.rerank(query, k);
    };
  },
  async logistic({ items, rate, steps }) {
    const [{ LogisticRegression, Matrix }, all] = [await mljs(), floats(await fetchBytes(items))];
    return ({ yes, no, query: { length: dim }, k }) => {
      const marked = new Set([...yes, ...no]), step = all.length / dim / BACKGROUND;
      const rest = Array.from({ length: BACKGROUND }, (_, at) => at * step).filter((n) => !marked.has(n));
      const samples = [...marked, ...rest];
      // It has no constant term, so that is one component more.
      const features = new Matrix(samples.map((n) => [...row(all, n, dim), 1]));
      const regression = new LogisticRegression({ numSteps: steps, learningRate: rate });
      regression.train(features, Matrix.columnVector(samples.map((_, at) => (at < yes.length ? 1 : 0))));
      return best(products(all, regression.weights.getRow(0).slice(0, dim)), k);
    };
  },
};

// Each opener returns `count => centroids` of items of `dim` components, one after the other.
const groupers = {
  async ours(contestant) {
    const ours = await area(contestant);
    return (count) => ours.clusters(count);
  },
  // Of every `each`-th item alone if it is said; the others then join the nearest.
  async kmeans({ items, iterations, each }, dim) {
    const [{ kmeans }, all] = [await mljs(), floats(await fetchBytes(items))];
    const some = Array.from({ length: Math.ceil(all.length / dim / each) }, (_, n) => row(all, n * each, dim));
    return (count) => {
      const { centroids } = kmeans(some, count, { maxIterations: iterations, seed: 1 });
      const found = Float32Array.from(centroids.flat());
      if (each > 1) nearest(all, found, dim);
      return found;
    };
  },
};

// For each item the place of the nearest centroid.
function nearest(items, centroids, dim) {
  const count = centroids.length / dim, labels = new Uint8Array(items.length / dim);
  for (let n = 0; n < labels.length; n++) {
    let least = Infinity;
    for (let c = 0; c < count; c++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += (items[n * dim + i] - centroids[c * dim + i]) ** 2;
      if (sum < least) [least, labels[n]] = [sum, c];
    }
  }
  return labels;
}

// The sum of the squared distances of all items to the mean of their group.
function squares(items, labels, dim) {
  const means = new Float64Array(256 * dim), sizes = new Uint32Array(256);
  labels.forEach((label, n) => {
    sizes[label]++;
    for (let i = 0; i < dim; i++) means[label * dim + i] += items[n * dim + i];
  });
  let sum = 0;
  labels.forEach((label, n) => {
    for (let i = 0; i < dim; i++) sum += (items[n * dim + i] - means[label * dim + i] / sizes[label]) ** 2;
  });
  return sum;
}

async function opened(openers, contestants) {
  const all = {};
  for (const [name, contestant] of Object.entries(contestants)) all[name] = await openers[contestant.kind](contestant);
  return all;
}

// The largest difference of each contestant's scores to the first one's: `{ name: number }`.
export async function apart(contestants, queriesUrl, dim, most) {
  const queries = (await rows(queriesUrl, dim)).slice(0, most);
  const [[, reference], ...others] = Object.entries(await opened(scorers, contestants));
  const differences = Object.fromEntries(others.map(([name]) => [name, 0]));
  for (const query of queries) {
    const expected = (await reference(query)).slice();
    for (const [name, score] of others) {
      const scores = await score(query);
      if (scores.length !== expected.length) throw new Error(`${name} gives ${scores.length} scores`);
      // A comparison that NaN fails.
      for (let n = 0; n < expected.length; n++) {
        const difference = Math.abs(scores[n] - expected[n]);
        if (!(difference <= differences[name])) differences[name] = difference;
      }
    }
  }
  return differences;
}

// `{ name: [ms, ...] }` of the scores of all items, a query after the other.
export async function layers(contestants, queriesUrl, dim, options) {
  const queries = await rows(queriesUrl, dim);
  const work = ([name, score]) => {
    let at = 0;
    return [name, () => score(queries[at++ % queries.length])];
  };
  return inTurn(Object.fromEntries(Object.entries(await opened(scorers, contestants)).map(work)), options);
}

const typed = ({ yes, no, query, k }) =>
  ({ yes: Uint32Array.from(yes), no: Uint32Array.from(no), query: Float32Array.from(query), k });

// Ordinals that each contestant finds: `{ name: [ordinal, ...] }`.
export async function concepts(contestants, marks) {
  const all = Object.entries(await opened(learners, contestants));
  return Object.fromEntries(all.map(([name, learn]) => [name, [...learn(typed(marks))]]));
}

// `{ name: [ms, ...] }` of learning and finding.
export async function learning(contestants, marks, options) {
  const all = Object.entries(await opened(learners, contestants));
  return inTurn(Object.fromEntries(all.map(([name, learn]) => [name, () => learn(typed(marks))])), options);
}

// One contestant's groups, found once: how long that took, how many there are, and how far their items lie apart.
export async function groups(contestant, itemsUrl, dim, count) {
  const find = await groupers[contestant.kind](contestant, dim);
  const start = now();
  const centroids = find(count);
  const ms = now() - start;
  const items = floats(await fetchBytes(itemsUrl));
  return { ms, count: centroids.length / dim, squares: squares(items, nearest(items, centroids, dim), dim) };
}
