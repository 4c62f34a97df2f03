"""Pictures that everybody may have: tiles of a synthetic sample area, drawn by `clip-rs sample` from a seed."""

import shutil
from pathlib import Path

from .context import Context, run

SEED = 23
# Tiles on a side; those of the deepest zoom are the pictures.
SIDE = 24


def folder(context: Context, count: int) -> Path:
    """A folder of `count` pictures."""
    wanted = context.folder("pictures") / str(count)
    if wanted.exists():
        return wanted
    sample = context.work / "sample"
    if not (sample / "tiles").exists():
        shutil.rmtree(sample, ignore_errors=True)
        run(context.clip_rs, "sample", "--out", sample, "--seed", SEED, "--size", SIDE)
    deepest = max((sample / "tiles").iterdir(), key=lambda level: int(level.name) if level.name.isdigit() else -1)
    tiles = sorted(path for path in deepest.rglob("*") if path.suffix in (".jpg", ".png", ".webp"))
    if len(tiles) < count:
        raise RuntimeError(f"the sample area has {len(tiles)} pictures, {count} are wanted")
    part = wanted.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    # Evenly over the area, so that all kinds of ground are among them.
    for number in range(count):
        tile = tiles[number * len(tiles) // count]
        shutil.copyfile(tile, part / f"{number:04}{tile.suffix}")
    part.rename(wanted)
    return wanted
