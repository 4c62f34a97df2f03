"""What each stage of `clip-rs index` takes beside what bounds it, and the memory of the whole, for areas of two sizes:
what it holds must not grow with the number of tiles, with the threads or with the size of a picture."""

import hashlib
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import PIL
from PIL import Image

from harness import area, large
from harness.context import ROOT, Context, run as run_program
from harness.rows import Measure, Row, measured, single
from harness.watched import Seen, watched

# Tiles on a side.
SIDES = (45, 90)
# Of areas with more tiles than an index has that is built at once.
SMALL_SIDES = (240, 320)
THREADS = 2
ROUNDS = 3
MODEL = ROOT / "models" / "rs-small"
# Stages by what the command calls them on its standard error, and the parts of these.
STAGES = {
    "reading, hashing, decoding, preparing": ("Embedding tiles", "reading"),
    "embedding": ("Embedding tiles", "embedding"),
    "names of places": ("Building the index", "places"),
    "the graph of neighbours": ("Building the index", "graph"),
    "near-duplicates": ("Building the index", "duplicates"),
    "overviews for the map": ("Making overviews", None),
    "compressing and writing the index": ("Building the index", "writing"),
    "writing tiles to the disk": ("Writing pictures", None),
}
AGAIN = "reading and hashing, vectors kept"
WHOLE = "the whole command, catalog made"
WHOLE_AGAIN = "the whole command, catalog and vectors kept"
# What bounds which stage.
COPY, SYNCED, HASH, DECODE, TOWER = "a plain copy", "a copy, each file synced", "SHA-256", "Pillow", "the tower alone"
# What a processor without AVX2 takes, and any that has nothing but plain Rust.
NARROW = {"the tower alone, without AVX2": "SSE2", "the tower alone, in plain Rust": "portable"}
BOUNDS = {
    "reading, hashing, decoding, preparing": [COPY, HASH, DECODE],
    AGAIN: [COPY, HASH],
    "embedding": [TOWER, *NARROW],
    "writing tiles to the disk": [SYNCED],
}
Speeds = dict[str, list[float]]


def run(context: Context) -> list[Row]:
    areas = [area.folder(context, side) for side in SIDES]
    ours: list[Speeds] = [{} for _ in areas]
    peaks: list[list[float]] = [[] for _ in areas]
    bounds: Speeds = {}
    for _ in range(ROUNDS):
        for folder, speeds, held in zip(areas, ours, peaks, strict=True):
            held.append(index_twice(context, folder, speeds))
        for name, speed in bounding(context, areas[-1]):
            bounds.setdefault(name, []).append(speed)
    names = [named(len(area.tiles(folder))) for folder in areas]
    rows = []
    for stage in [*STAGES, AGAIN, WHOLE, WHOLE_AGAIN]:
        each = [measured(name, speeds[stage]) for name, speeds in zip(names, ours, strict=True) if stage in speeds]
        peers = [measured(name, bounds[name], version(name)) for name in BOUNDS.get(stage, []) if name in bounds]
        rows.append(Row("stages", stage, "tiles/s", each, peers, better="higher", note=NOTES.get(stage, "")))
    rows += [memory_of_tiles("most memory, tiles", areas, peaks), *memory_of_large(context)]
    if context.large:
        small = [area.of_small_tiles(context, side) for side in SMALL_SIDES]
        with tempfile.TemporaryDirectory(dir=context.work) as place:
            peaks = [[index(context, "--tiles", each, Path(place) / each.name).megabytes] for each in small]
        rows.append(memory_of_tiles(f"most memory, tiles of {area.SMALL} pixels", small, peaks))
    return rows


HELD = ("VmHWM of the first run. Code, model and tables of places are held whatever there is to index, and the index of at "
        "most 50,000 items (a shard; 16,384 where a catalog has cells) while it is built; of each other tile only where it lies and what it is called.")
NOTES = {
    "reading, hashing, decoding, preparing": f"{THREADS} threads. The copy and the hashes take one thread, Pillow "
    f"(libjpeg-turbo) {THREADS} processes; ours does all of it, and writes the tile into the catalog's folder, unsynced.",
    "embedding": f"{THREADS} threads, batches of 8, rs-small.",
    "names of places": "One thread, from tables in memory; loading the table of places is in the whole.",
    "the graph of neighbours": f"{THREADS} threads; an index is the same on any number of them. It grows a little faster than its items.",
}


def named(count: int) -> str:
    return f"ours ({count:,} tiles)"


def version(bound: str) -> str:
    return PIL.__version__ if bound == DECODE else ""


def index_twice(context: Context, folder: Path, speeds: Speeds) -> float:
    """Indexes into a new catalog, and again. Adds the tiles a second of each stage; returns the peak in megabytes."""
    count = len(area.tiles(folder))

    def add(stage: str, seconds: float | None):
        if seconds:
            speeds.setdefault(stage, []).append(count / seconds)

    with tempfile.TemporaryDirectory(dir=context.work) as place:
        first, again = (index(context, "--tiles", folder, Path(place) / "catalog") for _ in range(2))
    taken = times(first.said)
    for stage, key in STAGES.items():
        add(stage, taken.get(key))
    add(AGAIN, times(again.said).get(("Embedding tiles", "reading")))
    add(WHOLE, first.seconds)
    add(WHOLE_AGAIN, again.seconds)
    return first.megabytes


def index(context: Context, kind: str, source: Path, catalog: Path, threads: int = THREADS) -> Seen:
    return watched([context.clip_rs, "index", kind, source, "--model", MODEL, "--out", catalog], RAYON_NUM_THREADS=threads)


def times(said: str) -> dict[tuple[str, str | None], float]:
    """Seconds of each step that the command tells of, and of its parts."""
    found: dict[tuple[str, str | None], float] = {}
    for step, seconds, parts in re.findall(r"^(.+): \d+ in ([\d.]+) s(?: \((.+)\))?$", said, re.MULTILINE):
        found[step, None] = float(seconds)
        for part in filter(None, parts.split(", ")):
            name, taken, _ = part.rsplit(" ", 2)
            found[step, name] = float(taken)
    return found


def bounding(context: Context, folder: Path) -> Iterator[tuple[str, float]]:
    """What bounds the stages, in tiles a second, over the area's tiles."""
    files = area.tiles(folder)

    def speed(work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        return len(files) / (time.perf_counter() - start)

    for name, synced in [(COPY, False), (SYNCED, True)]:
        with tempfile.TemporaryDirectory(dir=context.work) as place:
            yield name, speed(lambda: copy(files, Path(place), synced))
    yield HASH, speed(lambda: [hashlib.sha256(path.read_bytes()).digest() for path in files])
    with ProcessPoolExecutor(THREADS) as pool:
        list(pool.map(decode, files[:THREADS]))
        yield DECODE, speed(lambda: list(pool.map(decode, files, chunksize=64)))
    # Kernels are named as on x86-64; other processors have others.
    kernels = NARROW if platform.machine() == "x86_64" else {}
    for name, kernel in [(TOWER, []), *((name, [kernel]) for name, kernel in kernels.items())]:
        told = json.loads(run_program(context.native, "tower", MODEL, len(files), THREADS, *kernel))
        yield name, told["pictures"] / told["seconds"]


def copy(files: list[Path], place: Path, synced: bool):
    for number, path in enumerate(files):
        with open(place / str(number), "wb") as out:
            out.write(path.read_bytes())
            if synced:
                out.flush()
                os.fsync(out.fileno())


def decode(path: Path):
    Image.open(path).convert("RGB")


def memory_of_tiles(case: str, areas: list[Path], peaks: list[list[float]]) -> Row:
    counts = [len(area.tiles(folder)) for folder in areas]
    each = [measured(named(count), held) for count, held in zip(counts, peaks, strict=True)]
    each[-1].facts["bytes a tile more"] = round((each[-1].median - each[0].median) * 1e6 / (counts[-1] - counts[0]))
    return Row("stages", case, "MB", each, note=HELD)


def memory_of_large(context: Context) -> list[Row]:
    photographs, raster = large.photographs(context), large.geotiff(context)
    width, height = large.PHOTOGRAPH
    case = f"most memory, {large.PHOTOGRAPHS} photographs of {width * height // 10**6} megapixels"
    rows = [Row("stages", case, "MB", [peak(context, "--images", photographs, threads) for threads in (1, 2, 4)])]
    width, height = large.GEOTIFF
    case = f"most memory, a GeoTIFF of {width:,} x {height:,} pixels"
    return [*rows, Row("stages", case, "MB", [peak(context, "--tiles", raster, THREADS)])]


def peak(context: Context, kind: str, source: Path, threads: int) -> Measure:
    with tempfile.TemporaryDirectory(dir=context.work) as place:
        seen = index(context, kind, source, Path(place) / "catalog", threads)
    count = f"{threads} thread{'s' if threads > 1 else ''}"
    return single(f"ours ({count})", seen.megabytes, seconds=round(seen.seconds, 1))
