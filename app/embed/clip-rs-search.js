// <clip-rs-search>: the search of a CLIP-RS page as an element of any other page. The page runs in an iframe inside a shadow root,
// so that the host's styles and policy and the page's do not meet; the two talk as PROTOCOL.md says. Plain ES2020, no dependencies.

// Version of the protocol.
const VERSION = 1;
// Height of the frame unless the host says another, and the bounds of any, CSS pixels.
const HEIGHT = 560;
const LEAST_HEIGHT = 240;
const MOST_HEIGHT = 20000;
// How far from the window it is loaded before it is scrolled into it.
const NEAR = "200px";
// How long the page may take from its arrival until it listens, milliseconds.
const PATIENCE_MS = 60000;
// How long a request may take unless the host says another time, seconds.
const TIMEOUT_S = 120;
// Longest message from the page, characters, and largest picture, bytes.
const MOST_TEXT = 4 * 1024 * 1024;
const MOST_PICTURE = 64 * 1024 * 1024;

const STYLE = `
  :host { display: block; height: auto !important; min-height: 0 !important; max-height: none !important; }
  :host([hidden]) { display: none; }
  .box {
    all: initial;
    display: block;
    position: relative;
    width: 100%;
    overflow: hidden;
    visibility: inherit;
    pointer-events: inherit;
    color-scheme: inherit;
    font: 16px/1.5 system-ui, sans-serif;
  }
  iframe { display: block; width: 100%; height: 100%; margin: 0; border: 0; opacity: 0; color-scheme: inherit; }
  .shown iframe { opacity: 1; }
  .words {
    position: absolute;
    inset: 0;
    display: flex;
    align-items: center;
    justify-content: center;
    padding: 16px;
    background: Canvas;
    color: CanvasText;
    text-align: center;
    overflow-wrap: anywhere;
  }
  .shown .words { display: none; }
  .broken .words { display: flex; inset: auto 0 0; border-top: 1px solid currentcolor; }
  .probe { position: absolute; width: 0; height: 0; visibility: hidden; }
`;

/** What went wrong. `kind` says what can be done about it, `message` is a sentence for people. */
export class ClipRsError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = "ClipRsError";
    this.kind = kind;
  }
}

/** What an element does inside, out of the host's reach. */
class Inside {
  constructor(element) {
    this.element = element;
    this.frame = null;
    this.port = null;
    this.page = null;
    this.started = false;
    this.calls = new Map();
    this.last = 0;
    this.looks = "";
    const make = (name, of) => {
      const made = document.createElement(name);
      made.className = of;
      return made;
    };
    const root = element.attachShadow({ mode: "open" });
    // Set by script, so that a host without inline styles in its policy needs no exception.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.box = make("div", "box");
    this.words = make("div", "words");
    this.words.setAttribute("role", "status");
    this.probe = make("span", "probe");
    this.wait("Loading the search …");
    this.box.append(this.words, this.probe);
    root.append(this.box);
    this.seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.start(), {
      rootMargin: NEAR,
    });
    this.heard = (event) => this.hear(event);
    this.restyled = () => this.restyle();
    this.dark = matchMedia("(prefers-color-scheme: dark)");
  }

  // What is shown until the page is there; the host's own words, if it has put any into the element.
  wait(words) {
    const slot = document.createElement("slot");
    slot.textContent = words;
    this.words.replaceChildren(slot);
    this.box.classList.remove("shown", "broken");
  }

  // In the host's page from now on.
  enter() {
    this.resize();
    this.seen.observe(this.element);
    this.dark.addEventListener("change", this.restyled);
  }

  // No longer in the host's page.
  leave() {
    this.seen.disconnect();
    this.dark.removeEventListener("change", this.restyled);
    this.stop("The element was taken out of the page.");
    this.wait("Loading the search …");
  }

  // Loads the page, unless that was done.
  start() {
    if (this.frame || !this.element.isConnected) return;
    this.started = true;
    this.seen.disconnect();
    let address;
    try {
      address = this.address();
    } catch (error) {
      return this.fail(error);
    }
    this.page = new URL(address);
    addEventListener("message", this.heard);
    const frame = document.createElement("iframe");
    frame.title = this.element.getAttribute("aria-label") || "Search of aerial imagery";
    frame.referrerPolicy = "no-referrer";
    const location = this.element.allowLocation ? "; geolocation" : "";
    frame.allow = `clipboard-write; fullscreen${location}`;
    frame.src = address;
    // A server that does not let this site frame it answers, too.
    frame.addEventListener("load", () => this.expect());
    this.frame = frame;
    this.box.prepend(frame);
  }

  // Ends what goes on, and says to all who wait why.
  stop(why) {
    removeEventListener("message", this.heard);
    clearTimeout(this.patience);
    this.hangUp(why, () => true);
    if (this.frame) this.frame.remove();
    this.frame = null;
    this.page = null;
    this.started = false;
  }

  // Loads the page anew, as other attributes say.
  restart() {
    if (!this.started) return;
    this.stop("The element was given another page to show.");
    this.wait("Loading the search …");
    this.start();
  }

  // Where the page is, with what it is to show in the fragment, which browsers send to nobody.
  address() {
    const { page, catalog, query, view } = this.element;
    const url = new URL(page || "../", page ? document.baseURI : import.meta.url);
    if (!/^https?:$/.test(url.protocol)) {
      throw new ClipRsError("request", `The page of <clip-rs-search> has to be an http or https address, and ${url} is none.`);
    }
    if (catalog) url.searchParams.set("catalog", this.catalog(url));
    const shown = [];
    if (query) shown.push(`q=${encodeURIComponent(query)}`);
    if (view) shown.push(`map=${encodeURIComponent(view)}`);
    url.hash = shown.join("&");
    return url.href;
  }

  // The catalog's `catalog.json`, seen from the page.
  catalog(page) {
    const { catalog } = this.element;
    if (!catalog) return null;
    return new URL(catalog.endsWith(".json") ? catalog : `${catalog.replace(/\/$/, "")}/catalog.json`, page).href;
  }

  // Something was loaded: it should soon say that it is our page.
  expect() {
    clearTimeout(this.patience);
    if (this.port) return;
    const { origin, href } = this.page;
    this.patience = setTimeout(() => {
      this.fail(
        new ClipRsError(
          "unreachable",
          `The search at ${href.split("#")[0]} did not start. It may be down, or its server does not let pages of ${window.origin} frame it` +
            ` (clip-rs-server --embed-from). This page's own policy has to allow frames of ${origin}.`,
        ),
      );
    }, PATIENCE_MS);
  }

  // A message to this window: only the page's word that it listens counts, and only from our own frame.
  hear(event) {
    const { data } = event;
    if (!this.frame || event.source !== this.frame.contentWindow || event.origin !== this.page.origin) return;
    if (typeof data !== "object" || data === null || data.type !== "listening" || data.clipRs === undefined) return;
    clearTimeout(this.patience);
    if (data.clipRs !== VERSION) {
      const theirs = String(data.clipRs).slice(0, 20);
      const message = `The page speaks version ${theirs} of the protocol, this script version ${VERSION}: load the script from the page's own folder embed/.`;
      return this.fail(new ClipRsError("version", message));
    }
    // What the page before was asked it will not answer.
    this.hangUp("The search was loaded anew.", (call) => call.sent);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (message) => this.read(message.data);
    this.port = port1;
    const looks = this.wanted();
    this.looks = JSON.stringify(looks);
    const hello = { clipRs: VERSION, type: "hello", catalog: this.catalog(this.page), gestures: "cooperative", looks };
    this.frame.contentWindow.postMessage(hello, this.page.origin, [port2]);
  }

  // A message of the page, on the port that nobody else has.
  read(text) {
    if (typeof text !== "string" || text.length > MOST_TEXT) return;
    let said;
    try {
      said = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof said !== "object" || said === null) return;
    if (typeof said.id === "number") return this.answered(said);
    const { type, ...detail } = said;
    if (type === "welcome") {
      this.box.classList.remove("broken");
      this.box.classList.add("shown");
      this.welcome = true;
      for (const call of this.calls.values()) this.send(call);
    } else if (type === "height" && this.element.height === "auto") {
      this.content = Number(detail.pixels);
      this.resize();
    } else if (type === "error") {
      const error = new ClipRsError(String(detail.kind), String(detail.message));
      // Without a welcome there will be none.
      if (this.welcome) this.tell("error", error);
      else this.fail(error);
    } else if (type === "ready" || type === "results" || type === "select") {
      this.tell(type, detail);
    }
  }

  answered(said) {
    const call = this.calls.get(said.id);
    if (!call) return;
    this.calls.delete(said.id);
    clearTimeout(call.timer);
    if (said.error) call.reject(new ClipRsError(String(said.error.kind), String(said.error.message)));
    else call.resolve(said.ok);
  }

  // Asks the page, now or as soon as it listens. A promise of what it answers.
  ask(request, picture) {
    return new Promise((resolve, reject) => {
      if (!this.element.isConnected) {
        return reject(new ClipRsError("gone", "The element is not in a page: nothing can be asked of it."));
      }
      const call = { id: ++this.last, request, picture, resolve, reject, sent: false };
      const seconds = this.element.timeout;
      const late = () => {
        this.calls.delete(call.id);
        reject(new ClipRsError("timeout", `The search did not answer within ${seconds} seconds.`));
      };
      call.timer = setTimeout(late, seconds * 1000);
      this.calls.set(call.id, call);
      if (this.welcome) this.send(call);
      else this.start();
    });
  }

  send(call) {
    call.sent = true;
    const text = JSON.stringify({ id: call.id, ...call.request });
    this.port.postMessage(call.picture ? [text, call.picture] : text);
  }

  // Ends the conversation, and those of its calls that are meant.
  hangUp(why, meant) {
    if (this.port) this.port.close();
    this.port = null;
    this.welcome = false;
    for (const [id, call] of this.calls) {
      if (!meant(call)) continue;
      this.calls.delete(id);
      clearTimeout(call.timer);
      call.reject(new ClipRsError("gone", why));
    }
  }

  // Nothing more comes of it: said in place of the page, to the host, and to all who wait.
  fail(error) {
    this.words.textContent = error.message;
    this.box.classList.add("broken");
    this.box.classList.toggle("shown", this.frame !== null);
    for (const call of this.calls.values()) {
      clearTimeout(call.timer);
      call.reject(error);
    }
    this.calls.clear();
    this.tell("error", error);
  }

  tell(type, detail) {
    this.element.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // Does what an attribute asks for; if that fails nobody waits for it but the host's listener.
  follow(request) {
    if (this.frame) this.ask(request).catch((error) => error.kind !== "gone" && this.tell("error", error));
  }

  // The room for the page, which is there before the page is.
  resize() {
    const { height } = this.element;
    const wanted = height === "auto" ? this.content || HEIGHT : parseFloat(height);
    const pixels = Math.min(Math.max(wanted || HEIGHT, LEAST_HEIGHT), MOST_HEIGHT);
    this.box.style.height = `${Math.ceil(pixels)}px`;
  }

  // Tells the page how to look, if that has changed.
  restyle() {
    if (!this.welcome) return;
    const looks = this.wanted();
    const text = JSON.stringify(looks);
    if (text === this.looks) return;
    this.looks = text;
    this.follow({ type: "setLooks", looks });
  }

  // How the page is to look, from the attributes and the custom properties of the element.
  wanted() {
    const { theme, height } = this.element;
    const style = getComputedStyle(this.element);
    const value = (name) => style.getPropertyValue(`--clip-rs-${name}`).trim();
    const font = value("font");
    return {
      theme,
      height: height === "auto" ? "auto" : "fixed",
      accent: this.colour(value("accent")),
      radius: this.pixels(value("radius")),
      font: font || null,
    };
  }

  // A colour of any notation as `#rrggbb`; null if it is none.
  colour(value) {
    if (!value || !CSS.supports("color", value)) return null;
    // Mixed with itself it comes out in one notation: `color(srgb 0.5 0 1)`.
    this.probe.style.color = `color-mix(in srgb, ${value}, ${value})`;
    const parts = /^color\(srgb ([-\d.e]+) ([-\d.e]+) ([-\d.e]+)/.exec(getComputedStyle(this.probe).color);
    if (!parts) return null;
    const byte = (part) => Math.round(Math.min(Math.max(Number(part), 0), 1) * 255);
    const digits = parts.slice(1).map((part) => byte(part).toString(16).padStart(2, "0"));
    return `#${digits.join("")}`;
  }

  // A length of any unit as pixels, 0 to 32; null if it is none.
  pixels(value) {
    if (!value || !CSS.supports("border-top-left-radius", value)) return null;
    this.probe.style.borderTopLeftRadius = value;
    const pixels = parseFloat(getComputedStyle(this.probe).borderTopLeftRadius);
    return Number.isFinite(pixels) ? Math.min(Math.max(pixels, 0), 32) : null;
  }
}

const insides = new WeakMap();

// A picture as a file. Addresses are not taken: what is to be fetched, and with whose cookies, is the host's to decide.
async function asFile(picture) {
  const file = await blob(picture);
  if (!file) {
    const message = "A picture is a Blob, an ImageBitmap, ImageData, a canvas, or the bytes of a picture file. Fetch an address first, and give its blob.";
    throw new ClipRsError("request", message);
  }
  if (file.size > MOST_PICTURE) throw new ClipRsError("picture", "The picture is larger than 64 MB.");
  return file;
}

async function blob(picture) {
  if (picture instanceof Blob) return picture;
  if (picture instanceof ArrayBuffer || ArrayBuffer.isView(picture)) return new Blob([picture]);
  if (picture instanceof ImageData) return blob(await createImageBitmap(picture));
  if (!(picture instanceof ImageBitmap || picture instanceof HTMLCanvasElement)) return null;
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve));
}

// Attributes that are properties of the same text, with what stands for a missing one.
const TEXTS = { page: "", catalog: "", query: "", view: "" };
// What a change of these needs.
const CHANGES = {
  page: (inside) => inside.restart(),
  catalog: (inside) => inside.restart(),
  "allow-location": (inside) => inside.restart(),
  query: (inside, words) => inside.follow({ type: "search", words }),
  view: (inside, view) => view && inside.follow({ type: "setView", view }),
  height(inside) {
    inside.resize();
    inside.restyle();
  },
  theme: (inside) => inside.restyle(),
  class: (inside) => inside.restyle(),
  style: (inside) => inside.restyle(),
};

/** The element. Outside a browser it can be imported, but not made. */
export class ClipRsSearch extends (globalThis.HTMLElement || Object) {
  static get observedAttributes() {
    return Object.keys(CHANGES);
  }

  constructor() {
    super();
    insides.set(this, new Inside(this));
  }

  connectedCallback() {
    // What was set before this script had arrived.
    for (const name of [...Object.keys(TEXTS), "theme", "height", "timeout", "allowLocation"]) {
      if (!Object.prototype.hasOwnProperty.call(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    insides.get(this).enter();
  }

  disconnectedCallback() {
    insides.get(this).leave();
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after) CHANGES[name](insides.get(this), after || "");
  }

  get theme() {
    const theme = this.getAttribute("theme");
    return theme === "light" || theme === "dark" ? theme : "auto";
  }

  set theme(theme) {
    this.setAttribute("theme", theme);
  }

  get height() {
    const height = this.getAttribute("height");
    return height === "auto" || parseFloat(height) > 0 ? height : String(HEIGHT);
  }

  set height(height) {
    this.setAttribute("height", height);
  }

  get timeout() {
    const seconds = parseFloat(this.getAttribute("timeout"));
    return seconds > 0 ? Math.min(seconds, 86400) : TIMEOUT_S;
  }

  set timeout(seconds) {
    this.setAttribute("timeout", seconds);
  }

  get allowLocation() {
    return this.hasAttribute("allow-location");
  }

  set allowLocation(allowed) {
    this.toggleAttribute("allow-location", Boolean(allowed));
  }

  /** Searches for words, in the area that is set. */
  search(words) {
    return insides.get(this).ask({ type: "search", words: String(words) });
  }

  /** Selects one of the results, or none. */
  select(id) {
    return insides.get(this).ask({ type: "select", item: id === null || id === undefined ? null : String(id) });
  }

  /** Searches only in a polygon of GeoJSON, or everywhere. */
  setArea(area) {
    return insides.get(this).ask({ type: "setArea", area: area || null });
  }

  /** Adds a picture to what is searched for. */
  async addPicture(picture, name = picture && picture.name) {
    const file = await asFile(picture);
    return insides.get(this).ask({ type: "addPicture", name: name ? String(name) : null }, file);
  }
}

for (const [name, otherwise] of Object.entries(TEXTS)) {
  Object.defineProperty(ClipRsSearch.prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      return this.getAttribute(name) || otherwise;
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

if (globalThis.customElements && !customElements.get("clip-rs-search")) {
  customElements.define("clip-rs-search", ClipRsSearch);
}
