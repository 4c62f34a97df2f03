// Starts the explorer: its script and its program are fetched side by side.
const program = fetch(new URL("explorer_bg.wasm", import.meta.url));
const { default: init } = await import("./explorer.js");
await init({ module_or_path: program });
