// Starts the worker with the general engine: its script and its program are fetched side by side.
const program = fetch(new URL("general_bg.wasm", import.meta.url));
const { default: init } = await import("./general.js");
await init({ module_or_path: program });
