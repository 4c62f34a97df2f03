// The part of the service worker that is about catalogs: what was seen or saved of them is there without the network.
// sw.js, which Workbox makes (xtask/service_worker.mjs), imports this and asks it about requests that are none of the page's
// own files.
//
// Caches: `clip-rs-saved:<address of a catalog's folder>` holds a catalog that a person saved; the page's keeper alone writes it.
// `clip-rs-seen` holds what went by: the last catalog.json of each catalog, the page's last catalogs.json, and files named by
// their content, of which the oldest go when there are too many.
//
// The page says { type: "keep", urls: [...] } of files that it loaded before this was there. It is told
// { type: "catalog", url, from: "network" | "saved" | "seen", date } each time that it asks for a catalog.json.
{
  const SAVED = "clip-rs-saved:";
  const SEEN = "clip-rs-seen";
  // How long the network may take to begin an answer before the copy is used, milliseconds.
  const PATIENCE_MS = 6000;
  // Bounds of what was seen.
  const MOST_FILES = 4000;
  const MOST_BYTES = 256 << 20;
  // Where a server does not say how long a file is.
  const TYPICAL_BYTES = 64 << 10;
  // The bounds are looked after once in so many files; in between there may be so many more.
  const LOOK_EVERY = 64;
  // A part of a path that is a content hash, as xtask/src/policy.rs tells them.
  const HASH = /(^|[^0-9A-Za-z])[0-9a-f]{15,}([^0-9A-Za-z]|$)/;
  // Only addresses count, not what a server made of one request's headers.
  const MATCH = { ignoreVary: true };
  // The page asks so when what it got was damaged.
  const passesCaches = (request) => ["reload", "no-cache", "no-store"].includes(request.cache);
  // A whole answer, and no page in the place of a file: some hosts send one for whatever they do not have.
  const isFile = (answer) =>
    answer.status === 200 && answer.type !== "opaque" && !/^text\/html\b/i.test(answer.headers.get("content-type") ?? "");

  // The copy of a file with where it is from: saved comes before seen.
  const copyOf = async (url) => {
    const saved = (await caches.keys()).filter((name) => name.startsWith(SAVED) && url.startsWith(name.slice(SAVED.length)));
    for (const [cacheName, from] of [...saved.map((name) => [name, "saved"]), [SEEN, "seen"]]) {
      const answer = await caches.match(url, { ...MATCH, cacheName });
      if (answer) return { answer, from };
    }
    return null;
  };

  let kept = 0;
  const keep = async (url, answer) => {
    // A full disk, or one that may not be used, is no error: the answer itself is there.
    try {
      const seen = await caches.open(SEEN);
      await seen.put(url, answer);
      if (kept++ % LOOK_EVERY === 0) await dropOldest(seen);
    } catch {}
  };
  const dropOldest = async (seen) => {
    // Both in the order in which they were put.
    const [requests, answers] = await Promise.all([seen.keys(), seen.matchAll()]);
    let [files, bytes] = [0, 0];
    for (let i = requests.length - 1; i >= 0; i--) {
      // Without the list of its files no file of a catalog is of use, nor most catalogs without the list that allows them.
      if (isCatalog(new URL(requests[i].url))) continue;
      files += 1;
      bytes += Number(answers[i]?.headers.get("content-length") ?? TYPICAL_BYTES);
      if (files > MOST_FILES || bytes > MOST_BYTES) await seen.delete(requests[i], MATCH);
    }
  };

  const isNamedByContent = (request, url) => HASH.test(url.pathname);
  // The list of catalogs beside the page is as small and as changeable as a catalog.json.
  const isCatalog = (url) => /\/catalogs?\.json$/.test(url.pathname);

  // Whether the keeper asks, the worker that saves catalogs: what it fetches it keeps itself.
  const isForKeeping = async (event) => (await clients.get(event.clientId))?.url.endsWith("/keeper_loader.js") ?? false;
  const keepUnlessKept = async (event, url, answer) => (await isForKeeping(event)) || keep(url, answer);

  // The part of a copy that is asked for, as a server gives it; the whole where that is no plain range.
  const partOf = async (answer, range) => {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    if (first === undefined) return answer;
    const whole = await answer.blob();
    const end = last === "" ? whole.size : Math.min(Number(last) + 1, whole.size);
    if (Number(first) >= end) return new Response(null, { status: 416, headers: { "content-range": `bytes */${whole.size}` } });
    const headers = { "content-range": `bytes ${first}-${end - 1}/${whole.size}`, "content-type": "application/octet-stream" };
    return new Response(whole.slice(Number(first), end), { status: 206, headers });
  };

  // What a name that holds its hash stands for never changes, so a copy is as good as the file.
  const named = async (event, request) => {
    const copy = passesCaches(request) ? null : await copyOf(request.url);
    if (copy) return partOf(copy.answer, request.headers.get("range"));
    const answer = await fetch(request);
    if (isFile(answer)) event.waitUntil(keepUnlessKept(event, request.url, answer.clone()));
    return answer;
  };

  // The newest catalog, else the one that is here.
  const catalog = async (event, request) => {
    const copy = await copyOf(request.url);
    const late = new Promise((_, reject) => copy && setTimeout(reject, PATIENCE_MS, new Error("no answer in time")));
    const control = new AbortController();
    const fetched = fetch(request, { signal: control.signal });
    try {
      const answer = await Promise.race([fetched, late]);
      // A server that is out of order, or the page of a network that wants a login first, is no network.
      if (copy && (answer.status >= 500 || (answer.ok && !isFile(answer)))) throw new Error("no catalog");
      if (isFile(answer)) event.waitUntil(keep(request.url, answer.clone()));
      event.waitUntil(tell(event, request.url, "network", answer));
      return answer;
    } catch (error) {
      // Nobody waits for it any more: a connection that hangs would keep the next from being made.
      fetched.catch(() => {});
      control.abort();
      if (!copy) throw error;
      event.waitUntil(tell(event, request.url, copy.from, copy.answer));
      return copy.answer;
    }
  };

  // Tells the page that asked; all pages where one of their workers did.
  const tell = async (event, url, from, answer) => {
    // Only a catalog says how old what is shown is.
    if (new URL(url).pathname.endsWith("/catalogs.json")) return;
    const said = answer.headers.get("x-clip-rs-saved") ?? answer.headers.get("date");
    const time = new Date(said ?? NaN);
    const date = Number.isNaN(time.getTime()) ? null : time.toISOString();
    const asking = await clients.get(event.clientId);
    const pages = asking?.type === "window" ? [asking] : await clients.matchAll({ type: "window" });
    for (const page of pages) page.postMessage({ type: "catalog", url, from, date });
  };

  // A file that the page loaded before this was there comes from the browser's own cache.
  const keepAll = async (urls) => {
    for (const url of urls) {
      if (await copyOf(url)) continue;
      const answer = await fetch(url, { cache: "force-cache" }).catch(() => null);
      if (answer && isFile(answer)) await keep(url, answer);
    }
  };
  self.addEventListener("message", (event) => {
    if (event.data?.type === "keep") event.waitUntil(keepAll(event.data.urls));
  });

  self.offline = { isNamedByContent, isCatalog, named, catalog };
}
