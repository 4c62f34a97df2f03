"""Map tiles over loopback, connections kept alive: clip-rs-server beside nginx, one load generator for both."""

import os
import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from harness import debian, site
from harness.browser import free_port
from harness.context import Context
from harness.debian import Program
from harness.rows import Mismatch, Row, measured

CONNECTIONS = [1, 64, 512]
ROUNDS = 7
SECONDS = 2
# What each server says in its own words, or must say itself.
OWN_HEADERS = {"accept-ranges", "connection", "content-length", "content-type", "date", "etag", "last-modified", "server"}
OURS, PEER = "clip-rs-server", "nginx"
# One request after the other through all tiles, written before the clock starts.
REQUESTS = """\
local requests, at = {}, 0
function init()
  for path in io.lines("PATHS") do requests[#requests + 1] = wrk.format("GET", path) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""
CONFIG = """\
daemon off; worker_processes {workers}; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; server_tokens off;
  default_type application/octet-stream; types {{ image/jpeg jpg; image/png png; image/webp webp; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    location /catalog/ {{
      alias {catalog}/;
      {headers}
    }}
  }}
}}
"""


def run(context: Context) -> list[Row]:
    wrk = debian.program(context, "usr/bin/wrk", ["wrk", "libluajit-5.1-2", "libluajit-5.1-common"])
    nginx = debian.program(context, "usr/sbin/nginx", ["nginx"])
    folder = context.folder("server")
    tiles = tile_paths(context.catalog)
    (folder / "paths").write_text("".join(f"{path}\n" for path in tiles))
    script = folder / "requests.lua"
    script.write_text(REQUESTS.replace("PATHS", str(folder / "paths")))
    with site.serve(context) as ours:
        headers, _ = site.get(ours.url.rstrip("/") + tiles[0])
        shared = {name: value for name, value in headers.items() if name not in OWN_HEADERS}
        with nginx_serving(nginx, context.catalog, folder, shared) as peer:
            urls = {OURS: ours.url.rstrip("/"), PEER: peer}
            sizes = check_equal(urls, tiles)
            version = re.search(r"nginx/(\S+)", told(nginx, "-v")).group(1)
            rows = [row for number in CONNECTIONS for row in load(wrk, script, urls, number, version)]
    rows[0].note = (f"{len(tiles)} tiles of {sum(sizes) / len(sizes) / 1000:.1f} kB in turn, the same headers from both, "
                    f"{os.cpu_count()} threads or worker processes each, nothing logged; wrk on one thread of the "
                    "same machine takes its share.")
    return rows


def tile_paths(catalog: Path) -> list[str]:
    """Paths of the deepest tiles, in an order that is the same each time."""
    folder, = catalog.glob("tiles-*")
    deepest = max((child for child in folder.iterdir() if child.name.isdigit()), key=lambda child: int(child.name))
    return [f"/catalog/{path.relative_to(catalog)}" for path in sorted(deepest.rglob("*.jpg"))]


@contextmanager
def nginx_serving(nginx: Program, catalog: Path, folder: Path, headers: dict[str, str]):
    """nginx with `catalog`, adding `headers` to each answer. Yields its address."""
    port = free_port()
    lines = "\n      ".join(f"add_header {name} {quoted(value)};" for name, value in headers.items())
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(workers=os.cpu_count(), folder=folder, port=port, catalog=catalog, headers=lines))
    process = subprocess.Popen([nginx.path, "-c", config, "-p", folder], env=nginx.environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def wait_for(url: str, process: subprocess.Popen):
    for _ in range(100):
        if process.poll() is not None:
            raise RuntimeError(f"nginx did not start: {process.stderr.read()[-500:]}")
        try:
            site.get(url)
        except OSError as error:  # A refusal by status is an answer.
            if getattr(error, "code", None):
                return
        time.sleep(0.1)
    raise RuntimeError("nginx did not answer within 10 s")


def check_equal(urls: dict[str, str], tiles: list[str]) -> list[int]:
    """That both send the same bytes under the same headers. Returns the tiles' lengths."""
    sizes = []
    for path in tiles:
        (ours, our_body), (theirs, their_body) = (site.get(url + path) for url in urls.values())
        compared = [name for name in ours if name not in OWN_HEADERS - {"content-length", "content-type"}]
        different = [name for name in compared if ours[name] != theirs.get(name)]
        if our_body != their_body or different:
            raise Mismatch(f"{path} differs between {' and '.join(urls)}: {different or 'its bytes'}")
        sizes.append(len(our_body))
    return sizes


def load(wrk: Program, script: Path, urls: dict[str, str], connections: int, version: str) -> list[Row]:
    """Both in turn; the first round warms up and is not counted."""
    rates, slowest = {name: [] for name in urls}, {name: [] for name in urls}
    for number in range(ROUNDS + 1):
        for name, url in urls.items():
            rate, p99 = strike(wrk, script, url, connections)
            if number > 0:
                rates[name].append(rate)
                slowest[name].append(p99)

    def row(unit: str, samples: dict[str, list[float]], better: str) -> Row:
        many = "connection" if connections == 1 else "connections"
        what = "tiles" if better == "higher" else "99 of 100 tiles"
        return Row("server", f"{what}, {connections} {many}", unit, [measured(OURS, samples[OURS])],
                   [measured(PEER, samples[PEER], version)], better=better)

    return [row("requests/s", rates, "higher"), row("ms", slowest, "lower")]


def strike(wrk: Program, script: Path, url: str, connections: int) -> tuple[float, float]:
    """Requests a second, and the milliseconds within which 99 of 100 were answered."""
    said = told(wrk, "--threads", "1", "--connections", str(connections), "--duration", f"{SECONDS}s", "--latency",
                "--script", str(script), url)
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url} refused requests: {said}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def told(program: Program, *arguments: str) -> str:
    done = subprocess.run([program.path, *arguments], env=program.environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program.path.name} failed ({done.returncode}): {done.stderr[-500:] or done.stdout[-500:]}")
    return done.stdout + done.stderr
