"""Runs the benches side by side with their peers; `cargo xtask bench` calls it with everything in place.

A bench is one entry of BENCHES: a name and a function from Context to a list of rows.
"""

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from benches import ann_native, embed, explore, image, in_and_out, page, scale, search, server, stages, text, text_as_used, text_native
from harness import curves, machine, report
from harness.context import ROOT, Context

BENCHES = {
    "text": text.run,
    "text-native": text_native.run,
    "text-as-used": text_as_used.run,
    "image": image.run,
    # Leaves its indexes to the next one.
    "ann-native": ann_native.run,
    "search": search.run,
    "scale": scale.run,
    "explore": explore.run,
    "embed": embed.run,
    "in-and-out": in_and_out.run,
    "stages": stages.run,
    "server": server.run,
    "page": page.run,
}
RESULTS = ROOT / "docs" / "benchmarks.json"


def measure(name: str, context: Context) -> dict:
    """One bench's record: its rows, with the machine and day they were taken on."""
    print(f"\n== {name}", flush=True)
    start = time.time()
    record = {"bench": name, "date": time.strftime("%Y-%m-%d"), "large": context.large, "machine": machine.describe(context)}
    try:
        record["rows"] = [row.as_json() for row in BENCHES[name](context)]
    except Exception as error:  # One bench that fails must not hide what the others found.
        traceback.print_exc()
        record["failed"] = f"{type(error).__name__}: {error}"
    record["seconds"] = round(time.time() - start)
    print(report.table(record), flush=True)
    return record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=list(BENCHES), help="may be given several times")
    parser.add_argument("--large", action="store_true", help="also what takes long")
    beside = ROOT.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside if beside.is_dir() else None, metavar="FOLDER",
                        help="where rsicd.tar.gz lies, whose captions are then compared, too")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where results are kept")
    options = parser.parse_args()
    context = Context.from_environment(options.data, options.large)
    kept, ordered = {}, []
    if options.json.exists():
        kept = {record["bench"]: record for record in json.loads(options.json.read_text())}
    failed = []
    for name in options.only or BENCHES:
        record = measure(name, context)
        if "failed" in record:
            failed.append(name)
        else:
            kept[name] = record
        ordered = [kept[name] for name in BENCHES if name in kept]
        options.json.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    if options.json == RESULTS:
        report.write(ordered, ROOT / "docs" / "BENCHMARKS.md")
        if "scale" in kept:
            curves.write(kept["scale"], ROOT / "docs" / "pictures" / "scale.svg")
    for name in failed:
        print(f"bench {name} failed; its earlier results, if any, were kept", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
