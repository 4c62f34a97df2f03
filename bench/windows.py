"""Do windows beside tiles and whole pictures pay? The figures of docs/EVALUATING.md, "Windows", repeated.

    python3 bench/windows.py --clip-rs target/release/clip-rs --model models/rs-small --work DIR \\
        [--sample-size TILES] [--rsicd rsicd.tar.gz]

The sample county (seed 11) is searched by the phrases of models/train/phrases-sample.txt, with windows of several sizes.
Large pictures are put together of 4 x 4 pictures of RSICD's test split (dataset.json beside images/; needs Pillow): 15
of a background class and one of an object class, which is asked for; the best window of a picture ranks it.
"""

import argparse
import json
import math
import random
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED = 11
OBJECTS = ["airport", "baseballfield", "bridge", "playground", "pond", "railwaystation", "stadium", "storagetanks",
           "viaduct", "church"]
BACKGROUNDS = ["forest", "meadow", "farmland", "bareland", "desert", "denseresidential", "mountain", "sparseresidential"]
WORDS = {"baseballfield": "baseball field", "railwaystation": "railway station", "storagetanks": "storage tanks"}
PICTURES_OF_EACH = 65


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done


def average_precision(right):
    """`right`: for each answer in order whether it is right; all right ones are among them."""
    found = 0
    total = 0.0
    for rank, is_right in enumerate(right, 1):
        if is_right:
            found += 1
            total += found / rank
    return total / found if found else 0.0


def answers(args, catalog, text):
    found = run(args.clip_rs, "search", catalog, text, "--exact", "--limit", args.limit, "--json").stdout
    return json.loads(found)


def index(args, name, scales, *source):
    catalog = args.work / name
    # One work folder for all: what does not differ is embedded once.
    words = [args.clip_rs, "index", *source, "--model", args.model, "--out", catalog, "--work", args.work / "kept"]
    if scales:
        words += ["--scales", ",".join(f"{scale:.4f}" for scale in scales)]
    done = run(*words)
    print(f"  {done.stdout.strip().split(': ', 1)[1]}", flush=True)
    return catalog


def tiles_of(name, zoom):
    """The tiles of zoom `zoom` that an item lies on."""
    name, _, span = name.partition("+")
    z, x, y = map(int, name.split("/"))
    span = int(span or 1)
    part = 2.0 ** (zoom - z)
    cover = lambda at: range(math.floor(at * part), math.ceil((at + span) * part))
    return [(column, row) for column in cover(x) for row in cover(y)]


def phrases():
    for line in (ROOT / "models/train/phrases-sample.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            text, _, classes = line.rpartition(":")
            yield text.strip(), [[one.strip() for one in group.split("|")] for group in classes.split("+")]


def county(args):
    area = args.work / "county"
    if not area.exists():
        run(args.clip_rs, "sample", "--seed", SEED, "--size", args.sample_size, "--out", area)
    held = {}
    for line in (area / "labels.jsonl").read_text().splitlines():
        row = json.loads(line)
        z, x, y = map(int, row["id"].split("/"))
        held[x, y] = set(row["classes"])
    zoom = z
    row = sum(y for _, y in held) / len(held)
    latitude = math.atan(math.sinh(math.pi * (1 - 2 * (row + 0.5) / 2**zoom)))
    ground = 40075016.686 * math.cos(latitude) / 2**zoom
    model = json.loads((args.model / "model.json").read_text())
    scale = ground / model["image"]["image_size"]
    print(f"County of {len(held)} tiles of {ground:.0f} m; a tile is {scale:.2f} m a pixel to the model")
    for name, scales in [("tiles", []), ("tiles+2x2", [2]), ("tiles+between", [1]), ("tiles+half", [0.5]),
                         ("tiles+2x2+half", [2, 0.5])]:
        catalog = index(args, f"county-{name}", [scale * one for one in scales], "--tiles", area)
        precisions, means = [], []
        for text, groups in phrases():
            right = lambda classes: all(any(one in classes for one in group) for group in groups)
            holding = {tile for tile, classes in held.items() if right(classes)}
            if not holding:
                continue
            found = answers(args, catalog, text)
            hits = [right(set().union(*(held.get(tile, set()) for tile in tiles_of(hit["id"], zoom)))) for hit in found]
            looked_at = min(10, len(holding))
            precisions.append(sum(hits[:looked_at]) / looked_at)
            # A tile is ranked by the best item that shows any of it.
            ranked = dict.fromkeys(tile for hit in found for tile in tiles_of(hit["id"], zoom) if tile in held)
            order = list(ranked) + [tile for tile in held if tile not in ranked]
            means.append(average_precision([tile in holding for tile in order]))
        print(f"  {name}: P@10 {sum(precisions) / len(precisions):.3f}, "
              f"mAP of tiles {sum(means) / len(means):.3f} ({len(means)} phrases)", flush=True)


def mosaics(args):
    from PIL import Image

    folder = args.work / "mosaics"
    if not folder.exists():
        data = args.work / "rsicd"
        with tarfile.open(args.rsicd) as archive:
            archive.extractall(data, filter="data")
        test = [image["filename"] for image in json.loads((data / "dataset.json").read_text())["images"]
                if image["split"] == "test"]
        of = lambda kind: [name for name in test if name.split("_")[0] == kind]
        dice = random.Random(SEED)
        folder.mkdir()
        for kind in OBJECTS:
            for number in range(PICTURES_OF_EACH):
                around = of(dice.choice(BACKGROUNDS))
                parts = [dice.choice(around) for _ in range(16)]
                parts[dice.randrange(16)] = dice.choice(of(kind))
                whole = Image.new("RGB", (512, 512))
                for at, name in enumerate(parts):
                    picture = Image.open(data / "images" / name).convert("RGB").resize((128, 128))
                    whole.paste(picture, (at % 4 * 128, at // 4 * 128))
                whole.save(folder / f"{kind}_{number}.png")
    print(f"{len(OBJECTS) * PICTURES_OF_EACH} large pictures")
    catalog = index(args, "mosaics-catalog", [], "--images", folder)
    figures = {"whole": [], "whole and windows": []}
    for kind in OBJECTS:
        found = [hit["id"] for hit in answers(args, catalog, WORDS.get(kind, kind))]
        for name, ids in [("whole", [one for one in found if "#" not in one]), ("whole and windows", found)]:
            ranked = list(dict.fromkeys(one.split("#")[0] for one in ids))
            right = [one.split("_")[0] == kind for one in ranked]
            assert sum(right) == PICTURES_OF_EACH, "raise --limit"
            figures[name].append((average_precision(right), sum(right[:10]) / 10))
    for name, rows in figures.items():
        mean = lambda at: sum(row[at] for row in rows) / len(rows)
        print(f"  {name}: mAP {mean(0):.3f}, P@10 {mean(1):.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip-rs", type=Path, default=ROOT / "target/release/clip-rs")
    parser.add_argument("--model", type=Path, default=ROOT / "models/rs-small")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sample-size", type=int, default=32)
    parser.add_argument("--rsicd", type=Path, help="rsicd.tar.gz; without it the county alone is measured")
    parser.add_argument("--limit", type=int, default=10000)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    county(args)
    if args.rsicd:
        mosaics(args)


main()
