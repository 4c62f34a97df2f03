"""On which machine, with which browser and at what time: what a figure means nothing without."""

import os
import platform
import re
from pathlib import Path

from .context import Context, run


def describe(context: Context) -> dict:
    return {"processor": processor(), "cores": os.cpu_count(), "system": platform.system(),
            "instructions": instructions(), "browser": run(context.chromium, "--version").strip(),
            "python": platform.python_version()}


def cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def processor() -> str:
    named = re.search(r"^model name\s*:\s*(.+)$", cpuinfo(), re.MULTILINE)
    return named.group(1).strip() if named else platform.processor() or platform.machine()


def instructions() -> str:
    """Those of the processor's that decide how fast 8-bit products are."""
    flags = set(cpuinfo().split())
    wanted = ["avx2", "avx_vnni", "avx512bw", "avx512_vnni", "asimddp", "i8mm"]
    return ", ".join(flag for flag in wanted if flag in flags)
