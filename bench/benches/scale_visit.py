"""A visit of a catalog of very many items: until it can be searched, and how much memory page and workers hold."""

import time
from dataclasses import replace
from pathlib import Path

from harness import browser, drawn_catalog, renderer, sentences, site, slow
from harness.context import Context
from harness.rows import Measure, Row, measured, single

from .page import call, go

# Until what a page leaves behind while it loads, or answers, has been let go of.
REST_SECONDS = 3
# Added to every request, milliseconds, and bytes a millisecond (50 Mbit/s) of the network that a visit is slowed down to.
LATENCY_MS, BYTES_A_MS = 20, 6250


# Visits of each catalog until its first search, in turn.
ROUNDS = 5


def catalog_of(context: Context, count: int, cells: Path, how_many_cells: int) -> Path:
    """A catalog with the cells in this folder."""
    return drawn_catalog.write(context.catalog, cells, how_many_cells, count, cells.parent / "catalog")


def first_searches(context: Context, catalogs: dict[int, Path]) -> list[Row]:
    """What a visitor waits for and fetches until the first search can be made, and for the first search, in large catalogs and in the
    sample county, in turn."""
    every = {"the sample county": context.catalog} | {f"{count:,} items": path for count, path in catalogs.items()}
    usable: dict[str, list[float]] = {name: [] for name in every}
    before: dict[str, list[dict]] = {}
    after: dict[str, list[dict]] = {}
    for _ in range(ROUNDS):
        for name, catalog in every.items():
            with site.serve(replace(context, catalog=catalog), logs=True) as served, browser.page(context) as tab:
                go(tab, served.url)
                usable[name].append(call(tab, "visit")["usable"])
                time.sleep(REST_SECONDS)
                before[name] = served.requests()
                call(tab, "queries", sentences.QUERIES[:1], False)
                time.sleep(REST_SECONDS)
                after[name] = served.requests()[len(before[name]):]

    def fetched(requests: dict[str, list[dict]]) -> list[Measure]:
        return [single(name, sum(request.get("bytes") or 0 for request in of) / 1e6, requests=len(of)) for name, of in requests.items()]

    return [
        Row("scale", "from opening the page until it can be searched", "ms", [measured(name, times) for name, times in usable.items()],
            note="Over loopback, without a network, each with an empty cache."),
        Row("scale", "fetched until then, the map among it", "MB", fetched(before)),
        Row("scale", "fetched for the first search, with pictures", "MB", fetched(after),
            note="Of the drawn catalogs cells alone: there are no places, addresses and pictures of so many items."),
    ]


def rows(context: Context, count: int, catalog: Path) -> list[Row]:
    """Of this catalog of so many items."""
    case = f"a visit of {count:,} items"
    slowly = f"{LATENCY_MS} ms a request and 50 Mbit/s"
    with site.serve(replace(context, catalog=catalog)) as served, browser.page(context) as tab:
        go(tab, served.url)
        usable = call(tab, "visit")["usable"]
        time.sleep(REST_SECONDS)
        ready = renderer.held(tab.driver_process)
        pixels = call(tab, "queries", sentences.QUERIES, False)
        time.sleep(REST_SECONDS)
        searched = renderer.held(tab.driver_process)
        layer = call(tab, "layer")
        time.sleep(REST_SECONDS)
        painted = renderer.held(tab.driver_process)
    with (
        site.serve(replace(context, catalog=catalog)) as served,
        slow.network(served.url, LATENCY_MS, BYTES_A_MS) as url,
        browser.page(context) as tab,
    ):
        go(tab, url)
        usable_slowly = call(tab, "visit")["usable"]
        time.sleep(REST_SECONDS)
        pixels_slowly = call(tab, "queries", sentences.QUERIES, False)
    states = [("ready", ready), (f"after {len(pixels)} searches", searched), ("with the layer of the whole", painted)]
    memory = [single(name, size) for name, size in states if size]
    return [
        Row("scale", f"{case}: usable", "ms", [single("ours", usable)], note="Over loopback, without a network."),
        Row("scale", f"{case}: query to pixels", "ms", [measured("ours", pixels)]),
        Row("scale", f"{case}: usable, {slowly}", "ms", [single("ours", usable_slowly)]),
        Row("scale", f"{case}: query to pixels, {slowly}", "ms", [measured("ours", pixels_slowly)],
            note="Waited for, through a proxy in between (HTTP/1.1: six requests at once)."),
        Row("scale", f"{case}: layer of the whole", "ms", [single("ours", layer)], note="The explorer's start and the overview are part of it."),
        Row("scale", f"{case}: memory of page and workers", "MB", memory,
            note="What the renderer's process holds alone. The catalog has the drawn cells, and of shards and details the names."),
    ]
