"""Imagery that is large in pixels, drawn from a seed: photographs of 24 megapixels, and a GeoTIFF."""

from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin

from .context import Context

SEED = 5
PHOTOGRAPHS, PHOTOGRAPH = 12, (6000, 4000)
GEOTIFF = (8000, 8000)
# Web Mercator metres: a pixel, and the corner in the north-west.
PIXEL, CORNER = 0.6, (-13_625_000.0, 4_548_000.0)
# GeoTIFF's tags (OGC 19-008): size of a pixel, a point tied to the ground, and the keys that name EPSG:3857.
PIXEL_SCALE, TIE_POINT, KEYS = 33550, 33922, 34735
WEB_MERCATOR = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 3857)


def photographs(context: Context) -> Path:
    """A folder of JPEG files."""
    folder = context.folder("photographs")
    for number in range(PHOTOGRAPHS):
        path = folder / f"{number:02}.jpg"
        if not path.exists():
            save(drawn(PHOTOGRAPH, SEED + number), path, quality=90)
    return folder


def geotiff(context: Context) -> Path:
    path = context.folder("geotiff") / "area.tif"
    if not path.exists():
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        for tag, kind, value in [(PIXEL_SCALE, 12, (PIXEL, PIXEL, 0.0)), (TIE_POINT, 12, (0.0, 0.0, 0.0, *CORNER, 0.0)),
                                 (KEYS, 3, WEB_MERCATOR)]:
            tags.tagtype[tag] = kind
            tags[tag] = value
        save(drawn(GEOTIFF, SEED), path, tiffinfo=tags, compression="tiff_adobe_deflate")
    return path


def drawn(size: tuple[int, int], seed: int) -> Image.Image:
    """Coloured fields with a grain: neither flat, which decodes too fast, nor noise, which no picture is."""
    width, height = size
    dice = np.random.default_rng(seed)
    fields = dice.integers(40, 200, (height // 100, width // 100, 3), dtype=np.uint8)
    grain = dice.integers(0, 24, (500, 500, 1), dtype=np.uint8)
    grain = np.tile(grain, (height // 500, width // 500, 1))
    return Image.fromarray(np.asarray(Image.fromarray(fields).resize(size, Image.Resampling.BICUBIC)) // 2 + 64 + grain)


def save(picture: Image.Image, path: Path, **options):
    part = path.with_suffix(f".part{path.suffix}")
    picture.save(part, **options)
    part.rename(path)
