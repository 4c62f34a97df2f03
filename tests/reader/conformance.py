#!/usr/bin/env python3
"""Holds the second reader to the conformance packet: what is good is read, what is damaged is refused for the reason
expected, and each decoy has its first hit if it is read as the document says, and another one if it is misread.

    conformance.py PACKET                          (crates/catalog/tests/conformance/fixtures)
"""
import json
import pathlib
import sys

import catalog_files as files
import catalog_reader as reader

KINDS = {
    "items": files.read_items,
    "details": files.read_details,
    "tiles": files.read_tile_listing,
    "pictures": files.read_picture_listing,
    "index": files.read_index,
    "manifest": files.read_manifest,
}


def numbers_highest_first(data, at, longest=5):
    value, place = 0, at
    while data[place] >= 0x80:
        value, place = (value | data[place] & 0x7F) << 7, place + 1
    return value | data[place], place + 1


def unsigned_codes(read):
    def misread(data):
        codes, entrances, neighbours = read(data)
        return [tuple(component % 256 for component in code) for code in codes], entrances, neighbours
    return misread


# Every misreading: where it happens and what the reader does instead, given what it ought to do.
MISREADINGS = {
    "codes are unsigned": (files, "read_index", unsigned_codes),
    "zigzag is forgotten": (files, "unzigzag", lambda _: lambda coded: coded),
    "steps are not summed": (files, "summed", lambda _: list),
    "numbers have their highest bits first": (files, "number", lambda _: numbers_highest_first),
    "texts are counted from 1": (files, "text_of", lambda _: lambda texts, n: (texts + [None])[n] if n else None),
    "items are in the order of their names": (files, "read_items", lambda right: lambda data: sorted(right(data), key=str)),
    "items are sorted backwards": (files, "read_items", lambda read: lambda data: read(data)[::-1]),
    "pages begin one item later": (reader, "page_row", lambda right: lambda pages, n, at: right(pages, n, max(at - 1, 0))),
    "west and east change places": (files, "inside", lambda right: lambda at, b: right(at, (b[2], b[1], b[0], b[3]))),
    "longitude and latitude change places": (files, "inside", lambda right: lambda at, b: right(at[::-1], b)),
    "the centre is half of west and east": (files, "centre", lambda _: lambda b: ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2)),
    "rows count from the south": (files, "square_bounds", lambda right: lambda z, x, y, s: right(z, x, (1 << z) - y - s, s)),
    "codes are not brought to length 1": (reader, "scale", lambda _: lambda code: 1.0),
    "the query is not rounded": (reader, "quantised", lambda _: lambda vector: vector),
    "halves are rounded down": (reader, "quantised", lambda _: lambda vector: [int(x / max(map(abs, vector)) * 127) for x in vector]),
    "ordinals go before shards": (reader, "rank", lambda _: lambda hit: (-hit[0], hit[2], hit[1])),
    "the later of equals is first": (reader, "rank", lambda _: lambda hit: (-hit[0], -hit[1], -hit[2])),
    "an item does not come first for itself": (reader.Catalog, "find", lambda right: lambda self, name: (None, right(self, name)[1])),
}


def sealed(text):
    at = text.rindex('"digest": "') + len('"digest": "')
    opened = text[:at] + "0" * 64 + text[at + 64:]
    return opened[:at] + files.sha256(opened.encode()) + opened[at + 64:]


def check_damaged(packet, case):
    if case["kind"] == "manifest":
        text = (packet / case["catalog"] / "catalog.json").read_text(encoding="utf-8")
        changed = text.replace(case["find"], case["put"], 1)
        data = (sealed(changed) if case.get("seal") else changed).encode()
    else:
        data = bytes.fromhex(case["bytes"])
    try:
        KINDS[case["kind"]](data)
    except files.Damaged as error:
        return None if case["reason"] in str(error) else "refused with %r instead of %r" % (str(error), case["reason"])
    return "read, although %r" % case["reason"]


def first_hit(packet, decoy):
    catalog = reader.Catalog(packet / decoy["catalog"])
    if "like" in decoy:
        shard, ordinal = catalog.find(decoy["like"])
        vector, like = reader.unit(catalog.shards[shard or 0]["codes"][ordinal][0]), (shard, ordinal)
    else:
        vector, like = reader.unit(decoy["vector"]), None
    hit = catalog.hits([(1.0, vector, False)], decoy.get("within"), 1, like)[0]
    return {key: hit[key] for key in decoy["first"]}


def check_decoy(packet, decoy):
    found = first_hit(packet, decoy)
    if found != decoy["first"]:
        return "finds %r instead of %r" % (found, decoy["first"])
    where, name, misreading = MISREADINGS[decoy["misread"]]
    right, imagery = getattr(where, name), reader.Catalog.check_imagery
    try:
        reader.Catalog.check_imagery = lambda self: None
        setattr(where, name, misreading(right))
        found = first_hit(packet, decoy)
    except files.Damaged as error:
        return "misread, it is refused: %s" % error
    finally:
        setattr(where, name, right)
        reader.Catalog.check_imagery = imagery
    return None if found == decoy["misread_first"] else "misread finds %r instead of %r" % (found, decoy["misread_first"])


def main():
    packet = pathlib.Path(sys.argv[1])
    faults, counts = [], []
    for name, check in (("damaged", check_damaged), ("decoys", check_decoy)):
        cases = json.loads((packet / (name + ".json")).read_text(encoding="utf-8"))
        counts.append("%d %s" % (len(cases), name))
        for case in cases:
            fault = check(packet, case)
            faults += ["%s: %s" % (case.get("changed") or case["misread"], fault)] if fault else []
    good = sorted(path.parent for path in packet.glob("*/catalog.json") if path.parent.name != "format-1")
    for folder in good:
        reader.Catalog(folder)
    try:
        reader.Catalog(packet / "format-1")
        faults.append("format-1: read")
    except files.Damaged as error:
        faults += [] if "written in format 1" in str(error) else ["format-1: %s" % error]
    print("\n".join(faults + ["%d good catalogs, %s" % (len(good), ", ".join(counts))]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
