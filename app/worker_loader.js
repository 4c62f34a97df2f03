// Starts the worker: its script and its program are fetched side by side.
const program = fetch(new URL("worker_bg.wasm", import.meta.url));
const { default: init } = await import("./worker.js");
await init({ module_or_path: program });
