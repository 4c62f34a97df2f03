"""A program that is watched while it runs: how long it took, and how much memory it held at most."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Seen:
    """What was seen of a program."""

    seconds: float
    # The most that it held (Linux; 0 elsewhere).
    megabytes: float
    # Its standard output, and its standard error.
    printed: str
    said: str


def watched(command: list, **variables) -> Seen:
    """Runs a program, with these variables in its environment."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=errors,
                                   env=os.environ | {name: str(value) for name, value in variables.items()})
        peak = 0
        while process.poll() is None:
            peak = max(peak, held_most(process.pid))
            time.sleep(0.005)
        seconds = time.perf_counter() - start
        out.seek(0)
        errors.seek(0)
        seen = Seen(seconds, peak / 1e3, out.read(), errors.read())
        if process.returncode != 0:
            raise RuntimeError(f"{Path(str(command[0])).name} failed: {seen.said[-2000:]}")
        return seen


def held_most(process: int) -> int:
    """Kilobytes that a running program has held at most (Linux; 0 elsewhere)."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
