"""Building an index and searching it, natively: ours beside hnswlib and faiss."""

import json
import os
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from harness import context as programs
from harness import vectors
from harness.context import Context
from harness.rows import Measure, Row, measured, quantile, single
from harness.vectors import DEPTH, DIM, Vectors

COUNT = 100_000
K = 10
# What a list begins with, and how far people scroll.
DEPTHS = (K, DEPTH)
# faiss has no default for the links of an item; these are what its documentation takes.
FAISS_M = 32
EFS = [16, 24, 32, 36, 40, 44, 48, 64, 96, 128, 192, 256, 384, 512]


def run(context: Context) -> list[Row]:
    items = vectors.of(context, COUNT)
    queries = items.queries()
    built = vectors.build_ours(context, items)
    index = vectors.our_index(context, items)
    ours = {k: search_ours(context, items, index, k) for k in DEPTHS}
    recalls = {k: items.recall(ours[k]["graph"]["ordinals"], k) for k in DEPTHS}
    builders = {"hnswlib": build_hnswlib, "faiss-cpu": build_faiss}
    builds: list[Measure] = []
    searches: dict[int, list[Measure]] = {k: [] for k in DEPTHS}
    for name, builder in builders.items():
        try:
            seconds, size, search = builder(items)
        except ImportError as error:
            for measures in (builds, *searches.values()):
                measures.append(Measure(name, absent=f"not installed ({error})"))
            continue
        version = metadata.version(name)
        builds.append(single(name, seconds, version, **{"MB": round(size / 1e6, 1)}))
        for k, recall in recalls.items():
            searches[k].append(matched(name, version, items, queries, search, k, recall))
    flat = exact_faiss(items, queries)
    # Once more after the others, so that a slow stretch of the machine meets both sides.
    again = {k: search_ours(context, items, index, k) for k in DEPTHS}

    def mine(way: str, k: int) -> Measure:
        recall = items.recall(ours[k][way]["ordinals"], k)
        return latency("ours", ours[k][way]["ms"] + again[k][way]["ms"], "", {f"recall@{k}": recall})

    built_in = single("ours", built["seconds"], **{"MB": round(built["bytes"] / 1e6, 1)})
    size = f"{COUNT // 1000}k x {DIM}"
    threads = os.cpu_count() or 1
    everywhere = single("ours", vectors.build_ours(context, items, threads)["seconds"])
    return [
        Row("ann-native", f"build, {size}", "s", [built_in], builds,
            note=f"One thread. hnswlib: M {vectors.M}, ef_construction {vectors.EF_CONSTRUCTION}; faiss: HNSW of "
                 f"floats, M {FAISS_M}, the same ef_construction. MB is the index as a file, vectors included."),
        Row("ann-native", f"build on {threads} threads, {size}", "s", [everywhere], [hnswlib_on(items, threads)]),
        *(Row("ann-native", f"graph, {size}, the first {k}", "ms", [mine("graph", k)], searches[k],
              note=f"Peers are asked with the first ef of {EFS} that finds as much as ours, which keeps 96 candidates however "
                   "few are asked for. " + vectors.DESCRIPTION if k == K else "") for k in DEPTHS),
        Row("ann-native", f"exact, {size}, the first {K}", "ms", [mine("exact", K)], [flat]),
    ]


def search_ours(context: Context, items: Vectors, index: Path, k: int) -> dict:
    return json.loads(programs.run(context.native, "search", index, items.queries_path, k))


def latency(name: str, taken: list[float], version: str, facts: dict) -> Measure:
    return measured(name, taken, version, **{"p99": round(quantile(taken, 0.99), 3)} | facts)


Search = Callable[[np.ndarray, int, int], np.ndarray]


def build_hnswlib(items: Vectors) -> tuple[float, int, Search]:
    """Seconds of the build, bytes of the index, and a search `(query, k, ef) -> ordinals`."""
    content = items.items()
    start = time.perf_counter()
    index = vectors.build_hnswlib(content, threads=1)
    seconds = time.perf_counter() - start
    vectors.keep_hnswlib(items, index)
    index.set_num_threads(1)

    def search(query: np.ndarray, k: int, ef: int) -> np.ndarray:
        index.set_ef(ef)
        return index.knn_query(query, k=k, num_threads=1)[0][0]

    return seconds, index.index_file_size(), search


def hnswlib_on(items: Vectors, threads: int) -> Measure:
    content = items.items()
    start = time.perf_counter()
    try:
        vectors.build_hnswlib(content, threads)
    except ImportError as error:
        return Measure("hnswlib", absent=f"not installed ({error})")
    return single("hnswlib", time.perf_counter() - start, metadata.version("hnswlib"))


def build_faiss(items: Vectors) -> tuple[float, int, Search]:
    """As `build_hnswlib`."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexHNSWFlat(DIM, FAISS_M, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = vectors.EF_CONSTRUCTION
    content = items.items()
    start = time.perf_counter()
    index.add(content)
    seconds = time.perf_counter() - start

    def search(query: np.ndarray, k: int, ef: int) -> np.ndarray:
        index.hnsw.efSearch = ef
        return index.search(query[None], k)[1][0]

    return seconds, len(faiss.serialize_index(index)), search


def matched(name: str, version: str, items: Vectors, queries: np.ndarray, search: Search, k: int, wanted: float) -> Measure:
    """Latency at the least ef whose recall is that of ours, or at the largest."""
    recall, ef = 0.0, 0
    for ef in (ef for ef in EFS if ef >= k):
        recall = items.recall([search(query, k, ef).tolist() for query in queries], k)
        if recall >= wanted:
            break
    facts = {f"recall@{k}": recall, "ef": ef}
    return latency(name, timed(queries, lambda query: search(query, k, ef)), version, facts)


def exact_faiss(items: Vectors, queries: np.ndarray) -> Measure:
    try:
        import faiss
    except ImportError as error:
        return Measure("faiss-cpu, f32", absent=f"not installed ({error})")
    index = faiss.IndexFlatIP(DIM)
    index.add(items.items())
    recall = items.recall([index.search(query[None], K)[1][0].tolist() for query in queries], K)
    taken = timed(queries, lambda query: index.search(query[None], K))
    return latency("faiss-cpu, f32", taken, metadata.version("faiss-cpu"), {f"recall@{K}": recall})


def timed(queries: np.ndarray, work: Callable) -> list[float]:
    """Milliseconds of each query, each asked twice."""
    taken = []
    for query in [*queries, *queries]:
        start = time.perf_counter()
        work(query)
        taken.append((time.perf_counter() - start) * 1000)
    return taken
