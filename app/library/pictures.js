// Pictures: whatever the host has as pixels for the engine, checked files as one picture, and a layer's cells as colours.

import { ClipRsError } from "./engine.js";

// Longest edge that is looked at, pixels, and largest file that is read, bytes.
const LONGEST = 2048;
const MOST_BYTES = 64 * 1024 * 1024;

// Red, green and blue at equal steps of a mark from 0 to 1, as the page has them (app/src/colours.rs).
const MARKS = [[44, 16, 100], [105, 20, 130], [175, 40, 110], [228, 84, 62], [250, 152, 30], [252, 238, 120]];
// Of a difference: the first query fits better, the second one does, and the difference that is seen as plainly as can be.
const FIRST = [245, 130, 20];
const SECOND = [30, 110, 235];
const FULL = 0.5;

function canvas(width, height) {
  if (typeof document === "undefined") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

const isA = (value, name) => typeof globalThis[name] === "function" && value instanceof globalThis[name];

/** The pixels of a picture as `{ width, height, bytes }`: red, green, blue and alpha of each, row by row. */
export async function pixels(picture) {
  try {
    const image = await drawable(picture);
    const width = image.naturalWidth ?? image.videoWidth ?? image.width;
    const height = image.naturalHeight ?? image.videoHeight ?? image.height;
    if (!(width > 0 && height > 0)) throw new ClipRsError("picture", "The picture has no pixels.");
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const made = canvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
    const context = made.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, made.width, made.height);
    const { data } = context.getImageData(0, 0, made.width, made.height);
    return { width: made.width, height: made.height, bytes: new Uint8Array(data.buffer) };
  } catch (error) {
    if (error instanceof ClipRsError) throw error;
    const foreign = error.name === "SecurityError";
    const why = foreign ? "it comes from another site: load it with `crossorigin`, or fetch it and give the Blob" : error.message.replace(/\.$/, "");
    throw new ClipRsError("picture", `The picture cannot be read: ${why}.`);
  }
}

// The picture as something that a canvas can draw.
async function drawable(picture) {
  if (isA(picture, "Blob")) {
    if (picture.size > MOST_BYTES) throw new ClipRsError("picture", "The picture is larger than 64 MB.");
    return createImageBitmap(picture);
  }
  if (isA(picture, "ImageData")) return createImageBitmap(picture);
  if (isA(picture, "HTMLImageElement")) await picture.decode();
  const known = ["HTMLImageElement", "HTMLCanvasElement", "OffscreenCanvas", "ImageBitmap", "HTMLVideoElement"];
  if (known.some((name) => isA(picture, name))) return picture;
  throw new ClipRsError("picture", "A picture is a Blob, an ImageBitmap, ImageData, a canvas, or an element <img> or <video>.");
}

/** Files with their places in a square, one behind the other in `bytes`, as one picture file; `edge` in pixels. */
export async function compose(pieces, bytes, edge) {
  let at = 0;
  const files = pieces.map(({ media_type: type, bytes: length, place }) => {
    const blob = new Blob([bytes.subarray(at, (at += length))], { type });
    return { blob, place };
  });
  const [{ blob, place }] = files;
  const isWhole = place.left === 0 && place.top === 0 && place.width === 100 && place.height === 100;
  if (files.length === 1 && isWhole) return blob;
  const made = canvas(edge, edge);
  const context = made.getContext("2d");
  const part = edge / 100;
  for (const { blob, place } of files) {
    const image = await createImageBitmap(blob);
    context.drawImage(image, place.left * part, place.top * part, place.width * part, place.height * part);
    image.close();
  }
  if (made.convertToBlob) return made.convertToBlob({ type: "image/png" });
  return new Promise((resolve, reject) => {
    const none = () => reject(new ClipRsError("picture", "This browser cannot put the picture together."));
    made.toBlob((blob) => (blob ? resolve(blob) : none()), "image/png");
  });
}

/** The marks of a layer's cells: 0 to 1, or of a difference -1 to 1; NaN where no item lies. */
export function marks(cells, isDifference) {
  const mark = (cell) => (isDifference ? (cell - 1) / 127 - 1 : (cell - 1) / 254);
  return Float32Array.from(cells, (cell) => (cell === 0 ? NaN : mark(cell)));
}

// Red, green, blue and opacity (0 to 255) of a mark.
function colourOfMark(mark) {
  const at = Math.min(Math.max(mark, 0), 1) * (MARKS.length - 1);
  const low = Math.min(Math.floor(at), MARKS.length - 2);
  return [...MARKS[low].map((from, channel) => from + (MARKS[low + 1][channel] - from) * (at - low)), 255];
}

function colourOfDifference(difference) {
  return [...(difference >= 0 ? FIRST : SECOND), Math.min(Math.abs(difference) / FULL, 1) * 255];
}

/** Paints a layer on a canvas, a pixel a cell, transparent where marks are below `from`. */
export function paint(layer, { from, colour, onto } = {}) {
  const { columns, rows, values, isDifference } = layer;
  const least = from ?? (isDifference ? 0.05 : 0.1);
  const colourOf = colour ?? (isDifference ? colourOfDifference : colourOfMark);
  const made = onto ?? canvas(columns, rows);
  [made.width, made.height] = [columns, rows];
  const context = made.getContext("2d");
  const image = context.createImageData(columns, rows);
  values.forEach((value, at) => {
    if (Math.abs(value) >= least) image.data.set(colourOf(value), at * 4);
  });
  context.putImageData(image, 0, 0);
  return made;
}
