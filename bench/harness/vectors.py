"""Vectors to search in: mixtures of real encodings, with queries and the true neighbours of each.

Uniform random vectors prove nothing: they have no neighbours. Here some thousand captions, put together from words for
what aerial imagery shows, are encoded by rs-small's text tower. An item is one of these vectors with
something of two others, so that items differ in the directions in which real ones do; a fixed random rotation lifts it
to more dimensions, where a little noise in all directions is added. Queries are made alike from captions of their own.
"""

import json
import shutil
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from .context import ROOT, Context, digest, is_made_from, run, run_for_bytes

DIM = 512
QUERIES = 200
# The deepest recall that is measured.
DEPTH = 50
SEED = 17
# Share of the two other captions, and of the noise, beside the main one's 1.
OTHERS, NOISE = 0.5, 0.25
# hnswlib's own defaults.
M, EF_CONSTRUCTION = 16, 200
DESCRIPTION = (
    f"Items are mixtures of captions encoded by rs-small (a caption, {OTHERS} of the sum of two others), lifted from its 64 to "
    f"{DIM} components unless a case names another number, and noise of length {NOISE} in all of them; recall is against brute force in f32, over {QUERIES} queries made alike from "
    "other captions."
)
PLACES = """airport|baseball field|beach|bridge|building|car park|church|container terminal|dam|desert|factory|
farmland|football pitch|forest|freeway|golf course|greenhouse|harbour|hospital|house|industrial area|intersection|
island|lake|meadow|mobile home park|mountain|orchard|overpass|park|pond|power plant|quarry|railway station|reservoir|
residential area|resort|river|roundabout|runway|school|solar farm|square|stadium|storage tank|swimming pool|
tennis court|viaduct|vineyard|warehouse""".replace("\n", "").split("|")
LOOKS = ["a small", "a large", "a white", "a grey", "an empty", "a crowded", "an old", "a curved", "a round", "a long"]
BESIDE = ["", "near a river", "beside a road", "with trees", "between fields", "next to houses", "with parked cars"]


@dataclass
class Vectors:
    """`count` items in a folder, as files that the browser and native programs read."""

    count: int
    folder: Path
    dim: int = DIM

    @property
    def items_path(self) -> Path:
        return self.folder / "items.f32"

    @property
    def queries_path(self) -> Path:
        return self.folder / "queries.f32"

    def items(self) -> np.ndarray:
        return np.fromfile(self.items_path, np.float32).reshape(-1, self.dim)

    def queries(self) -> np.ndarray:
        return np.fromfile(self.queries_path, np.float32).reshape(-1, self.dim)

    def truth(self) -> np.ndarray:
        """`(queries, DEPTH)`: ordinals of the nearest items, nearest first."""
        return np.load(self.folder / "truth.npy")

    def recall(self, found: list[list[int]], k: int) -> float:
        """Share of the true `k` nearest that are among the first `k` found."""
        pairs = zip(found, self.truth()[:, :k], strict=True)
        return round(float(np.mean([len(set(got[:k]) & set(true.tolist())) / k for got, true in pairs])), 4)

    def recalled(self, found: list[list[int]], k: int) -> float:
        """Share of the true `k` nearest that are anywhere among those found."""
        pairs = zip(found, self.truth()[:, :k], strict=True)
        return round(float(np.mean([len(set(got) & set(true.tolist())) / k for got, true in pairs])), 4)


def of(context: Context, count: int, dim: int = DIM) -> Vectors:
    """The vectors, made if they are not there; of as many components as rs-small has they are rotated, but not lifted."""
    folder = context.folder("vectors") / (str(count) if dim == DIM else f"{count}x{dim}")
    vectors = Vectors(count, folder, dim)
    mark, tower = folder / "made-from", digest(ROOT / "models" / "rs-small" / "text.gguf")
    if (folder / "truth.npy").exists() and is_made_from(mark, tower):
        return vectors
    # What was made of other vectors, indexes among it, is of no use.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    dice = np.random.default_rng(SEED)
    captions = [" ".join(words).strip() for words in product(LOOKS, PLACES, BESIDE)]
    dice.shuffle(captions)
    told = encoded(context, captions)
    lift = np.linalg.qr(dice.standard_normal((dim, told.shape[1])))[0].T.astype(np.float32)
    queries = mixtures(dice, told[:QUERIES], lift, np.arange(QUERIES))
    centres = told[QUERIES:]
    items = mixtures(dice, centres, lift, dice.integers(0, len(centres), count))
    items.tofile(vectors.items_path)
    queries.tofile(vectors.queries_path)
    np.save(folder / "truth.npy", nearest(queries, items))
    mark.write_text(tower)
    return vectors


def nearest(queries: np.ndarray, items: np.ndarray, at_once: int = 200_000) -> np.ndarray:
    """`(queries, DEPTH)`: ordinals of the nearest items, nearest first; of equal ones the first. Some items at a time, as all
    cosines of millions have no room in memory."""
    cosines = np.empty((len(queries), 0), np.float32)
    ordinals = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(items), at_once):
        part = queries @ items[start : start + at_once].T
        cosines = np.concatenate([cosines, part], axis=1)
        ordinals = np.concatenate([ordinals, np.broadcast_to(np.arange(start, start + part.shape[1]), part.shape)], axis=1)
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :DEPTH]
        cosines, ordinals = (np.take_along_axis(all_of_them, best, axis=1) for all_of_them in (cosines, ordinals))
    return ordinals


def mixtures(dice: np.random.Generator, told: np.ndarray, lift: np.ndarray, mains: np.ndarray) -> np.ndarray:
    """One unit vector for each of `mains`, the places of the main captions in `told`: `(len(mains), dim)`."""
    dim = lift.shape[1]
    out = np.empty((len(mains), dim), np.float32)
    for start in range(0, len(mains), 10_000):
        part = mains[start : start + 10_000]
        others = told[dice.integers(0, len(told), (2, len(part)))].sum(0)
        noise = dice.standard_normal((len(part), dim), dtype=np.float32) * (NOISE / dim**0.5)
        mixed = (told[part] + OTHERS * others) @ lift + noise
        out[start : start + len(part)] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return out


def encoded(context: Context, captions: list[str]) -> np.ndarray:
    """Encodings of texts by rs-small's text tower, `(texts, embed_dim)`."""
    package = ROOT / "models" / "rs-small"
    dim = json.loads((package / "model.json").read_text())["embed_dim"]
    out = run_for_bytes(context.native, "encode", package, given="\n".join(captions))
    return np.frombuffer(out, np.float32).reshape(len(captions), dim)


def our_path(context: Context, vectors: Vectors) -> Path:
    """Where the index of the engine as it is now belongs."""
    engine = digest(context.native)[:12]
    return vectors.folder / f"ours-{engine}.index"


def our_index(context: Context, vectors: Vectors) -> Path:
    """Our index file, built anew when the engine has changed."""
    path = our_path(context, vectors)
    if not path.exists():
        build_ours(context, vectors)
    return path


def build_ours(context: Context, vectors: Vectors, threads: int = 1) -> dict:
    """Builds it in place of older ones on so many threads, and returns `seconds` and `bytes`."""
    path = our_path(context, vectors)
    part = path.with_suffix(".part")
    told = json.loads(
        run("env", f"RAYON_NUM_THREADS={threads}", context.native, "build", vectors.items_path, vectors.dim, part)
    )
    for old in vectors.folder.glob("ours-*.index"):
        old.unlink()
    part.rename(path)
    return told


def hnswlib_index(vectors: Vectors) -> Path:
    """hnswlib's index file, by its Python package."""
    path = vectors.folder / "hnswlib.bin"
    if not path.exists():
        keep_hnswlib(vectors, build_hnswlib(vectors.items(), threads=-1))
    return path


def keep_hnswlib(vectors: Vectors, index: "hnswlib.Index"):
    """Keeps an index for `hnswlib_index`."""
    part = vectors.folder / "hnswlib.part"
    index.save_index(str(part))
    part.rename(vectors.folder / "hnswlib.bin")


def build_hnswlib(items: np.ndarray, threads: int) -> "hnswlib.Index":
    """On so many threads; -1 is on all. An ImportError where the package cannot be installed."""
    import hnswlib

    index = hnswlib.Index("ip", DIM)
    index.init_index(len(items), M=M, ef_construction=EF_CONSTRUCTION, random_seed=SEED)
    index.add_items(items, num_threads=threads)
    return index


def hnswlib_index_for_wasm(vectors: Vectors) -> Path:
    """The same graph as hnswlib's 32-bit build reads it: files hold machine words (`HierarchicalNSW::saveIndex`)."""
    path = vectors.folder / "hnswlib-wasm.bin"
    if path.exists():
        return path
    content = hnswlib_index(vectors).read_bytes()
    words = np.frombuffer(content, np.uint64, 6)
    levels = content[48:56]  # Highest level and entry point, 32 bits each.
    m = np.frombuffer(content, np.uint64, 3, 56)
    factor, construction = content[80:88], np.frombuffer(content, np.uint64, 1, 88)
    offset_level0, most, count, size, label_offset, offset_data = (int(word) for word in words)
    header = np.array([offset_level0, most, count, size - 4, label_offset, offset_data], np.uint32).tobytes()
    header += levels + m.astype(np.uint32).tobytes() + factor + construction.astype(np.uint32).tobytes()
    ground = np.frombuffer(content, np.uint8, count * size, 96).reshape(count, size)
    # Each record ends with its label: 8 bytes there, 4 here.
    with open(path.with_suffix(".part"), "wb") as file:
        file.write(header)
        file.write(np.ascontiguousarray(ground[:, : label_offset + 4]).tobytes())
        file.write(content[96 + count * size :])
    path.with_suffix(".part").rename(path)
    return path
