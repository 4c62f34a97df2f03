"""The demo as `cargo xtask demo` serves it: clip-rs-server with the built page and the sample area."""

import json
import subprocess
import threading
import urllib.request
from contextlib import contextmanager

from .context import Context


class Site:
    """A running server."""

    def __init__(self, process: subprocess.Popen):
        self.process = process
        self.url = process.stdout.readline().removeprefix("CLIP-RS is at ").strip()
        self.log: list[str] = []
        # Kept flowing, so that the server never waits for somebody to read its log.
        threading.Thread(target=lambda: self.log.extend(process.stderr), daemon=True).start()

    def requests(self) -> list[dict]:
        """What was logged of each request: `path`, `status`, `bytes`. Only of a server that logs."""
        lines = [json.loads(line) for line in list(self.log)]
        return [line for line in lines if line.get("message") == "request"]


@contextmanager
def serve(context: Context, logs: bool = False):
    command = [context.clip_rs_server, "--catalog", context.catalog, "--app", context.dist, "--bind", "127.0.0.1:0",
               "--log-format", "json", "--log-level", "info" if logs else "warn"]
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    try:
        site = Site(process)
        if not site.url:
            raise RuntimeError(f"clip-rs-server did not start: {''.join(site.log)[-500:]}")
        yield site
    finally:
        process.terminate()
        process.wait()


def get(url: str) -> tuple[dict[str, str], bytes]:
    """Headers, names in lower case, and body."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()
