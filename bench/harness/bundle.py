"""Packages from npm that are made for bundlers, as one module that a page can import."""

import subprocess
from pathlib import Path

from .context import Context


def bundle(context: Context, name: str, exports: str) -> Path:
    """`/made/bundles/NAME.js`: what the module with the text `exports` exports, bundled by esbuild."""
    out = context.folder("bundles") / f"{name}.js"
    command = ["node", context.npm / "esbuild" / "bin" / "esbuild", "--bundle", "--format=esm", "--log-level=warning",
               f"--outfile={out}"]
    done = subprocess.run(command, cwd=context.npm.parent, input=exports, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"esbuild: {done.stderr.strip()[-2000:]}")
    return out
