"""A visit of the demo: bytes by kind, time until it can be used, and from a query to pixels. It has no peer."""

import time

from harness import browser, sentences, site
from harness.context import ROOT, Context
from harness.rows import Row, measured, single

ROUNDS = 7
QUERY = "#q=storage%20tanks"
# After the page is ready, the map's tiles are still on their way.
REST_SECONDS = 3
SCRIPT = ROOT / "bench" / "pages" / "visit.js"
NOTES = {
    "cold visit": f"With what follows in {REST_SECONDS} seconds of rest: the service worker keeps the page's other programs, too. "
    "What comes before a first search is in the README.",
    "warm visit": "",
}


def run(context: Context) -> list[Row]:
    return [*bytes_by_kind(context), *times(context)]


def bytes_by_kind(context: Context) -> list[Row]:
    """Bodies as they travel, from the server's log; headers not included."""
    rows = []
    with site.serve(context, logs=True) as served, browser.page(context) as tab:
        for visit in ("cold visit", "warm visit"):
            before = len(served.requests())
            go(tab, served.url)
            call(tab, "visit")
            time.sleep(REST_SECONDS)
            kinds: dict[str, list[int]] = {}
            for request in served.requests()[before:]:
                kinds.setdefault(kind(request["path"]), []).append(request.get("bytes") or 0)
            for name, sizes in sorted(kinds.items(), key=lambda found: -sum(found[1])):
                rows.append(Row("page", f"{visit}: {name}", "kB", [single("ours", sum(sizes) / 1000, requests=len(sizes))]))
            everything = [size for sizes in kinds.values() for size in sizes]
            rows.append(Row("page", f"{visit}: all", "kB",
                            [single("ours", sum(everything) / 1000, requests=len(everything))], note=NOTES[visit]))
            tab.fresh()
    return rows


def kind(path: str) -> str:
    """What a file is for, from its address."""
    if not path.startswith("/catalog/"):
        return "program" if path.endswith(".wasm") else "page, scripts and styles"
    name = path.removeprefix("/catalog/")
    kinds = {"tiles-": "map tiles", "text.": "text tower", "vocabulary.": "vocabulary", "index.": "search index",
             "items.": "places and addresses"}
    return next((kind for start, kind in kinds.items() if name.startswith(start)), "manifest, settings, listing")


def times(context: Context) -> list[Row]:
    cold, warm, linked, pixels = [], [], [], []
    with site.serve(context) as served:
        for _ in range(ROUNDS):
            with browser.page(context) as tab:
                go(tab, served.url)
                cold.append(call(tab, "visit"))
                time.sleep(REST_SECONDS)
                for address, samples in ((served.url, warm), (served.url + QUERY, linked)):
                    tab.fresh()
                    go(tab, address)
                    samples.append(call(tab, "visit"))
                pixels += call(tab, "queries", sentences.QUERIES)

    def row(case: str, samples: list[float], note: str = "") -> Row:
        return Row("page", case, "ms", [measured("ours", samples)], note=note)

    return [
        row("cold visit: usable", [visit["usable"] for visit in cold],
            "From the navigation's start, over loopback: what browser and engine do, without a network."),
        row("cold visit: engine", [visit["engine"] for visit in cold],
            "Of that, from the page's call to the worker until it answers queries: fetch, check, build."),
        row("warm visit: usable", [visit["usable"] for visit in warm]),
        row("warm visit, query in the link: first results", [visit["results"] for visit in linked]),
        row("query to pixels", pixels, f"{len(sentences.QUERIES)} queries, from Enter until the results are drawn."),
    ]


def go(tab: browser.Page, url: str):
    tab.command("POST", "url", {"url": url})


def call(tab: browser.Page, function: str, *arguments):
    """A function of pages/visit.js, in the demo's page, which loads no script of others."""
    script = SCRIPT.read_text().replace("export ", "") + f"""
        const [args, done] = arguments;
        {function}(...args).then(value => done({{ value }})).catch(error => done({{ error: `${{error}}` }}));"""
    answer = tab.command("POST", "execute/async", {"script": script, "args": [list(arguments)]})
    if "error" in answer:
        raise browser.BrowserError(f"visit.js, {function}: {answer['error'][:1000]}")
    return answer["value"]
