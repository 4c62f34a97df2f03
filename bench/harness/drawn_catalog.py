"""A catalog of drawn vectors, as a page loads it: the sample area's model and map, the cells of the vectors, and a drawn overview of them.

Of shards and details there are the names alone, with made-up digests, which a page that searches by cells does not fetch (it says that
places and addresses are missing). Indexing as many real tiles would take hours.
"""

import hashlib
import json
import math
import os
import shutil
from pathlib import Path

import numpy as np

# As `clip-rs index` divides a large catalog (crates/pipeline/src/index): items of a shard, and of a page of details.
SHARD_ITEMS, PAGE_ROWS = 16_384, 512
# Bytes of a shard's index and items, and of a page of details, about.
INDEX, ITEMS, DETAILS = 2_300_000, 100_000, 9_000
UNSEALED = "0" * 64
# As large as an overview can be (crates/catalog/src/overview.rs): squares on a side at most, and groups of cells in each.
MOST_SQUARES, GROUPS = 1024, 2
MOST_ZOOM = 24


def write(sample: Path, cells: Path, how_many_cells: int, count: int, out: Path) -> Path:
    """Writes it to the folder `out`, from the catalog `sample` and the folder with `centroids.bin` and `cells.bin`."""
    out.mkdir(exist_ok=True)
    manifest = json.loads((sample / "catalog.json").read_text())
    needed = {manifest["model"][part] for part in ("config", "text", "image", "tokenizer")}
    needed |= {page["file"] for page in manifest["tiles"]["listing"]}
    files = [file for file in manifest["files"] if file["name"] in needed]
    for file in files:
        shutil.copy(sample / file["name"], out)
    for tiles in manifest["tiles"]["folders"]:
        (out / tiles).unlink(missing_ok=True)
        (out / tiles).symlink_to(sample / tiles)
    shards = []
    for start in range(0, count, SHARD_ITEMS):
        items = min(SHARD_ITEMS, count - start)
        pages = [named("details", f"{start} {page}", DETAILS) for page in range(0, items, PAGE_ROWS)]
        index, names = named("index", f"{start}", INDEX), named("items", f"{start}", ITEMS)
        files += [index, names, *pages]
        shards.append({"count": items, "bounds": manifest["bounds"], "centroid": manifest["shards"][0]["centroid"],
                       "index": index["name"], "items": names["name"], "details": [page["name"] for page in pages],
                       "page_rows": PAGE_ROWS})
    for old in [*out.glob("centroids.*"), *out.glob("cells.*"), *out.glob("overview.*")]:
        old.unlink()
    (cells / "overview.bin").write_bytes(overview(manifest["bounds"], how_many_cells))
    centroids, blocks, seen = (kept(cells / f"{stem}.bin", stem, out) for stem in ("centroids", "cells", "overview"))
    manifest |= {"title": f"{count:,} drawn items", "shards": shards, "files": [*files, centroids, blocks, seen],
                 "cells": {"centroids": centroids["name"], "cells": blocks["name"], "overview": seen["name"]}}
    del manifest["digest"]
    text = json.dumps(manifest | {"digest": UNSEALED}, indent=2, ensure_ascii=False) + "\n"
    head, tail = text.rsplit(UNSEALED, 1)
    (out / "catalog.json").write_text(head + hashlib.sha256(text.encode()).hexdigest() + tail)
    return out


def overview(bounds: list[float], cells: int) -> bytes:
    """The overview of an area all of whose squares have items of cells that are drawn by lot."""
    west, south, east, north = bounds
    across = lambda lng: (lng + 180) / 360
    down = lambda lat: (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    edges = [across(west), across(east), down(north), down(south)]
    longest = max(edges[1] - edges[0], edges[3] - edges[2])
    zoom = min(int(math.log2(MOST_SQUARES / longest)), MOST_ZOOM)
    left, right, top, bottom = (round(edge * 2**zoom) for edge in edges)
    y, x = (axis.ravel() for axis in np.mgrid[top:bottom, left:right])
    shift = max(0, (cells - 1).bit_length() - 16)
    last = (cells - 1) >> shift
    first = np.random.default_rng(0).integers(last, size=len(x))
    groups = np.stack([first, np.minimum(first + 1 + first % 7, last)], 1).astype("<u2")
    columns = [
        ("grid", numbers([zoom, shift])),
        ("y", numbers(steps(y))),
        ("x", numbers(steps(x))),
        ("groups", numbers(np.full(len(x), GROUPS))),
        ("group", groups.tobytes()),
    ]
    head = b"".join(numbers([len(name)]) + name.encode() + numbers([len(content)]) for name, content in columns)
    return b"CRSOVER1" + numbers([len(x), len(columns)]) + head + b"".join(content for _, content in columns)


def steps(values: np.ndarray) -> np.ndarray:
    """From each value to the next, signs in the last bit."""
    differences = np.diff(values, prepend=0)
    return (differences << 1) ^ (differences >> 63)


def numbers(values) -> bytes:
    """Seven bits a byte, the lowest first; all but a number's last byte have the eighth bit."""
    out = bytearray()
    for value in map(int, values):
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)
    return bytes(out)


def named(stem: str, what: str, size: int) -> dict:
    """The reference of a file that is not there."""
    digest = hashlib.sha256(f"{stem} {what}".encode()).hexdigest()
    return {"name": f"{stem}.{digest[:16]}.bin", "bytes": size, "sha256": digest}


def kept(file: Path, stem: str, out: Path) -> dict:
    """The reference of a file, which is put into the catalog."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    name = f"{stem}.{digest[:16]}.bin"
    os.link(file, out / name)
    return {"name": name, "bytes": file.stat().st_size, "sha256": digest}
