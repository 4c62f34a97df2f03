"""The nearest of many vectors, in the browser: our index beside libraries that people take for it."""

import re

from harness import browser, vectors
from harness.browser import BrowserError, Page
from harness.context import Context
from harness.rows import Measure, Mismatch, Row, measured, quantile
from harness.vectors import DEPTH, DIM, Vectors

K = 10
# A graph that finds less is broken, not fast.
LEAST_RECALL = 0.9
# hnswlib-wasm is asked with the first of these that finds as much as ours.
EFS = [16, 24, 32, 36, 40, 44, 48, 64, 96, 128, 192, 256, 384, 512]
# Longest build in the browser, for those who can be built nowhere else; milliseconds.
BUILD_LIMIT = 60_000


def run(context: Context) -> list[Row]:
    counts = [10_000, 100_000] + ([300_000] if context.large else [])
    return [row for count in counts for row in of_count(context, vectors.of(context, count))]


def of_count(context: Context, items: Vectors) -> list[Row]:
    ours, peers = contestants(context, items)
    everyone = ours | peers
    url = f"/made/vectors/{items.count}/{items.queries_path.name}"
    with browser.page(context) as page:
        known, absent = {}, {}
        for name, contestant in everyone.items():
            try:
                if contestant["kind"] == "hnswlib":
                    contestant["file"] = graph_file(items)
                known[name] = alone(page, contestant, url, items, known)
            except (BrowserError, ImportError) as error:
                if name in ours:
                    raise
                absent[name] = re.sub(r"^search.js, \w+: ", "", str(error).splitlines()[0])
        check(known, ours)
        rows = []
        for case in ("graph", "exact"):
            chosen = {name: c for name, c in everyone.items() if c.get("exact", False) == (case == "exact")}
            timed = {name: c for name, c in chosen.items() if name in known}
            page.fresh()
            # Scans take thousands of times as long; fewer queries tell as much.
            options = {"rounds": 5, "limitMs": 15_000, "most": 200 if case == "graph" else 20}
            samples = page.call("search.js", "measure", timed, url, DIM, K, options)
            each = {name: measure_of(context, name, chosen[name], items, samples, known, absent) for name in chosen}
            rows.append(Row("search", f"{case}, {items.count // 1000}k x {DIM}, the first {K}", "ms",
                            [m for n, m in each.items() if n in ours], [m for n, m in each.items() if n in peers]))
    rows[0].note = vectors.DESCRIPTION + (
        " hnswlib-wasm is asked with the least ef that finds as much as ours; edgevec (ef 200) and voy-search as they"
        " come. Load is from the file's bytes; of edgevec, from the browser's storage.")
    return rows


def contestants(context: Context, items: Vectors) -> tuple[dict, dict]:
    """Ours and theirs, as pages/nearest.js opens them."""
    base = f"/made/vectors/{items.count}"
    index = vectors.our_index(context, items)
    ours = {}
    for name in context.wasm:
        of = {"kind": "ours", "build": browser.wasm_path(name), "file": f"{base}/{index.name}"}
        ours[name] = of
        ours[name.replace("ours", "ours, exact")] = of | {"exact": True}
    all_items = {"file": f"{base}/{items.items_path.name}", "count": items.count, "dim": DIM}
    peers = {
        "hnswlib-wasm": {"kind": "hnswlib", "count": items.count, "dim": DIM, "ef": EFS[-1]},
        "edgevec": all_items | {"kind": "edgevec", "name": f"edgevec-{items.count}", "limitMs": BUILD_LIMIT},
        "voy-search": all_items | {"kind": "voy", "limitMs": BUILD_LIMIT},
        "Float32Array loop": all_items | {"kind": "loop", "exact": True},
    }
    return ours, peers


def graph_file(items: Vectors) -> dict:
    """hnswlib's index, built natively: in the browser that would take minutes."""
    graph = vectors.hnswlib_index_for_wasm(items)
    return {"name": graph.name, "url": f"/made/vectors/{items.count}/{graph.name}", "bytes": graph.stat().st_size}


def alone(page: Page, contestant: dict, url: str, items: Vectors, known: dict) -> dict:
    """Recall and costs of one contestant, on a page of its own. hnswlib-wasm is tuned to the recall of ours."""
    page.fresh()
    made = page.call("search.js", "ready", contestant) or {}
    page.fresh()
    tunings = EFS if contestant["kind"] == "hnswlib" else [None]
    told = page.call("search.js", "alone", contestant, url, DIM, [K, DEPTH], tunings)
    recalls = [{k: items.recall(found[str(k)], k) for k in (K, DEPTH)} for found in told.pop("found")]
    chosen = 0
    if tunings[0] is not None:
        wanted = next(iter(known.values()))["recall"][K]
        chosen = next((n for n, recall in enumerate(recalls) if recall[K] >= wanted), len(recalls) - 1)
        contestant["ef"] = tunings[chosen]
    return told | made | {"recall": recalls[chosen]}


def check(known: dict, ours: dict):
    for name, told in known.items():
        if name in ours and told["recall"][K] < LEAST_RECALL:
            raise Mismatch(f"{name}: recall@{K} {told['recall'][K]}, at least {LEAST_RECALL} is wanted")
    loop = known["Float32Array loop"]
    if loop["recall"][K] < 0.999:
        raise Mismatch(f"the plain loop finds {loop['recall'][K]} of the true neighbours: the files differ")


def measure_of(context: Context, name: str, contestant: dict, items: Vectors, samples: dict, known: dict,
               absent: dict) -> Measure:
    packages = {"hnswlib-wasm", "edgevec", "voy-search"}
    version = context.npm_version(name) if name in packages else ""
    if name in absent:
        return Measure(name, version, absent=absent[name])
    told = known[name]
    facts = {"p99": round(quantile(samples[name], 0.99), 3), f"recall@{K}": told["recall"][K],
             f"recall@{DEPTH}": told["recall"][DEPTH], "file MB": round(told["fileBytes"] / 1e6, 1),
             "bytes an item": round(told["fileBytes"] / items.count), "load ms": round(told["loadMs"]),
             "wasm MB": round(told["wasmBytes"] / 1e6, 1)}
    if "ef" in contestant:
        facts["ef"] = contestant["ef"]
    if "buildMs" in told:
        facts["build s"] = round(told["buildMs"] / 1000, 1)
    return measured(name, samples[name], version, **facts)
