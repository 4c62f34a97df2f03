"""Map tiles of one zoom, as many as wanted: tiles of the sample area, turned, mirrored and shifted, so that no two are the
same. Drawing so many takes an hour; whoever measures what comes after wants them sooner."""

import shutil
from itertools import product
from pathlib import Path

from PIL import Image, ImageChops, ImageOps

from . import pictures
from .context import Context

ZOOM, WEST, NORTH = 17, 20_900, 50_600
DRAWN = 512
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


def other(picture: Image.Image, angle: int, mirrored: bool, shift: int) -> Image.Image:
    picture = picture.rotate(angle)
    picture = ImageOps.mirror(picture) if mirrored else picture
    return ImageChops.offset(picture, shift, shift)


def tiles(place: Path) -> list[Path]:
    """The files of the folder, which are its items."""
    return sorted(path for path in (place / str(ZOOM)).rglob("*") if path.is_file())
