"""Tokens in, a vector out, natively: our text encoder beside candle and onnxruntime on the same weights, one thread each."""

import json
import time

import numpy as np
import onnxruntime

from harness import candle, models
from harness.context import Context, run as printed
from harness.models import Model
from harness.rows import Mismatch, Row, measured

ROUNDS = 25
TURNS = 3
LENGTHS = (8, 16)
OURS, CANDLE = "ours", "candle, Q8_0"
# Least cosine to onnxruntime in f32.
OURS_LEAST, INT8_LEAST = 0.99, 0.9


def run(context: Context) -> list[Row]:
    return [row for model in (models.b32(context), models.rs_small(context)) for row in of_model(context, model)]


def of_model(context: Context, model: Model) -> list[Row]:
    sizes, tokenizer = model.config["text"], model.config["tokenizer"]
    lengths = [*LENGTHS, sizes["context_length"]]
    lists = [[tokenizer["start"], *(1000 + 7 * n for n in range(length - 2)), tokenizer["end"]] for length in lengths]
    contestants = {
        OURS: lambda: by_command(context.native, model, lists),
        CANDLE: lambda: by_command(context.candle, model, lists),
        **{f"onnxruntime {dtype}": (lambda dtype=dtype: by_onnxruntime(model, dtype, lists)) for dtype in ("int8", "fp32")},
    }
    versions = {OURS: "", CANDLE: candle.version()}
    samples = {name: [[] for _ in lists] for name in contestants}
    vectors = {}
    for _ in range(TURNS):
        for name, work in contestants.items():
            found = work()
            vectors[name] = [np.array(one["vector"]) for one in found]
            for kept, one in zip(samples[name], found, strict=True):
                kept += one["ms"]
    cosines = check(vectors)
    rows = []
    for at, length in enumerate(lengths):
        each = {name: measured(name, taken[at], versions.get(name, onnxruntime.__version__),
                               **{"cosine to f32": cosines[name]}) for name, taken in samples.items()}
        rows.append(Row("text-native", f"{model.title}, {length} tokens", "ms", [each[OURS]],
                        [each[name] for name in each if name != OURS]))
    rows[0].note = "One thread each. candle is compiled for this very processor; the others choose instructions when they run."
    return rows


def by_command(command, model: Model, lists: list[list[int]]) -> list[dict]:
    return json.loads(printed("env", "RAYON_NUM_THREADS=1", command, "text", model.package, ROUNDS, given=json.dumps(lists)))


def by_onnxruntime(model: Model, dtype: str, lists: list[list[int]]) -> list[dict]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.onnx_path("text", dtype), options)
    found = []
    for tokens in lists:
        given = {"input_ids": np.array([tokens], np.int64)}
        (vector,), = session.run(None, given)
        milliseconds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            session.run(None, given)
            milliseconds.append((time.perf_counter() - start) * 1e3)
        found.append({"ms": milliseconds, "vector": vector})
    return found


def check(vectors: dict[str, list[np.ndarray]]) -> dict[str, float]:
    """Least cosine of each contestant's vectors to those of onnxruntime in f32."""
    cosines = {}
    for name, found in vectors.items():
        pairs = zip(found, vectors["onnxruntime fp32"], strict=True)
        cosines[name] = round(min(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs), 5)
        if cosines[name] < (OURS_LEAST if name == OURS else INT8_LEAST):
            raise Mismatch(f"{name}: cosine {cosines[name]} to onnxruntime fp32")
    return cosines
