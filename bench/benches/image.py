"""A prepared picture in, a vector out, in the browser: our image encoder beside candle and onnxruntime-web on the same weights."""

import numpy as np
import onnxruntime

from harness import browser, candle, models, pictures
from harness.context import Context
from harness.models import Model
from harness.rows import Measure, Mismatch, Row, measured

PACKAGE = "onnxruntime-web"
CANDLE = "candle, Q8_0"
PICTURES = 8
OURS_LEAST, INT8_LEAST = 0.99, 0.8


def run(context: Context) -> list[Row]:
    return [row for model in (models.rs_small(context), models.b32(context)) for row in of_model(context, model)]


def of_model(context: Context, model: Model) -> list[Row]:
    side = model.config["image"]["image_size"]
    ours = {name: {"build": browser.wasm_path(name)} for name in context.wasm}
    peers = {f"{PACKAGE} {dtype}": {"url": f"/made/onnx/{model.onnx_path('image', dtype).name}"}
             for dtype in ("fp32", "int8")}
    versions = dict.fromkeys(peers, context.npm_version(PACKAGE)) | {CANDLE: candle.version()}
    if candle.has_image(model):
        peers[CANDLE] = {"build": "wasm-simd128", "candle": True}
    everyone = ours | peers
    folder = pictures.folder(context, PICTURES)
    files = sorted(path.name for path in folder.iterdir())
    with browser.page(context, model=model.package, pictures=folder) as page:
        vectors = page.call("image.js", "vectors", everyone, side, files)
        cosines = check(model, vectors, ours)
        costs = {}
        for name, contestant in everyone.items():
            page.fresh()
            costs[name] = page.call("image.js", "cost", contestant, side, files[0])
        page.fresh()
        samples = page.call("image.js", "measure", everyone, side, files, {"rounds": 15, "limitMs": 25_000})
    twice = model.config["image"].get("average_transpose")
    note = "Pixels in, vector out."
    if twice:
        note += (" This model averages a picture with its transpose; all contestants do both passes, onnxruntime as"
                 " one batch of two.")
    told = {n: {"cosine to f32": cosines[n], "load ms": round(costs[n]["loadMs"]),
                "wasm MB": round(costs[n]["wasmBytes"] / 1e6, 1)} for n in everyone}
    each = {n: measured(n, samples[n], versions.get(n, ""), **told[n]) for n in everyone}
    if CANDLE not in each:
        each[CANDLE] = Measure(CANDLE, absent=candle.NO_IMAGE)
    return [Row("image", f"{model.title}, a picture of {side} x {side}", "ms",
                [each[n] for n in ours], [each[n] for n in each if n not in ours], note=note)]


def check(model: Model, vectors: dict, ours: dict) -> dict[str, float]:
    """Least cosine of each contestant to onnxruntime's native result in f32 from the same pixels."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.onnx_path("image", "fp32"), options)
    side = model.config["image"]["image_size"]
    pixels = np.array(vectors.pop("pixels"), np.float32).reshape(-1, 1, 3, side, side)
    references = [session.run(None, {"pixel_values": one})[0][0] for one in pixels]
    cosines = {}
    for name, found in vectors.items():
        pairs = [(np.array(a), b) for a, b in zip(found, references, strict=True)]
        cosines[name] = round(min(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs), 5)
        if cosines[name] < (OURS_LEAST if name in ours else INT8_LEAST):
            raise Mismatch(f"{name}, {model.title}: cosine {cosines[name]} to f32")
    return cosines
