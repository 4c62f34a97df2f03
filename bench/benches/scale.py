"""Searching very many places from one file on a static host: what a query fetches, and how much of the truth that finds.

No peer can be installed here that searches static files; what hypvector says of itself is in the note.
"""

import json

import numpy as np

from harness import context as programs
from harness import features, vectors
from harness.context import Context
from harness.rows import Measure, Row, measured, single
from harness.vectors import DEPTH, Vectors

from . import scale_visit
from .scale_visit import BYTES_A_MS, LATENCY_MS

# Vectors, their components, and whether they are measured only when asked for what takes long.
CASES = [(100_000, 64, False), (100_000, 384, False), (1_000_000, 64, False), (1_000_000, 384, True), (10_000_000, 64, True)]
# Items of the catalogs that a page visits, and of the one of which it holds the memory.
VISITED = [1_000_000, 10_000_000]
WATCHED = 10_000_000
VISITED_DIM = 64
# Bits of a component that are compared; the first is the one that `clip-rs index` takes, and the only one of what takes long.
BITS = {64: [8, 7, 6], 384: [6, 5, 4]}
# Bytes of the most promising cells, most requests, widest gap that is read along. The third is the page's own for cells of up to 128 MiB
# together, the fourth for more; the last is that of a search in an area.
BUDGETS = ["300000,20,8000", "600000,20,8000", "1200000,20,8000", "2400000,20,8000", "4800000,20,8000", "4800000,60,8000"]
# Bits that are compared on what other networks see in real pictures, and a budget of all there is: what is missed then is rounding.
OF_FEATURES = [8, 6, 4]
EVERYTHING = "1000000000,20,8000"
HYPVECTOR = (
    "hypvector's own figures, of its own vectors: 100,000 x 384: 5.5 MB, 91 requests, recall@10 .91; 1 million x 1024: 17.8 MB, "
    "118 requests, .89; 3.2 million: 68 MB, 274 requests, .92."
)


def run(context: Context) -> list[Row]:
    rows = []
    catalogs = {}
    for count, dim, is_large in CASES:
        if is_large and not context.large:
            continue
        items = vectors.of(context, count, dim)
        size = f"{count:,} x {dim}"
        built, cells = [], {}
        for bits in BITS[dim][:1] if is_large else BITS[dim]:
            folder = items.folder / f"cells-{bits}"
            told = json.loads(programs.run(context.native, "cells", items.items_path, dim, bits, folder))
            facts = {"MB": round(told["cells_bytes"] / 1e6, 1), "MB of centroids": round(told["centroids_bytes"] / 1e6, 2),
                     "cells": told["cells"]}
            cells[bits] = told["cells"]
            built.append(single(f"{bits} bits a component", told["seconds"], **facts))
            asked = json.loads(
                programs.run(context.native, "ask", folder, items.queries_path, dim, DEPTH, *BUDGETS)
            )
            measures = [found(items, budget, answer) for budget, answer in zip(BUDGETS, asked, strict=True)]
            rows.append(Row("scale", f"{size}, {bits} bits, computing", "ms", measures, note=NOTE + " " + HYPVECTOR))
        rows.append(Row("scale", f"{size}, making the cells", "s", built,
                        note="k-means on one thread, assigning on all, writing on one."))
        if context.large and count in VISITED and dim == VISITED_DIM:
            bits = BITS[dim][0]
            catalogs[count] = scale_visit.catalog_of(context, count, items.folder / f"cells-{bits}", cells[bits])
        if count == WATCHED:
            rows += scale_visit.rows(context, count, catalogs[count])
    if catalogs:
        rows += scale_visit.first_searches(context, catalogs)
    return rows + of_features(context)


def of_features(context: Context) -> list[Row]:
    """The same for real pictures as networks see them that are not ours."""
    items = features.of(context)
    if items is None:
        return []
    components = features.spectrum(items.items(), 0.95)
    rows, budgets = [], [*BUDGETS[:3], EVERYTHING]
    for bits in OF_FEATURES:
        folder = items.folder / f"cells-{bits}"
        programs.run(context.native, "cells", items.items_path, items.dim, bits, folder)
        asked = json.loads(
            programs.run(context.native, "ask", folder, items.queries_path, items.dim, DEPTH, *budgets)
        )
        measures = [found(items, budget, answer) for budget, answer in zip(budgets, asked, strict=True)]
        note = (f"The features of {items.count:,} real aerial pictures by three networks for mobile devices (MobileNetEdgeTPU and "
                f"MobileNetV2, the first 384 principal components of their 3,840), asked with {len(items.queries())} others; {components} of their own directions carry 95 % of their energy.")
        rows.append(Row("scale", f"real pictures, other networks, {items.count:,} x {items.dim}, {bits} bits", "ms", measures, note=note))
    return rows


NOTE = (
    f"Beside the milliseconds: what is fetched, in how many requests, which all go out at once (the centroids were fetched when the "
    f"catalog was opened, so the cells need one round trip, and places and addresses of the hits a second), the whole on a network "
    f"of {LATENCY_MS} ms a request and 50 Mbit/s, the share of the true nearest that is found, and the share of the true ten that is "
    f"among the first {DEPTH}: no second reading of those, however exact, could find more. " + vectors.DESCRIPTION
)


def found(items: Vectors, budget: str, answer: dict) -> Measure:
    megabytes = float(np.mean(answer["bytes"])) / 1e6
    whole = LATENCY_MS + megabytes * 1e6 / BYTES_A_MS + float(np.median(answer["ms"]))
    facts = {
        "MB": round(megabytes, 2), "requests": round(float(np.mean(answer["requests"])), 1), "on a network, ms": round(whole),
        "recall@10": items.recall(answer["ordinals"], 10), f"recall@{DEPTH}": items.recall(answer["ordinals"], DEPTH),
        f"ten among {DEPTH}": items.recalled(answer["ordinals"], 10),
    }
    size, requests, _ = map(int, budget.split(","))
    return measured(f"budget {size / 1e6:g} MB, {requests} requests", answer["ms"], **facts)
