"""Headless Chromium by the WebDriver protocol, and the local server of what its pages load. Standard library only.

A bench's JavaScript is a module in bench/pages; `Page.call` awaits one of its functions and returns the answer.
"""

import http.server
import json
import mimetypes
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from .context import ROOT, Context

# As the end-to-end tests start it; alone with its clock, which is finer on an isolated page.
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]
TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
# Longest wait for one answer of a page, seconds.
PATIENCE = 300


class BrowserError(Exception):
    """What the browser or a page in it complained of."""


class Files(http.server.SimpleHTTPRequestHandler):
    """Hands out files of a few folders, each under a name of its own."""

    folders: dict[str, Path] = {}

    def translate_path(self, path: str) -> str:
        name, _, rest = path.split("?")[0].lstrip("/").partition("/")
        folder = self.folders.get(name)
        return str(folder / rest) if folder and ".." not in rest else "/nonexistent"

    def guess_type(self, path: str) -> str:
        return TYPES.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"

    def end_headers(self):
        # Isolation gives performance.now its full resolution of 5 microseconds.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_):
        pass


def serve(context: Context, more: dict[str, Path]) -> tuple[http.server.ThreadingHTTPServer, str]:
    folders = {"pages": ROOT / "bench" / "pages", "npm": context.npm, "made": context.work}
    folders["rs-small"] = ROOT / "models" / "rs-small"
    folders |= {wasm_path(name): folder for name, folder in context.wasm.items()} | more
    handler = type("BenchFiles", (Files,), {"folders": folders})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def wasm_path(name: str) -> str:
    """`ours (relaxed SIMD)` -> `wasm-relaxed`: where the page finds that build."""
    return "wasm-relaxed" if "relaxed" in name else "wasm-simd128"


class Page:
    """One tab."""

    def __init__(self, driver: str, session: str, site: str, driver_process: int):
        self.driver, self.session, self.site, self.driver_process = driver, session, site, driver_process

    def command(self, method: str, path: str, body: dict | None = None):
        return request(method, f"{self.driver}/session/{self.session}/{path}", body)

    def fresh(self):
        """An empty document: nothing that was loaded before takes memory any more."""
        self.command("POST", "url", {"url": f"{self.site}/pages/page.html"})

    def call(self, module: str, function: str, *arguments):
        """`await (await import(module))[function](...arguments)`, in the page."""
        script = """
            const [module, name, args, done] = arguments;
            import(`/pages/${module}`).then(module => module[name](...args))
                .then(value => done({ value: value ?? null }))
                .catch(error => done({ error: `${error?.message ?? error}\\n${error?.stack ?? ""}` }));"""
        answer = self.command("POST", "execute/async", {"script": script, "args": [module, function, list(arguments)]})
        if "error" in answer:
            raise BrowserError(f"{module}, {function}: {answer['error'].strip()[:2000]}")
        return answer["value"]


def request(method: str, url: str, body: dict | None = None):
    data = json.dumps(body or {}).encode() if method == "POST" else None
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE + 60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        told = json.load(error)["value"]
        raise BrowserError(f"{told['error']}: {told['message'][:1000]}") from None


@contextmanager
def page(context: Context, **folders: Path):
    """A fresh browser with one tab. `folders` are served by their names, beside those of every bench."""
    server, site = serve(context, folders)
    port = free_port()
    profile = tempfile.mkdtemp(prefix="clip-rs-bench-")
    driver = subprocess.Popen([context.chromedriver, f"--port={port}"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    session = None
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(base)
        options = {"binary": str(context.chromium), "args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        session = request("POST", f"{base}/session", wanted)["sessionId"]
        tab = Page(base, session, site, driver.pid)
        tab.command("POST", "timeouts", {"script": PATIENCE * 1000, "pageLoad": 60_000})
        tab.fresh()
        yield tab
    finally:
        if session:
            try:
                request("DELETE", f"{base}/session/{session}")
            except (BrowserError, OSError):
                pass  # It has died already, which the error under way tells.
        driver.terminate()
        driver.wait()
        server.shutdown()
        shutil.rmtree(profile, ignore_errors=True)


def wait_for(driver: str):
    for _ in range(200):
        try:
            if request("GET", f"{driver}/status")["ready"]:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise BrowserError("chromedriver did not start within 20 s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
