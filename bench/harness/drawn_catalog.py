"""A catalog of drawn vectors, as a page loads it: the sample area's model and map, and the cells of the vectors.

Of shards and details there are the names alone, with made-up digests, which a page that searches by cells does not fetch (it says that
places and addresses are missing). Indexing as many real tiles would take hours.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

# As `clip-rs index` divides a large catalog (crates/pipeline/src/index): items of a shard, and of a page of details.
SHARD_ITEMS, PAGE_ROWS = 16_384, 512
# Bytes of a shard's index and items, and of a page of details, about.
INDEX, ITEMS, DETAILS = 2_300_000, 100_000, 9_000
UNSEALED = "0" * 64


def write(sample: Path, cells: Path, count: int, out: Path) -> Path:
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
    for old in [*out.glob("centroids.*"), *out.glob("cells.*")]:
        old.unlink()
    centroids, blocks = (kept(cells / f"{stem}.bin", stem, out) for stem in ("centroids", "cells"))
    manifest |= {"title": f"{count:,} drawn items", "shards": shards, "files": [*files, centroids, blocks],
                 "cells": {"centroids": centroids["name"], "cells": blocks["name"]}}
    del manifest["digest"]
    text = json.dumps(manifest | {"digest": UNSEALED}, indent=2, ensure_ascii=False) + "\n"
    head, tail = text.rsplit(UNSEALED, 1)
    (out / "catalog.json").write_text(head + hashlib.sha256(text.encode()).hexdigest() + tail)
    return out


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
