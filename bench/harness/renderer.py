"""How much memory a tab holds, workers included, as the system counts it (Linux)."""

import re
from pathlib import Path


def held(driver: int) -> float | None:
    """Megabytes that only the largest renderer holds of those that were started by this process, or by one that it started; none
    where the system does not say."""
    parents = {int(status.parent.name): parent(status) for status in Path("/proc").glob("[0-9]*/status")}

    def is_of(process: int | None) -> bool:
        return process == driver or (bool(process) and is_of(parents.get(process)))

    sizes = [private(process) for process in parents if is_of(process) and b"--type=renderer" in told(process, "cmdline")]
    return max(sizes, default=0) / 1e3 or None


def parent(status: Path) -> int | None:
    found = re.search(rb"^PPid:\s+(\d+)", told(int(status.parent.name), "status"), re.MULTILINE)
    return int(found[1]) if found else None


def private(process: int) -> int:
    """Kilobytes that no other process shares."""
    return sum(map(int, re.findall(rb"^Private_\w+:\s+(\d+) kB", told(process, "smaps_rollup"), re.MULTILINE)))


def told(process: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{file}").read_bytes()
    except OSError:  # It has ended, or is another user's.
        return b""
