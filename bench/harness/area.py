"""Map tiles of one zoom, as many as wanted: tiles of the sample area, turned, mirrored and shifted, so that no two are the
same. Drawing so many takes an hour; whoever measures what comes after wants them sooner."""

import shutil
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageOps

from . import pictures
from .context import Context

ZOOM, WEST, NORTH = 17, 20_900, 50_600
DRAWN = 512
SMALL = 64
WAYS = list(product((0, 90, 180, 270), (False, True), (0, 128)))


def folder(context: Context, side: int) -> Path:
    """A folder `z/x/y.jpg` of `side` times `side` tiles."""
    wanted = context.folder("areas") / str(side)
    if wanted.exists():
        return wanted
    drawn = sorted(pictures.folder(context, DRAWN).iterdir())
    if side * side > len(drawn) * len(WAYS):
        raise ValueError(f"{side} x {side} tiles cannot be made of {len(drawn)}")
    part = wanted.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    for number in range(side * side):
        way, picture = divmod(number, len(drawn))
        column, row = divmod(number, side)
        path = part / str(ZOOM) / str(WEST + column) / f"{NORTH + row}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        other(Image.open(drawn[picture]).convert("RGB"), *WAYS[way]).save(path, quality=85)
    part.rename(wanted)
    return wanted


def of_small_tiles(context: Context, side: int) -> Path:
    """A folder like `folder`'s of tiles with `SMALL` pixels a side, soft patches of random colours: there can be any number."""
    wanted = context.folder("areas") / f"{side}-small"
    if wanted.exists():
        return wanted
    dice = np.random.default_rng(side)
    part = wanted.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    for column in range(side):
        place = part / str(ZOOM) / str(WEST + column)
        place.mkdir(parents=True)
        for row in range(side):
            patches = Image.fromarray(dice.integers(0, 256, (4, 4, 3), dtype=np.uint8))
            patches.resize((SMALL, SMALL), Image.Resampling.BICUBIC).save(place / f"{NORTH + row}.png", compress_level=1)
    part.rename(wanted)
    return wanted


def other(picture: Image.Image, angle: int, mirrored: bool, shift: int) -> Image.Image:
    picture = picture.rotate(angle)
    picture = ImageOps.mirror(picture) if mirrored else picture
    return ImageChops.offset(picture, shift, shift)


def tiles(place: Path) -> list[Path]:
    """The files of the folder, which are its items."""
    return sorted(path for path in (place / str(ZOOM)).rglob("*") if path.is_file())
