"""Tokens in, a vector out, in the browser: our text encoder beside candle and onnxruntime-web on the same weights."""

import numpy as np
import onnxruntime

from harness import browser, candle, models, sentences
from harness.context import Context
from harness.models import Model
from harness.rows import Measure, Mismatch, Row, measured, quantile, single

PACKAGE = "onnxruntime-web"
CANDLE = "candle, Q8_0"
# Least mean cosine to onnxruntime in f32. A wrong weight or activation gives far less.
OURS_LEAST, INT8_LEAST = 0.99, 0.9
CAPTIONS = 500


def run(context: Context) -> list[Row]:
    rows, peaks = [], {}
    with browser.page(context) as page:
        for name in context.wasm:
            peaks[name] = page.call("text.js", "peak", browser.wasm_path(name))
        rows.append(Row("text", "bare loop of 8-bit multiplications", "billion/s",
                        [measured(name, samples) for name, samples in peaks.items()], better="higher",
                        note="About what this browser can do at most: dot products of numbers in registers and the first cache. "
                             "Shares are of its 90th percentile, as a limit is what is reached undisturbed. "
                             "A ratio below, times the share of the bare loop beside it, is about what would be left if all "
                             "else took no time."))
    for model in (models.b32(context), models.rs_small(context)):
        rows += of_model(context, model, {name: quantile(samples, 0.9) for name, samples in peaks.items()})
    return rows


def contestants(context: Context, model: Model, folder: str) -> tuple[dict, dict]:
    """Ours and theirs, as pages/text.js opens them."""
    ours = {name: {"build": browser.wasm_path(name), "folder": f"/{folder}"} for name in context.wasm}
    peers = {f"{PACKAGE} {dtype}": {"url": f"/made/onnx/{model.onnx_path('text', dtype).name}"}
             for dtype in ("int8", "fp32")}
    # It has kernels for 128-bit SIMD, none for relaxed SIMD.
    peers[CANDLE] = {"build": "wasm-simd128", "folder": f"/{folder}", "candle": True}
    return ours, peers


def of_model(context: Context, model: Model, peaks: dict[str, float]) -> list[Row]:
    ours, peers = contestants(context, model, "model")
    versions = dict.fromkeys(peers, context.npm_version(PACKAGE)) | {CANDLE: candle.version()}
    everyone = ours | peers
    with browser.page(context, model=model.package) as page:
        captions = sentences.rsicd_captions(context.data, CAPTIONS) if model.name == "rs-small" else []
        texts = sentences.CAPTIONS + sentences.QUERIES + captions
        lists = page.call("text.js", "tokens", next(iter(ours.values())), texts)
        cosines = {}
        for name, contestant in everyone.items():
            page.fresh()
            cosines[name] = to_reference(model, lists, page.call("text.js", "vectors", contestant, lists))
            least = OURS_LEAST if name in ours else INT8_LEAST
            if cosines[name].mean() < least:
                raise Mismatch(f"{name}, {model.title}: mean cosine {cosines[name].mean():.4f} to f32, below {least}")
        by_length = of_lengths(lists, [5, 8, 16, model.config["text"]["context_length"]])
        costs = {}
        for name, contestant in everyone.items():
            page.fresh()
            costs[name] = page.call("text.js", "cost", contestant, by_length[max(by_length)])
        page.fresh()
        samples = page.call("text.js", "measure", everyone, by_length, {"rounds": 15, "limitMs": 20_000})

    def facts(name: str, length: int, taken: list[float]) -> dict:
        found = {"cosine to f32": round(float(cosines[name].mean()), 5)}
        if name in ours:
            share = multiplications(model, length) / quantile(taken, 0.5) / 1e6 / peaks[name]
            found["share of the bare loop"] = round(share, 3)
        return found

    rows = []
    for length in by_length:
        taken = samples[str(length)]
        each = {n: measured(n, taken[n], versions.get(n, ""), **facts(n, length, taken[n])) for n in taken}
        rows.append(Row("text", f"{model.title}, {length} tokens", "ms",
                        [each[n] for n in ours], [each[n] for n in peers]))
    rows[0].note = (f"Cosines to onnxruntime (native, f32, same weights) over {len(lists)} texts"
                    + (f", {len(captions)} of them captions of RSICD's test split." if captions else "."))

    def once(case: str, unit: str, value, note: str) -> Row:
        def one(name: str) -> Measure:
            return single(name, value(costs[name]), versions.get(name, ""))
        return Row("text", f"{model.title}, {case}", unit, [one(n) for n in ours], [one(n) for n in peers], note=note)

    rows.append(once("load", "ms", lambda cost: cost["loadMs"], "From the file's bytes to a usable encoder."))
    rows.append(once("wasm memory", "MB", lambda cost: cost["wasmBytes"] / 1e6,
                     "The most there was, on a page of its own."))
    rows.append(once("file", "MB", lambda cost: cost["fileBytes"] / 1e6, "Weights to download, uncompressed."))
    return rows


def of_lengths(lists: list[list[int]], lengths: list[int]) -> dict[int, list[int]]:
    """A token list of each length: the bodies of real texts, one after the other, cut to length."""
    start, end = lists[0][0], lists[0][-1]
    body = [token for tokens in lists for token in tokens[1:-1]]
    return {length: [start, *body[: length - 2], end] for length in lengths}


def to_reference(model: Model, lists: list[list[int]], vectors: list[list[float]]) -> np.ndarray:
    """Cosine of each vector to the one that onnxruntime computes natively in f32."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.onnx_path("text", "fp32"), options)
    found = []
    for tokens, vector in zip(lists, vectors, strict=True):
        (reference,), = session.run(None, {"input_ids": np.array([tokens], np.int64)})
        vector = np.array(vector)
        found.append(vector @ reference / np.linalg.norm(vector) / np.linalg.norm(reference))
    return np.array(found)


def multiplications(model: Model, tokens: int) -> float:
    """By weights of 8 bits that one text needs: projections and MLPs, without attention itself. Of the last layer's
    rows only the last is asked for; the others need keys and values there."""
    sizes = model.config["text"]
    width, mlp, layers = sizes["width"], sizes["mlp"], sizes["layers"]
    keys_and_values, others = 2 * width * width, 2 * width * width + 2 * width * mlp
    projection = (sizes.get("token_dim") or 0) * width
    each = (layers - 1) * (keys_and_values + others) + keys_and_values + projection
    return tokens * each + others + width * model.config["embed_dim"]
