"""Pictures to vectors, natively: `clip-rs index` beside candle, and onnxruntime with Pillow, on the same files, two threads each."""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

from harness import candle, models, pictures
from harness.context import ROOT, Context
from harness.models import Model
from harness.rows import Mismatch, Row, measured
from harness.watched import watched

THREADS = 2
ROUNDS = 3
# Least mean cosine to onnxruntime in f32. Decoders of JPEG differ by a little, too.
OURS_LEAST, INT8_LEAST = 0.99, 0.8
OURS = "ours, clip-rs index"
CANDLE = "candle, Q8_0"


def run(context: Context) -> list[Row]:
    return [of_model(context, models.rs_small(context), 512), of_model(context, models.b32(context), 64)]


def of_model(context: Context, model: Model, count: int) -> Row:
    folder = pictures.folder(context, count)
    peers = {f"onnxruntime {dtype}": model.onnx_path("image", dtype) for dtype in ("fp32", "int8")}
    others = [*peers, CANDLE] if candle.has_image(model) else [*peers]
    versions = dict.fromkeys(peers, onnxruntime.__version__) | {CANDLE: candle.version()}
    speeds = {name: [] for name in [OURS, *others]}
    memory, vectors = {}, {}
    for _ in range(ROUNDS):
        for name in speeds:
            with tempfile.TemporaryDirectory() as place:
                if name == OURS:
                    seconds, memory[name], vectors[name] = ours(context, model, folder, Path(place))
                elif name == CANDLE:
                    seconds, memory[name], vectors[name] = of_candle(context, model, folder, Path(place))
                else:
                    seconds, memory[name], vectors[name] = theirs(model, peers[name], folder, Path(place))
                speeds[name].append(count / seconds)
    cosines = check(model, vectors)
    each = {name: measured(name, taken, versions.get(name, ""),
                           **{"peak MB": round(memory[name]), "cosine to fp32": cosines[name]})
            for name, taken in speeds.items()}
    side = model.config["image"]["image_size"]
    return Row("embed", f"{model.title}, {count} tiles of 256 x 256 to {side} x {side}", "pictures/s", [each[OURS]],
               [each[name] for name in others], better="higher",
               note=f"{THREADS} threads; decoding, preparing and embedding. Ours is the time of the whole command less that "
                    "of the same command with the vectors kept; theirs is in batches of 8, without the start of Python.")


def ours(context: Context, model: Model, folder: Path, place: Path) -> tuple[float, float, np.ndarray]:
    """Seconds, peak megabytes, and the vectors in the order of the files' names."""
    seconds, megabytes = [], 0.0
    # The second time the vectors are there: what is left is to read, index and write.
    for catalog in ("catalog", "again"):
        command = [context.clip_rs, "index", "--images", folder, "--model", model.package, "--out", place / catalog,
                   "--work", place / "kept"]
        seen = watched(command, RAYON_NUM_THREADS=THREADS)
        seconds.append(seen.seconds)
        megabytes = max(megabytes, seen.megabytes)
    (store,) = (place / "kept").glob("embeddings-*.bin")
    return seconds[0] - seconds[1], megabytes, stored(store, folder)


def stored(store: Path, folder: Path) -> np.ndarray:
    """Vectors out of the file where `clip-rs index` keeps them (crates/pipeline/src/embeddings.rs and records.rs)."""
    content = store.read_bytes()
    dim = int.from_bytes(content[8:12], "little")
    at, known = 12 + 4 * dim, {}
    while at < len(content):
        key, length = content[at:at + 32], int.from_bytes(content[at + 32:at + 36], "little")
        end = at + 36 + length
        # What the picture looks like stands before its vector.
        known[key] = np.frombuffer(content, "<f4", dim, offset=end - 4 * dim)
        at = end + 8
    return np.stack([known[hashlib.sha256(path.read_bytes()).digest()] for path in sorted(folder.iterdir())])


def theirs(model: Model, graph: Path, folder: Path, place: Path) -> tuple[float, float, np.ndarray]:
    program = ROOT / "bench" / "harness" / "embed_peer.py"
    command = [sys.executable, program, graph, model.package / "model.json", folder, THREADS, place / "vectors.npy"]
    seen = watched(command)
    return json.loads(seen.printed)["seconds"], seen.megabytes, np.load(place / "vectors.npy")


def of_candle(context: Context, model: Model, folder: Path, place: Path) -> tuple[float, float, np.ndarray]:
    seen = watched([context.candle, "embed", model.package, folder, THREADS, place / "vectors"])
    vectors = np.fromfile(place / "vectors", "f4").reshape(-1, model.config["embed_dim"])
    return json.loads(seen.printed)["seconds"], seen.megabytes, vectors


def check(model: Model, vectors: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean cosine of each contestant's vectors to those of onnxruntime in f32."""
    reference = vectors["onnxruntime fp32"]
    cosines = {}
    for name, found in vectors.items():
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(reference, axis=1)
        cosines[name] = round(float(((found * reference).sum(1) / lengths).mean()), 5)
        if cosines[name] < (OURS_LEAST if name == OURS else INT8_LEAST):
            raise Mismatch(f"{name}, {model.title}: mean cosine {cosines[name]} to onnxruntime fp32")
    return cosines
