// Starts the keeper: its script and its program are fetched side by side.
const program = fetch(new URL("keeper_bg.wasm", import.meta.url));
const { default: init } = await import("./keeper.js");
await init({ module_or_path: program });
