// What a host may write, and what it may not, by the types of the library: compiled by a test, never run.
import { ClipRsError, open, paintLayer, type Area, type Hits, type Layer } from "../../../app/library/clip-rs.js";

export async function host(file: File, image: HTMLImageElement): Promise<void> {
  const area: Area = await open(new URL("https://maps.example/catalog/"), {
    signal: AbortSignal.timeout(60_000),
    assets: "https://maps.example/library/",
    onProgress: ({ loaded, total, preparing, files }) => console.log(loaded / total, preparing, files[0]?.role),
  });
  const { bounds, tiles, count } = area.manifest;
  console.log(count + 1, bounds?.[0].toFixed(4), tiles?.template.replace("{z}", "17"));

  const hits: Hits = await area.search("a pond", { limit: 10, bounds: [-77.5, 38.5, -77.4, 38.6], taken: { from: "2020-01-01" } });
  for (const { id, lngLat, mark, likely } of hits) console.log(id, lngLat?.[0], mark.toFixed(2), likely === null);
  console.log(hits.likelyFrom, hits.isCut, hits.missing.map((error) => error.file));
  const vector: Float32Array = await area.encode("a pond");
  await area.search({ words: "a pond", without: "trees", terms: [{ vector, weight: 0.5 }, { picture: image }] });
  await area.search({ picture: file, item: "17/37500/50140" });

  const layer: Layer = await area.layer("a pond", { against: { words: "houses" } });
  const canvas: HTMLCanvasElement = paintLayer(layer, { from: 0.2, colour: (mark) => [255, 0, 0, mark * 255] });
  console.log(canvas.toDataURL(), (await area.items({ offset: 10 })).total);
  const blob: Blob = await area.picture((await area.item("17/37500/50140")).id, { pixels: 512 });
  console.log(blob.size, new ClipRsError("closed", "It was closed.").kind);
  area.close();

  // @ts-expect-error: a catalog has an address
  await open();
  // @ts-expect-error: words are text
  await area.search(7);
  // @ts-expect-error: a term is about something
  await area.search({ terms: [{ weight: 1 }] });
  // @ts-expect-error: a picture is no address
  await area.embed("https://maps.example/a.jpg");
  // @ts-expect-error: a box has four edges
  await area.items({ bounds: [0, 1, 2] });
  // @ts-expect-error: what a catalog says of itself stays
  area.manifest.title = "Another";
}
