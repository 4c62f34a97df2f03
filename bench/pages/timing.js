// Contestants in turn, A B A B ..., so that a disturbance of the machine meets all of them alike.

export const now = () => performance.now();

export async function fetchBytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

// Milliseconds of each contestant: `{ name: [ms, ...] }`. `contestants` is `{ name: work }`; each sample is the mean
// of as many calls as take about `sampleMs`, at least one. Ends after `rounds` rounds or `limitMs`.
export async function inTurn(contestants, { rounds = 15, sampleMs = 4, limitMs = 20000, least = 3 } = {}) {
  const names = Object.keys(contestants);
  const calls = {}, samples = {};
  for (const name of names) {
    // Twice for the compiler, once to know how long it takes.
    await contestants[name]();
    await contestants[name]();
    const start = now();
    await contestants[name]();
    calls[name] = Math.max(1, Math.min(1000, Math.round(sampleMs / Math.max(now() - start, 0.001))));
    samples[name] = [];
  }
  const begin = now();
  for (let round = 0; round < rounds && (round < least || now() - begin < limitMs); round++) {
    for (const name of names) {
      const start = now();
      for (let call = 0; call < calls[name]; call++) await contestants[name]();
      samples[name].push((now() - start) / calls[name]);
    }
  }
  return samples;
}

export function cosine(a, b) {
  let product = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return product / Math.sqrt(aa * bb);
}
