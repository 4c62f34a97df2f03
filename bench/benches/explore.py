"""What an explorer asks of all items at once, in the browser: every item's score, a concept from marks, groups."""

import numpy as np

from harness import browser, vectors
from harness.browser import Page
from harness.bundle import bundle
from harness.context import Context
from harness.products import product
from harness.rows import Measure, Mismatch, Row, measured, significant, single
from harness.vectors import NOISE, OTHERS, Vectors

COUNT, DIM = 100_000, 256
# Codes of 8 bits are not more precise.
MOST_APART = 0.01
# Marks of either kind, and how many of the items that are nearest to what is looked for show it.
MARKS, SHOWING = 20, 1000
# Results that are looked at.
K = 100
# Of ml-logistic-regression. More steps find no more, and slower ones need more of them.
STEPS, RATE = [10, 100, 1000], 0.1
OPTIONS = {"rounds": 25, "limitMs": 30_000, "sampleMs": 50}
GROUPS = 12
# Rounds at most, ours among them.
ITERATIONS = 25
# A contestant whose groups are wider than the best one's by more than this has found others.
WIDER = 1.05
MLJS = """
export { kmeans } from "ml-kmeans";
export { default as LogisticRegression } from "ml-logistic-regression/src/logreg_2classes.js";
export { Matrix } from "ml-matrix";
"""


def run(context: Context) -> list[Row]:
    items = vectors.of(context, COUNT, DIM)
    bundle(context, "mljs", MLJS)
    base = f"/made/vectors/{items.folder.name}"
    index = vectors.our_index(context, items).name
    ours = {name: {"kind": "ours", "build": browser.wasm_path(name), "index": f"{base}/{index}"}
            for name in context.wasm}
    with browser.page(context) as page:
        rows = [layer(context, page, items, base, ours), *concept(context, page, items, base, ours)]
    # Of its own, as it needs most of the memory that a tab may take.
    with browser.page(context) as page:
        return [*rows, groups(context, page, base, ours)]


def layer(context: Context, page: Page, items: Vectors, base: str, ours: dict) -> Row:
    version = context.npm_version("onnxruntime-web")
    loop = {"Float32Array loop": {"kind": "loop", "items": f"{base}/{items.items_path.name}"}}
    onnx = {f"onnxruntime-web {dtype}": {"kind": "onnx", "url": f"{base}/{product(items, dtype).name}"}
            for dtype in ("int8", "fp32")}
    everyone = loop | ours | onnx
    queries = f"{base}/{items.queries_path.name}"
    page.fresh()
    apart = page.call("explore.js", "apart", everyone, queries, DIM, 20)
    for name, difference in apart.items():
        if difference is None or difference > MOST_APART:
            raise Mismatch(f"{name}: scores differ by {difference}, at most {MOST_APART}")
    page.fresh()
    samples = page.call("explore.js", "layers", everyone, queries, DIM, OPTIONS)

    def one(name: str) -> Measure:
        facts = {"most apart": significant(apart[name], 2)} if name in apart else {}
        return measured(name, samples[name], version if name in onnx else "", **facts)

    return Row("explore", f"similarity layer, {COUNT // 1000}k x {DIM}, every item scored", "ms",
               [one(name) for name in ours], [one(name) for name in (loop | onnx)],
               note=f"Items are {DIM}-dimensional mixtures of captions encoded by rs-small (a caption, {OTHERS} of the sum"
                    f" of two others, noise of length {NOISE}). Most apart: of all scores for 20 queries, to the loop's."
                    " onnxruntime-web has the items as columns, its fastest way.")


def concept(context: Context, page: Page, items: Vectors, base: str, ours: dict) -> list[Row]:
    """A person is after what a hidden direction points to, asks for that and something else, and marks what comes."""
    marks, showing = marked(items)

    def right(found: list[int]) -> float:
        return round(len(showing & set(found)) / K, 2)

    package = "ml-logistic-regression"
    peer = {"kind": "logistic", "items": f"{base}/{items.items_path.name}", "rate": RATE}
    peers = {f"{package}, {steps} steps": peer | {"steps": steps} for steps in STEPS}
    page.fresh()
    found = page.call("explore.js", "concepts", ours | peers, marks)
    shares = {name: right(ordinals) for name, ordinals in found.items()}
    before = right(np.argsort(-(items.items() @ np.array(marks["query"])))[:K].tolist())
    for name in ours:
        if shares[name] <= before:
            raise Mismatch(f"{name}: {shares[name]} of the first {K} are right, {before} without marks: nothing was learnt")
    page.fresh()
    samples = page.call("explore.js", "learning", ours | peers, marks, OPTIONS)
    page.fresh()
    advised = {name: contestant | {"kind": "advised"} for name, contestant in ours.items()}
    advising = page.call("explore.js", "learning", advised, marks, OPTIONS)

    def one(name: str) -> Measure:
        version = context.npm_version(package) if name in peers else ""
        return measured(name, samples[name], version, **{f"right of the first {K}": shares[name]})

    case = f"concept, {COUNT // 1000}k x {DIM}, learning from {2 * MARKS} marks and re-ranking all"
    learning = Row("explore", case, "ms", [one(name) for name in ours], [one(name) for name in peers],
                   note=f"Before any mark, {before} of the first {K} were right. All take 200 items that nobody marked for"
                        " no; ours begins with the query, too. The peer, which has no penalty, re-ranks by the loop.")
    advice = Row("explore", "concept, then its precision and 3 suggestions", "ms",
                 [measured(name, advising[name]) for name in ours],
                 note="Asked for once the re-ranked list is shown: three learning curves' points, by ten folds each.")
    return [learning, advice]


def marked(items: Vectors) -> tuple[dict, set[int]]:
    """Marks as pages/explore.js takes them, and the items that show what is looked for."""
    wanted, other = items.queries()[:2]
    query = (wanted + other) / np.linalg.norm(wanted + other)
    showing = np.argsort(-(items.items() @ wanted))[:SHOWING]
    first = np.argsort(-(items.items() @ query))[: 2 * SHOWING]
    seen = np.isin(first, showing)
    step = {True: max(1, seen.sum() // MARKS), False: max(1, (~seen).sum() // MARKS)}
    yes, no = (first[seen == kind][:: step[kind]][:MARKS] for kind in (True, False))
    if len(yes) < MARKS or len(no) < MARKS:
        raise Mismatch(f"{len(yes)} items to mark yes and {len(no)} to mark no, {MARKS} of each are needed")
    return {"yes": yes.tolist(), "no": no.tolist(), "query": query.tolist(), "k": K}, set(showing.tolist())


def groups(context: Context, page: Page, base: str, ours: dict) -> Row:
    file, package = f"{base}/items.f32", "ml-kmeans"
    whole = {"kind": "kmeans", "items": file, "iterations": ITERATIONS, "each": 1}
    peers = {package: whole, f"{package}, a fifth": whole | {"each": 5}}
    told = {name: [] for name in ours | peers}
    for turn in range(5):
        for name, contestant in (ours | peers).items():
            if name in ours or turn == 0:
                page.fresh()
                told[name].append(page.call("explore.js", "groups", contestant, file, DIM, GROUPS))
    least = min(each[0]["squares"] for each in told.values())
    for name in ours:
        if told[name][0]["squares"] > WIDER * least:
            found = told[name][0]["squares"]
            raise Mismatch(f"{name}: squared distances sum up to {found:.0f}, the least sum is {least:.0f}")

    def one(name: str) -> Measure:
        seconds = [each["ms"] / 1000 for each in told[name]]
        facts = {"sum of squares": round(told[name][0]["squares"]), "groups": told[name][0]["count"]}
        if name in peers:
            return single(name, seconds[0], context.npm_version(package), **facts)
        return measured(name, seconds, **facts)

    return Row("explore", f"groups, {COUNT // 1000}k x {DIM}, k = {GROUPS}", "s",
               [one(name) for name in ours], [one(name) for name in peers],
               note=f"At most {ITERATIONS} rounds each, peers timed once. Ours rounds over 20,000 items, then moves the"
                    " centroids once more over all; so does the peer with a fifth of the items, whose others join the nearest"
                    " centroid. Sum of squares: squared distances of all items to the mean of their group.")
