// Runs in the demo's own page: when it was usable, when it showed results, and how long a query takes to pixels.

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
// The page is drawn when the frame after the next begins.
const drawn = async () => (await frame(), await frame());
const status = () => document.querySelector("[data-testid=status]")?.innerText ?? "";

async function until(holds, what) {
  const start = performance.now();
  while (!holds()) {
    if (document.body.dataset.state === "failed") throw new Error(`the page failed: ${document.body.innerText}`);
    if (performance.now() - start > 60_000) throw new Error(`waited in vain until ${what}`);
    await frame();
  }
}

const span = (name) => performance.getEntriesByName(name)[0];
const end = (name) => span(name).startTime + span(name).duration;

// Milliseconds from the navigation's start until a search was possible and, with a query in the link, until its
// results were there; and those that the engine took from the call to readiness, downloads included.
export async function visit() {
  await until(() => span("clip-rs:ready"), "the engine was ready");
  const times = { usable: end("clip-rs:ready"), engine: span("clip-rs:ready").duration };
  if (location.hash.includes("q=")) {
    await until(() => span("clip-rs:search"), "there were results");
    times.results = end("clip-rs:search");
  }
  return times;
}

// Milliseconds from Enter until the results of each query were drawn, the first one with its picture if there are pictures.
export async function queries(words, hasPictures = true) {
  const box = document.querySelector("[data-testid=search-input]");
  const times = [];
  for (const query of words) {
    box.value = query;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    const start = performance.now();
    box.form.requestSubmit();
    const answered = () => /^\S.* (for|like) “/.test(status()) && status().endsWith(`“${query}”`);
    await until(answered, `there were results for ${query}`);
    // Where nothing is likely, what comes nearest is shown when it is asked for.
    document.querySelector("[data-testid=show-nearest]")?.click();
    const first = hasPictures ? "[data-testid=result] img" : "[data-testid=result]";
    const isThere = () => document.querySelector(first) && document.querySelector(first).complete !== false;
    await until(isThere, `${query} had a result to be seen`);
    await drawn();
    times.push(performance.now() - start);
  }
  return times;
}

// Milliseconds until how well every place fits the last query was painted on the map.
export async function layer() {
  const start = performance.now();
  document.querySelector("[data-testid=layer]").click();
  const counts = () => document.querySelector("[data-testid=layer-counts]")?.textContent ?? "";
  await until(() => counts().includes("painted"), "the layer was painted");
  await drawn();
  return performance.now() - start;
}
