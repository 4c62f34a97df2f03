#!/usr/bin/env python3
"""A second reader of catalogs, written from the format's document alone: crates/catalog/src/lib.rs and what it links to.

Opens a catalog's folder, checks every file of it, and searches it by looking at every item. It is there to hold the
document to what it says: it uses nothing of ours, and its cosines are those of `clip-rs search` to the bit.

    catalog_reader.py CATALOG [--vectors FILE | --like ID] [--within W,S,E,N] [--limit K]

FILE is what `clip-rs encode CATALOG TEXT..` prints ("-" reads it from standard input). Prints JSON: a list of hits for
each vector. Needs Python 3.9 or later and no packages.
"""
import argparse
import json
import math
import pathlib
import struct
import sys

import catalog_files as files
from catalog_files import Damaged, need, sha256


class Catalog:
    """A catalog whose files have all been checked."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.manifest = self.decode("catalog.json", files.read_manifest, None)
        self.known = {file["name"]: file for file in self.manifest["files"]}
        for name in self.known:
            self.decode(name, lambda data: data)
        self.dim = self.manifest["model"]["embed_dim"]
        self.shards = [self.open_shard(shard) for shard in self.manifest["shards"]]
        self.check_imagery()

    def decode(self, name, read, check=True):
        """What `read` makes of a file of the catalog, whose digest is checked first; errors begin with its name."""
        try:
            data = (self.folder / name).read_bytes()
            if check:
                file = self.known[name]
                need(len(data) == file["bytes"], "%d bytes long, expected %d" % (len(data), file["bytes"]))
                need(sha256(data) == file["sha256"], "does not match its SHA-256")
            return read(data)
        except (OSError, Damaged) as error:
            raise Damaged("%s: %s" % (name, error))

    def open_shard(self, shard):
        codes, _, _ = self.decode(shard["index"], files.read_index)
        items = self.decode(shard["items"], files.read_items)
        pages = [self.decode(name, files.read_details) for name in shard["details"]]
        need(len(codes) == len(items) == shard["count"], "a shard's index and items are not about the same items")
        need(all(len(code) == self.dim for code in codes), "its codes are not those of the model")
        details = [page_row(pages, shard["page_rows"], ordinal) for ordinal in range(shard["count"])]
        return {"codes": [(code, scale(code)) for code in codes], "items": items, "details": details}

    def check_imagery(self):
        """Every tile and picture is there as the listing says, on the page that it belongs to."""
        tiles, pictures = self.manifest.get("tiles"), self.manifest.get("pictures")
        imagery, key = (tiles, lambda tile: files.tile_order(*tile)) if tiles else (pictures, str.encode)
        read = files.read_tile_listing
        if pictures:
            read = lambda data: files.read_picture_listing(data, pictures["thumbnails"])
        rows = []
        for page in imagery["listing"]:
            listed = self.decode(page["file"], read)
            first = tuple(map(int, page["first"].split("/"))) if tiles else page["first"]
            need(listed and listed[0][0] == first, "%s does not begin with %s" % (page["file"], page["first"]))
            rows += listed
        need(all(key(a[0]) < key(b[0]) for a, b in zip(rows, rows[1:])), "the pages of the listing overlap")
        need(len(rows) == imagery["count"], "the listing has not as many rows as catalog.json says")
        for _, variants in rows:
            for size, name, (length, folder, digest) in variants:
                if length:
                    need(folder < len(imagery["folders"]), "%s lies in a folder that is not there" % name)
                    data = (self.folder / (imagery["folders"][folder] + size) / name).read_bytes()
                    fits = len(data) == length and sha256(data)[:32] == digest.hex()
                    need(fits, "%s does not match its digest in the listing" % name)

    def hits(self, parts, within=None, limit=10, like=None):
        """Ranked hits of a query of parts, each a weight, a vector and whether it is of a text; `like` is the place of an
        item that comes first."""
        direction, share = joined(parts)
        query = quantised(direction)
        query_scale, found = scale(query), []
        for number, shard in enumerate(self.shards):
            for ordinal, (code, item_scale) in enumerate(shard["codes"]):
                box = shard["items"][ordinal][1]
                if within is None or (box and files.inside(files.centre(box), within)):
                    cosine = single(single(dot(query, code)) * single(query_scale * item_scale))
                    score = single(cosine - single(shard["items"][ordinal][3] * share))
                    found.append((score, number, ordinal, cosine))
        found.sort(key=rank)
        first = [hit for hit in found if hit[1:3] == like]
        return [self.hit(*hit[1:]) for hit in (first + [hit for hit in found if hit[1:3] != like])[:limit]]

    def hit(self, shard, ordinal, cosine):
        name, box, earlier, _ = self.shards[shard]["items"][ordinal]
        lng, lat = files.centre(box) if box else (None, None)
        hit = {"id": name, "cosine": cosine, "lng": lng, "lat": lat, "footprint": box, "duplicate_of": earlier}
        return {**hit, **self.shards[shard]["details"][ordinal]}

    def find(self, name):
        """Shard and ordinal of the item called `name`."""
        for number, shard in enumerate(self.shards):
            for ordinal, item in enumerate(shard["items"]):
                if item[0] == name:
                    return number, ordinal
        raise Damaged("no item is called %r" % name)


def rank(hit):
    score, shard, ordinal, _ = hit
    return -score, shard, ordinal


def page_row(pages, page_rows, ordinal):
    page, row = divmod(ordinal, page_rows)
    need(page < len(pages) and row < len(pages[page]), "its pages of details do not hold its items")
    return pages[page][row]


# --- how a code is searched: numbers in single precision, rounded after each operation --------------------------------

def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def length(vector):
    squares = 0.0
    for x in vector:  # Not `sum`, which rounds better from Python 3.12 on.
        squares += x * x
    need(math.isfinite(squares) and math.sqrt(squares) >= 1e-12, "the vector has no direction")
    return math.sqrt(squares)


def unit(vector):
    whole = length(vector)
    return [single(x / whole) for x in vector]


def joined(parts):
    """The direction of a sum of weighted vectors of length 1, and its share of text."""
    total, text = [0.0] * len(parts[0][1]), 0.0
    for weight, vector, is_text in parts:
        total = [single(t + single(weight * x)) for t, x in zip(total, vector)]
        text = single(text + weight) if is_text else text
    return unit(total), single(text / single(length(total)))


def quantised(vector):
    largest = max(map(abs, vector))
    scaled = [single(single(x / largest) * 127) for x in vector]
    return [int(math.copysign(math.floor(abs(x) + 0.5), x)) for x in scaled]


def scale(code):
    return single(1 / math.sqrt(dot(code, code)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("catalog")
    parser.add_argument("--vectors")
    parser.add_argument("--like")
    parser.add_argument("--within", type=lambda text: [float(edge) for edge in text.split(",")])
    parser.add_argument("--limit", type=int, default=10)
    args = parser.parse_args()
    try:
        catalog = Catalog(args.catalog)
        if args.vectors:
            text = sys.stdin.read() if args.vectors == "-" else pathlib.Path(args.vectors).read_text()
            queries = [([(1.0, vector, True)], None) for vector in json.loads(text)]
        elif args.like:
            shard, ordinal = place = catalog.find(args.like)
            queries = [([(1.0, unit(catalog.shards[shard]["codes"][ordinal][0]), False)], place)]
        else:
            queries = []
        hits = [catalog.hits(parts, args.within, args.limit, like) for parts, like in queries]
    except (Damaged, OSError) as error:
        sys.exit(str(error))
    print(json.dumps(hits))


if __name__ == "__main__":
    main()
