// What cannot wait for the page's own program, inlined into the page: starts the search worker, so that it loads
// beside that program, and says so in the page when the program cannot start.
{
  // A module with one function, `() -> v128`, made of `i32x4.relaxed_dot_i8x16_i7x16_add_s`. A browser without
  // relaxed SIMD refuses it, as it would refuse the whole build of the worker that uses such instructions.
  const relaxed = new Uint8Array([
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // "\0asm", version 1
    0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // one type: no parameters, a v128
    0x03, 0x02, 0x01, 0x00, // one function of that type
    0x0a, 0x13, 0x01, 0x11, 0x00, // its code, without locals:
    0x41, 0x00, 0xfd, 0x0f, // i32.const 0, i8x16.splat
    0x41, 0x00, 0xfd, 0x0f, // and again
    0x41, 0x00, 0xfd, 0x11, // i32.const 0, i32x4.splat
    0xfd, 0x93, 0x02, 0x0b, // the dot product, end
  ]);
  const named = (name) => document.querySelector(`meta[name="${name}"]`)?.content;
  const validates = typeof WebAssembly === "object" && WebAssembly.validate(relaxed);
  const address = (name) => new URL(name, document.baseURI).href;
  const script = address((validates && named("worker-relaxed")) || named("worker"));

  let early = null;
  window.searchWorker = {
    // Address of the worker's start script, of the build that suits this browser.
    script,
    // Address of the explorer's start script, which is loaded when it is first needed.
    explorer: address(named("explorer")),
    // And of the keeper's.
    keeper: address(named("keeper")),
    // From here on both workers that compute are started from another program, for models that theirs does not know. Whether there
    // is one, and it was not so before.
    useGeneral() {
      const general = named("general");
      if (!general || this.script === address(general)) return false;
      this.script = address(general);
      this.explorer = this.script;
      return true;
    },
    // The worker that was started here with what it has said so far; null when it was taken before, or broke.
    take() {
      const taken = early;
      if (taken) taken.worker.onmessage = taken.worker.onerror = null;
      early = null;
      return taken;
    },
  };

  const unstarted = () => document.getElementById("boot-words");
  // A file may fail to come once: the page is loaded again before it gives up, and has most files in the browser's cache
  // then. Some hosts answer the address of the page's folder without its slash with the page, from where no file is found.
  const again = () => {
    const { pathname, search, hash } = location;
    const [visit] = performance.getEntriesByType("navigation");
    if (visit?.type === "reload" || typeof WebAssembly !== "object") return false;
    if (/\/[^/.]+$/.test(pathname) && !visit?.redirectCount) location.replace(`${pathname}/${search}${hash}`);
    else location.reload();
    return true;
  };
  const failed = (reason) => {
    const words = unstarted();
    if (!words || again()) return;
    document.body.dataset.state = "failed";
    words.setAttribute("data-testid", "error");
    words.textContent =
      typeof WebAssembly === "object"
        ? `The page's program could not be started (${reason}). Look whether its address is right, and reload it; if that does not help, tell who runs this site.`
        : "This browser cannot run WebAssembly, which the search engine is made of. Use a current version of Firefox, Chrome, Edge or Safari, or switch WebAssembly on.";
  };
  // A file that cannot be loaded gives an event at its element, which only a capturing listener hears.
  const heard = (event) => {
    if (event instanceof ErrorEvent) failed(event.message);
    else if (event.target instanceof HTMLScriptElement) failed("a script could not be loaded");
    // A page that looks odd is better than none.
    else if (event.target.rel === "stylesheet" && unstarted()) again();
  };
  window.addEventListener("error", heard, true);
  window.addEventListener("unhandledrejection", (event) => failed(event.reason?.message ?? event.reason));

  const worker = new Worker(script, { type: "module" });
  early = { worker, heard: [] };
  worker.onmessage = (event) => early.heard.push(event.data);
  worker.onerror = () => (early = null);
}
