"""candle as a contestant (bench/candle): which version, and what it has no quantised layers for."""

import tomllib

from .context import ROOT
from .models import Model

NO_IMAGE = "candle has quantised layers for transformers, and none for convolutions"


def version() -> str:
    """The version that the workspace pins."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return next(package["version"] for package in lock["package"] if package["name"] == "candle-core")


def has_image(model: Model) -> bool:
    """Whether it can compute the model's image tower."""
    return model.config["image"]["tower"]["kind"] == "vit"
