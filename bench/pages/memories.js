// Notes every WebAssembly memory that a page makes, so that each contestant's can be read. A classic script, so that
// it runs before any module.

(() => {
  const memories = new Set();
  const note = (value) => {
    for (const thing of Object.values(value ?? {})) {
      if (thing instanceof WebAssembly.Memory) memories.add(thing);
    }
  };
  const noteImports = (imports) => Object.values(imports ?? {}).forEach(note);
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (source, imports) => {
      noteImports(imports);
      const result = await original.call(WebAssembly, source, imports);
      note((result.instance ?? result).exports);
      return result;
    };
  }
  WebAssembly.Instance = class extends WebAssembly.Instance {
    constructor(module, imports) {
      super(module, imports);
      noteImports(imports);
      note(this.exports);
    }
  };
  // Bytes of all of them. A memory never shrinks, so this is also the most there ever was.
  window.wasmBytes = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
})();
