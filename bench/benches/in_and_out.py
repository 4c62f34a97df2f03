"""Imagery in from a tile service and catalogs out to other tools: `clip-rs fetch` beside curl on the same server, and `clip-rs export`."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import site
from harness.context import Context
from harness.rows import Mismatch, Row, measured
from harness.watched import watched

ROUNDS = 5
AT_ONCE = 16
OURS = "clip-rs fetch"
# More than any machine gives, so that the pace is not what is measured.
PACE = 1_000_000
FORMATS = {"geoparquet": "catalog.parquet", "stac": "stac", "geojson": "catalog.geojson", "csv": "catalog.csv",
           "kml": "catalog.kml", "pmtiles": "catalog.pmtiles"}


def run(context: Context) -> list[Row]:
    return [*fetching(context), exporting(context)]


def fetching(context: Context) -> list[Row]:
    curl = shutil.which("curl")
    manifest = json.loads((context.catalog / "catalog.json").read_text())
    zoom = manifest["tiles"]["maxzoom"]
    paths = sorted(context.catalog.glob(f"tiles-*/{zoom}/*/*.*"))
    tiles = [path.relative_to(path.parents[2]) for path in paths if path.suffix in (".jpg", ".webp", ".png")]
    west, south, east, north = manifest["bounds"]
    # A little inside, so that no tile beyond the edge is asked for.
    inside = 1e-7
    area = ",".join(str(edge) for edge in (west + inside, south + inside, east - inside, north - inside))
    speeds, memory = {OURS: [], "curl": []}, {}
    with site.serve(context) as server:
        tile_url = f"{server.url.rstrip('/')}/catalog/tiles/{{z}}/{{x}}/{{y}}"
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as place:
                seen = watched([context.clip_rs, "fetch", "--source", tile_url, "--area", area, "--zoom", zoom, "--pace", PACE,
                                "--at-once", AT_ONCE, "--yes", "--out", Path(place) / "area.pmtiles"])
                fetched = int(re.search(r"pmtiles: ([\d,]+) tile", seen.printed)[1].replace(",", ""))
                if fetched != len(tiles):
                    raise Mismatch(f"{fetched} tiles were fetched, and the server has {len(tiles)}")
                speeds[OURS].append(fetched / seen.seconds)
                memory[OURS] = seen.megabytes
            if curl is None:
                continue
            with tempfile.TemporaryDirectory() as place:
                wanted = Path(place) / "wanted"
                lines = []
                for tile in tiles:
                    z, x, y = tile.with_suffix("").parts
                    lines += [f'url = "{tile_url.format(z=z, x=x, y=y)}"', f'output = "{place}/{z}-{x}-{y}"']
                wanted.write_text("\n".join(lines))
                seen = watched([curl, "--silent", "--fail", "--parallel", "--parallel-max", AT_ONCE, "--config", wanted])
                came = sum(1 for path in Path(place).iterdir() if path != wanted)
                if came != len(tiles):
                    raise Mismatch(f"curl fetched {came} tiles of {len(tiles)}")
                speeds["curl"].append(came / seen.seconds)
                memory["curl"] = seen.megabytes
    ours = measured(OURS, speeds[OURS], **{"peak MB": round(memory[OURS])})
    peers = []
    if curl:
        version = subprocess.run([curl, "--version"], capture_output=True, text=True).stdout.split()[1]
        peers = [measured("curl", speeds["curl"], version, **{"peak MB": round(memory["curl"])})]
    return [Row("in-and-out", f"{len(tiles)} tiles, {AT_ONCE} requests at once", "tiles/s", [ours], peers, better="higher",
                note="From clip-rs-server on the same machine, which takes its share of the processors; the whole command. Ours looks "
                     "into each picture, notes what came in a journal that survives being killed, and writes an archive; curl "
                     "writes a file a tile.")]


def exporting(context: Context) -> Row:
    items = sum(shard["count"] for shard in json.loads((context.catalog / "catalog.json").read_text())["shards"])
    each = []
    for format, name in FORMATS.items():
        speeds, megabytes = [], 0.0
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as place:
                seen = watched([context.clip_rs, "export", context.catalog, "--format", format, "--out", Path(place) / name])
                speeds.append(items / seen.seconds)
                megabytes = max(megabytes, seen.megabytes)
        each.append(measured(f"clip-rs export --format {format}", speeds, **{"peak MB": round(megabytes)}))
    return Row("in-and-out", f"a catalog of {items} items", "items/s", each, better="higher",
               note="The whole command, the check of each file's digest included. No peer: nobody else reads catalogs.")
