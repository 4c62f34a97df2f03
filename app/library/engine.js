// A worker of CLIP-RS and what is said to it (app/src/protocol.rs, app/src/protocol/explore.rs): calls become promises, and a worker
// that breaks fails all that wait for it.

// Version of the protocol.
const VERSION = 7;
// How long a worker's program may take to arrive and start, milliseconds.
const GREETING_MS = 120000;

// A module with one function, `() -> v128`, made of `i32x4.relaxed_dot_i8x16_i7x16_add_s`, as in app/boot.js: a browser without
// relaxed SIMD refuses it, as it would refuse the whole build of the worker that uses such instructions.
const RELAXED = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x13, 0x01, 0x11, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x11],
  ...[0xfd, 0x93, 0x02, 0x0b],
);

/** What went wrong. `kind` says what can be done about it, `file` which file it is about, `message` is a sentence for people. */
export class ClipRsError extends Error {
  constructor(kind, message, file = null) {
    super(message);
    this.name = "ClipRsError";
    this.kind = kind;
    this.file = file;
  }
}

/** `promise`, rejected with the signal's reason as soon as that is aborted. */
export function abortable(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** The text at `url`; `name` is what it is called in errors. */
export async function text(url, name, { signal, cache = "no-cache" } = {}) {
  let response;
  try {
    response = await fetch(url, { signal, cache });
    if (response.ok) return await response.text();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const why = `${name} could not be fetched from ${url} (${error.message}). The server may be down or not let this site read it`;
    throw new ClipRsError("network", `${why}, or this site's policy forbids it; the browser's console says which.`, name);
  }
  const kind = response.status === 404 || response.status === 410 ? "missing" : "network";
  throw new ClipRsError(kind, `There is no ${name} at ${url}: the server answered ${response.status}.`, name);
}

/**
 * The workers' start scripts, absolute addresses by name, of the builds that suit this browser; `general` is of one program that is
 * either worker, for models that the others do not know. `assets` is where engine.json is.
 */
export async function scripts(assets, signal) {
  if (typeof WebAssembly !== "object") {
    throw new ClipRsError("version", "This browser cannot run WebAssembly, which the search engine is made of.");
  }
  const url = new URL("engine.json", assets);
  const listed = await text(url, "engine.json", { signal });
  let names;
  try {
    names = JSON.parse(listed);
  } catch {
    const why = `${url} is no list of the engine's files: \`assets\` has to be the folder \`library/\` of a CLIP-RS page`;
    throw new ClipRsError("damaged", `${why}.`, "engine.json");
  }
  const search = WebAssembly.validate(RELAXED) ? names.relaxed : names.worker;
  const starts = { search, explorer: names.explorer, general: names.general };
  return Object.fromEntries(Object.entries(starts).map(([name, script]) => [name, script && new URL(script, url).href]));
}

/** A worker that was started. */
export class Engine {
  #worker;
  #blob = null;
  #calls = new Map();
  #last = 0;
  #greeting;
  #patience;
  /** Why it answers no more; null while it does. */
  dead = null;

  /** Starts the script at this absolute address as the worker of this name; `tell` hears how far the loading of files is. */
  constructor(script, name, tell) {
    this.tell = tell;
    /** Fulfilled when it listens. */
    this.greeted = new Promise((resolve, reject) => (this.#greeting = { resolve, reject }));
    // Whoever asks hears of it.
    this.greeted.catch(() => {});
    this.#patience = setTimeout(() => this.#die("it did not start in two minutes"), GREETING_MS);
    try {
      this.#worker = this.#start(script, name);
    } catch (error) {
      this.#die(error.message);
      return;
    }
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onmessageerror = () => this.#die("a message could not be read");
    // A script that cannot be loaded gives a plain event without a message.
    this.#worker.onerror = (event) => this.#die(event.message || `${script} could not be started`);
  }

  // A worker of another origin may not be started as such, but a script of this one may import it.
  #start(script, name) {
    const settings = { type: "module", name };
    if (new URL(script).origin === globalThis.location?.origin) return new Worker(script, settings);
    const died = `postMessage(JSON.stringify({ type: "died", reason: String(error?.message ?? error) }))`;
    const source = `import(${JSON.stringify(script)}).catch((error) => ${died});`;
    this.#blob = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return new Worker(this.#blob, settings);
  }

  /** The answer to `request`, with which `bytes` go, as `{ answer, bytes }`. */
  ask(request, bytes = null) {
    if (this.dead) return Promise.reject(this.dead);
    const id = ++this.#last;
    const call = JSON.stringify({ id, request });
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      if (bytes) this.#worker.postMessage([call, bytes], [bytes.buffer]);
      else this.#worker.postMessage(call);
    });
  }

  /** Ends it; what waits for it is told `error`. */
  end(error) {
    if (this.dead) return;
    this.dead = error;
    clearTimeout(this.#patience);
    this.#worker?.terminate();
    this.#forget();
    this.#greeting.reject(error);
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }

  #die(reason) {
    const why = String(reason).replace(/\.$/, "");
    this.end(new ClipRsError("worker", `The search engine stopped working: ${why}.`));
  }

  #forget() {
    if (this.#blob) URL.revokeObjectURL(this.#blob);
    this.#blob = null;
  }

  #hear(data) {
    const [said, bytes] = typeof data === "string" ? [data, null] : data;
    const message = JSON.parse(said);
    if (message.type === "hello") this.#greet(message.version);
    else if (message.type === "progress") this.tell(message);
    else if (message.type === "died") this.#die(message.reason);
    else if (message.type === "answer") this.#answer(message, bytes);
  }

  #greet(version) {
    clearTimeout(this.#patience);
    this.#forget();
    if (version === VERSION) return this.#greeting.resolve();
    const why = `clip-rs.js speaks version ${VERSION} of its protocol, and the engine ${version}`;
    this.end(new ClipRsError("version", `${why}: take both from the same release.`));
  }

  #answer({ id, outcome: { ok, error } }, bytes) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (!call) return;
    if (error) call.reject(new ClipRsError(error.kind, error.message, error.file));
    else call.resolve({ answer: ok, bytes: bytes ?? new Uint8Array() });
  }
}
