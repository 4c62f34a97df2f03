"""docs/BENCHMARKS.md, and what the terminal shows, from the records alone: won and lost alike."""

from pathlib import Path

TITLES = {
    "text": "Text encoder",
    "text-native": "Text encoder, natively",
    "text-as-used": "Text encoder, as people use it",
    "image": "Image encoder",
    "search": "Search",
    "scale": "Very many places from static files",
    "explore": "Exploring an area",
    "embed": "Indexing pictures",
    "in-and-out": "Imagery in, catalogs out",
    "stages": "Indexing, stage by stage",
    "ann-native": "Index, natively",
    "server": "Server",
    "page": "A visit",
}
INTRODUCTION = """\
# Benchmarks, side by side

What CLIP-RS takes, and what others take for the same work, in the same run: contestants take turns (A B A B ...) in
one headless browser or on one machine, on one thread unless a section says otherwise. That they do the same work is
checked before anything is timed: the same weights, the same tokens or pictures, vectors within a tolerance, recall
measured beside every latency; a mismatch fails the run. This page is written by the run, so what is lost is here too.

To repeat it (tools and peers are installed into `target/bench`, nothing else is touched):

```
cargo xtask bench                  # everything
cargo xtask bench --only text      # one section
cargo xtask bench --large          # with searches of 300,000 vectors, and cells of ten million
```

Numbers are medians; behind them, in small, the 10th and the 90th percentile. *Ratio* is ours divided by theirs:
below 1 ours takes less. Where more is better (a unit by the second), above 1 is better, and the table says so.
"""


def write(records: list[dict], path: Path):
    """Writes the page of all records."""
    sections = [INTRODUCTION, *(section(record) for record in records)]
    part = path.with_suffix(".part")
    part.write_text("\n".join(sections))
    part.rename(path)


def section(record: dict) -> str:
    title = TITLES.get(record["bench"], record["bench"])
    command = f"cargo xtask bench --only {record['bench']}" + (" --large" if record.get("large") else "")
    machine = record["machine"]
    cores = f"{machine['cores']} cores ({machine['instructions'] or machine['system']})"
    where = f"{machine['processor']}, {cores}; {machine['browser']}"
    peers = sorted({(m["name"], m["version"]) for row in record["rows"] for m in row["peers"] if "version" in m})
    versions = ", ".join(f"{name} {version}" for name, version in peers)
    lines = [f"## {title}", "", f"`{command}`, {record['date']}, {record['seconds']} s. {where}.", ""]
    if versions:
        lines += [f"Peers: {versions}.", ""]
    return "\n".join(lines) + "\n" + table(record)


def table(record: dict) -> str:
    """The record's rows as a table of Markdown, notes below it."""
    if "failed" in record:
        return f"failed: {record['failed']}\n"
    lines = ["| case | contestant | result | ratio | beside it |", "|---|---|---|---|---|"]
    notes = []
    for row in record["rows"]:
        mark = ""
        if "note" in row:
            notes.append(row["note"])
            mark = f" ({len(notes)})"
        better = ", more is better" if row["better"] == "higher" else ""
        case = f"{row['case']}, {row['unit']}{better}{mark}"
        for ours in row["ours"]:
            lines.append(cells(case, ours, ""))
            case = ""
        for peer in row["peers"]:
            ratios = [r for r in row["ratios"] if r["peer"] == peer["name"]]
            told = ", ".join(f"{short(r['ours'])}{r['ratio']:g}" for r in ratios)
            lines.append(cells(case, peer, told))
            case = ""
    listed = [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join(lines + ([""] + listed if listed else [])) + "\n"


def cells(case: str, measure: dict, ratio: str) -> str:
    beside = ", ".join(f"{name} {value}" for name, value in measure.get("facts", {}).items())
    if "absent" in measure:
        return f"| {case} | {measure['name']} | could not take part: {measure['absent']} | | |"
    spread = ""
    if "p10" in measure:
        spread = f" <small>{measure['p10']:g} to {measure['p90']:g}</small>"
    return f"| {case} | {measure['name']} | {measure['median']:g}{spread} | {ratio} | {beside} |"


def short(name: str) -> str:
    """`ours (relaxed SIMD)` -> `relaxed SIMD: `; nothing where there is but one of ours."""
    return f"{name[name.index('(') + 1:-1]}: " if "(" in name else ""
