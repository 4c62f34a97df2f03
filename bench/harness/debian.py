"""Programs of Debian packages: those that are installed, else unpacked into the work folder, without root."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .context import Context, run


@dataclass
class Program:
    """A program, and the environment that it finds its libraries in."""

    path: Path
    environment: dict[str, str]


def program(context: Context, path: str, packages: list[str]) -> Program:
    """The program that lies at `path` in the first of `packages`; the others hold its libraries."""
    installed = shutil.which(Path(path).name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if installed:
        return Program(Path(installed), dict(os.environ))
    root = context.folder("debian")
    if not (root / path).exists():
        run("env", f"--chdir={root}", "apt-get", "download", *packages)
        for package in packages:
            for archive in root.glob(f"{package}_*.deb"):
                run("dpkg", "-x", archive, root)
    libraries = [str(folder) for folder in root.glob("usr/lib/*-linux-gnu*")]
    return Program(root / path, os.environ | {"LD_LIBRARY_PATH": ":".join(libraries)})
