// What the reader of PMTiles for browsers (npm's `pmtiles`) finds in an archive, as JSON: its zooms, and the SHA-256 of each tile that is
// asked for.
//
// usage: node pmtiles.mjs FILE Z/X/Y...; exits with 42 where the package is not installed.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const MISSING = 42;

const { PMTiles } = await import("pmtiles").catch((error) => {
  console.error(error.message);
  process.exit(MISSING);
});

const [path, ...wanted] = process.argv.slice(2);
const file = await open(path);
const archive = new PMTiles({
  getKey: () => path,
  getBytes: async (offset, length) => {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, offset);
    return { data: bytes.buffer.slice(0, bytesRead) };
  },
});
const { minZoom, maxZoom } = await archive.getHeader();
const tiles = {};
for (const tile of wanted) {
  const found = await archive.getZxy(...tile.split("/").map(Number));
  tiles[tile] = found ? createHash("sha256").update(new Uint8Array(found.data)).digest("hex") : null;
}
console.log(JSON.stringify({ zooms: [minZoom, maxZoom], tiles }));
await file.close();
