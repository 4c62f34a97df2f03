"""Vectors of real aerial pictures by networks that are not ours: 384 components with the spectrum that such networks give.

They are read from the files `*_teacher_features_384.safetensors` of the folder that `--data` names (a row a picture, which is
what rs-small is trained with); without them nothing is measured. Queries are pictures that are held apart.
"""

import json
from pathlib import Path

import numpy as np

from . import vectors
from .context import Context
from .vectors import QUERIES, SEED, Vectors

FILES = "*_teacher_features_384.safetensors"
DIM = 384
TYPES = {"F16": np.float16, "F32": np.float32}


def of(context: Context) -> Vectors | None:
    """The pictures' vectors with the true neighbours of the queries; none where they are not at hand."""
    files = sorted(context.data.glob(FILES)) if context.data else []
    if not files:
        return None
    every = np.concatenate([rows(path) for path in files])
    every /= np.linalg.norm(every, axis=1, keepdims=True)
    order = np.random.default_rng(SEED).permutation(len(every))
    queries, items = every[order[:QUERIES]], every[order[QUERIES:]]
    folder = context.folder("vectors") / "features"
    folder.mkdir(exist_ok=True)
    found = Vectors(len(items), folder, DIM)
    items.tofile(found.items_path)
    queries.tofile(found.queries_path)
    np.save(folder / "truth.npy", vectors.nearest(queries, items))
    return found


def spectrum(items: np.ndarray, share: float) -> int:
    """How many of the vectors' own directions carry this share of their energy."""
    energy = np.linalg.svd(items[:: max(1, len(items) // 10_000)], compute_uv=False) ** 2
    return int(np.searchsorted(np.cumsum(energy) / energy.sum(), share)) + 1


def rows(path: Path) -> np.ndarray:
    """The one table of a file of safetensors, `(pictures, 384)`."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    tables = [entry for entry in json.loads(content[8 : 8 + length]).values() if entry.get("shape", [0])[-1] == DIM]
    [table] = [entry for entry in tables if len(entry["shape"]) == 2 and entry["dtype"] in TYPES]
    start, end = (8 + length + at for at in table["data_offsets"])
    return np.frombuffer(content[start:end], TYPES[table["dtype"]]).reshape(table["shape"]).astype(np.float32)
