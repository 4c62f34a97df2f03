"""What the files of a catalog hold, decoded as the format's document says: crates/catalog/src/lib.rs and what it links to.

Uses nothing of ours; `catalog_reader.py` puts the files together. What does not hold together is `Damaged`.
"""
import datetime
import hashlib
import json
import math
import re
import struct


class Damaged(Exception):
    """A file of the catalog that cannot be used, and why."""


def need(holds, why):
    if not holds:
        raise Damaged(why)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# --- numbers, steps, texts and files of columns ---------------------------------------------------------------------

def number(data, at, longest=5):
    """The variable-length integer at `at`, and where it ends."""
    value = 0
    for place in range(longest):
        byte = data[at + place] if at + place < len(data) else 0x80
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80 and value < 1 << 32:
            return value, at + place + 1
    raise Damaged("ends within a number, or has one of more than 32 bits")


def unzigzag(coded):
    return (coded >> 1) ^ -(coded & 1)


def summed(steps):
    value, values = 0, []
    for step in steps:
        value = (value + step + (1 << 31)) % (1 << 32) - (1 << 31)
        values.append(value)
    return values


class Columns:
    """The columns of a file by name; `rows` is how many rows they have."""

    def __init__(self, data, magic):
        need(data[:7] == magic[:7], "no file of this version")
        need(data[:8] == magic, "written in format %s" % data[7:8].decode("latin-1"))
        try:
            frame, at = self.header(data)
        except Damaged as error:
            raise Damaged(str(error) if "possible" in str(error) else "ends within its header: %s" % error)
        self.contents = {}
        for name, length in frame:
            need(name not in self.contents, "is there twice")
            need(at + length <= len(data), "ends within its columns")
            self.contents[name], at = data[at:at + length], at + length
        need(at == len(data), "something follows its columns")

    def header(self, data):
        """The columns' names and lengths, and where their contents begin."""
        self.rows, at = number(data, 8)
        count, at = number(data, at)
        need(count <= 256, "at most 256 are possible")
        frame = []
        for _ in range(count):
            length, at = number(data, at)
            name, at = data[at:at + length], at + length
            need(name.isascii(), "a column's name is not ASCII")
            length, at = number(data, at)
            frame.append((name.decode("ascii"), length))
        return frame, at

    def content(self, name):
        need(name in self.contents, "column %s is missing" % name)
        return self.contents[name]

    def numbers(self, name, count=None, absent=None):
        """A column of numbers; `absent` for every row where there is none."""
        count = self.rows if count is None else count
        if name not in self.contents and absent is not None:
            return [absent] * count
        data, at, values = self.content(name), 0, []
        need(count <= len(data), "column %s is too short" % name)
        for _ in range(count):
            value, at = number(data, at)
            values.append(value)
        need(at == len(data), "column %s is too long" % name)
        return values

    def steps(self, name, count=None):
        return summed(unzigzag(coded) for coded in self.numbers(name, count))

    def texts(self, name):
        data = self.content(name)
        count, at = number(data, 0)
        texts = []
        for _ in range(count):
            length, at = number(data, at)
            need(at + length <= len(data), "column %s ends within its texts" % name)
            try:
                texts.append(data[at:at + length].decode("utf-8"))
            except UnicodeDecodeError:
                raise Damaged("column %s holds what is no UTF-8" % name)
            at += length
        need(at == len(data), "column %s goes on behind its texts" % name)
        return texts


# --- names and places -----------------------------------------------------------------------------------------------

def check_path(path):
    for part in path.split("/"):
        plain = all(c.isalnum() or c in "-_.{}() +,@" for c in part)
        need(part and not part.startswith(".") and part[-1] not in ". " and plain, "no relative path: %r" % path[:80])
    need(len(path.encode()) <= 512, "a path of more than 512 bytes")


def check_tile(z, x, y, span=1):
    need(z <= 24, "tile zoom is %d, not 0 to 24" % z)
    need(x >= 0 and y >= 0 and span <= 255, "a tile outside the pyramid")
    need(x < 1 << z and y < 1 << z, "a tile outside the pyramid: x and y below 2^zoom")
    need(1 <= span <= (1 << z) - y, "a span that is not inside the pyramid")


def tile_order(z, x, y):
    key = 0
    for bit in reversed(range(z)):
        key = key << 2 | (y >> bit & 1) << 1 | (x >> bit & 1)
    return z, key


def square_bounds(z, x, y, span):
    n = 1 << z
    lng = lambda column: column / n * 360.0 - 180.0
    lat = lambda row: math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * row / n))))
    return lng(x), lat(y + span), lng((x + span - 1) % n + 1), lat(y)


def picture_bounds(west, south, width, height):
    if west == -(1 << 31):
        return None
    edges = [units / 1e7 for units in (west, south, west + width, south + height)]
    need(-180 <= edges[0] <= 180 and -90 <= edges[1] <= 90, "west or south is not -180 to 180, -90 to 90")
    need(edges[3] <= 90 and edges[2] - edges[0] <= 360, "a picture's box is larger than the Earth")
    return edges[0], edges[1], edges[2] - 360 if edges[2] > 180 else edges[2], edges[3]


def centre(bounds):
    west, south, east, north = bounds
    lng = west + (east - west + (360 if west > east else 0)) / 2
    return (lng - 360 if lng > 180 else lng), (south + north) / 2


def inside(at, bounds):
    (lng, lat), (west, south, east, north) = at, bounds
    holds = lambda lng: west <= lng <= east if west <= east else (lng >= west or lng <= east)
    return south <= lat <= north and (holds(lng) or (abs(lng) == 180 and holds(-lng)))


# --- the kinds of files ---------------------------------------------------------------------------------------------

def read_items(data):
    """For each item its name, its footprint, the ordinal of the earlier one that it looks like, and its offset."""
    columns = Columns(data, b"CRSITEM2")
    if "names" in columns.contents:
        names = columns.texts("names")
        for name in names:
            check_path(name)
        west, south = columns.steps("west", len(names)), columns.steps("south", len(names))
        width, height = columns.numbers("width", len(names)), columns.numbers("height", len(names))
        boxes = [picture_bounds(*box) for box in zip(west, south, width, height)]
        if "picture" in columns.contents:
            parts = list(zip(*(columns.numbers(name) for name in ("picture", "x", "y", "side"))))
        else:
            need(columns.rows == len(names), "its items are not its pictures")
            parts = [(picture, 0, 0, 0) for picture in range(len(names))]
        need(all(part[0] < len(names) for part in parts), "picture %d of %d" % (max(parts, default=[0])[0], len(names)))
        fragment = lambda x, y, side: "#xywh=%d,%d,%d,%d" % (x, y, side, side) if (x, y, side) != (0, 0, 0) else ""
        items = [(names[part[0]] + fragment(*part[1:]), boxes[part[0]]) for part in parts]
    else:
        tiles = columns.numbers("zoom"), columns.steps("column"), columns.steps("row")
        squares = list(zip(*tiles, columns.numbers("span", absent=1)))
        for square in squares:
            check_tile(*square)
        items = [("%d/%d/%d" % s[:3] + ("+%d" % s[3] if s[3] > 1 else ""), square_bounds(*s)) for s in squares]
    earlier = columns.numbers("duplicate_of", absent=0)
    need(all(n <= ordinal for ordinal, n in enumerate(earlier)), "an item is the duplicate of a later one")
    offsets = columns.steps("offset", columns.rows) if "offset" in columns.contents else [0] * columns.rows
    need(all(-32768 <= n <= 32767 for n in offsets), "a relevance offset is not between -1 and 1")
    rows = zip(items, earlier, offsets)
    return [(name, box, n - 1 if n else None, offset / 32768) for (name, box), n, offset in rows]


def text_of(texts, n):
    need(n <= len(texts), "text %d of %d" % (n, len(texts)))
    return texts[n - 1] if n else None


def read_details(data):
    columns = Columns(data, b"CRSDETL1")
    need(columns.rows <= 65536, "at most 65536 are possible")
    texts = columns.texts("texts")
    rows = [{} for _ in range(columns.rows)]
    for name in ("place", "address", "source"):
        for row, n in zip(rows, columns.numbers(name, absent=0)):
            row[name] = text_of(texts, n)
    for row, metres in zip(rows, columns.numbers("address_m", absent=0)):
        row["address_m"] = metres if row["address"] is not None else None
    for row, day in zip(rows, columns.numbers("captured", absent=0)):
        try:
            row["captured"] = datetime.date(day // 10000, day // 100 % 100, day % 100).isoformat() if day else None
        except ValueError:
            raise Damaged("date %d is not a day of the calendar" % day)
    return rows


def read_files(columns, prefix=""):
    """Length, folder and digest of a file of each row; no length: no file."""
    lengths, folders = columns.numbers(prefix + "bytes", absent=0), columns.numbers(prefix + "folder", absent=0)
    digests = columns.content(prefix + "digest") if prefix + "bytes" in columns.contents else bytes(16 * columns.rows)
    need(len(digests) == 16 * columns.rows, "column %sdigest is not as long as there are rows" % prefix)
    need(all(folder < 1 << 16 for folder in folders), "a folder's number is too large")
    return [(n, folder, digests[16 * row:16 * row + 16]) for row, (n, folder) in enumerate(zip(lengths, folders))]


def read_tile_listing(data):
    columns = Columns(data, b"CRSTILE1")
    need(columns.rows <= 65536, "at most 65536 are possible")
    tiles = list(zip(columns.numbers("zoom"), columns.steps("column"), columns.steps("row")))
    for tile in tiles:
        check_tile(*tile)
    order = [tile_order(*tile) for tile in tiles]
    need(all(a < b for a, b in zip(order, order[1:])), "its tiles are not in order")
    kinds, files = columns.numbers("kind", absent=0), read_files(columns)
    need(all(kind < 4 for kind in kinds), "a kind of picture that is not known")
    need(all(length > 0 for length, _, _ in files), "a tile without a file")
    path = lambda tile, kind: "%d/%d/%d" % tile + (".jpg", ".png", ".webp", ".avif")[kind]
    return [(tile, [("", path(tile, kind), file)]) for tile, kind, file in zip(tiles, kinds, files)]


def read_picture_listing(data, edges=()):
    columns = Columns(data, b"CRSPICT1")
    need(columns.rows <= 65536, "at most 65536 are possible")
    names = columns.texts("names")
    need(len(names) == columns.rows, "not as many names as rows")
    for name in names:
        check_path(name)
    need(all(a.encode() < b.encode() for a, b in zip(names, names[1:])), "its names are not in order")
    columns.numbers("width"), columns.numbers("height")
    sizes = [("original", "", read_files(columns))]
    sizes += [(str(edge), ".jpg", read_files(columns, "thumbnail_%d_" % n)) for n, edge in enumerate(edges)]
    variants = lambda row, name: [("/" + size, name + ending, files[row]) for size, ending, files in sizes]
    return [(name, variants(row, name)) for row, name in enumerate(names)]


def read_index(data):
    """The code of each item, the entrances of the graph and the neighbours of each item."""
    need(data[:7] == b"CRSINDX" and len(data) >= 24, "no file of this version")
    need(data[:8] == b"CRSINDX2", "written in format %s" % data[7:8].decode("latin-1"))
    dim, count, _, edges = struct.unpack_from("<4I", data, 8)
    need(24 + dim * count <= len(data), "its codes alone end at %d" % (24 + dim * count))
    codes = [struct.unpack_from("%db" % dim, data, 24 + dim * n) for n in range(count)]
    need(all(any(code) for code in codes), "a code of zeros has no direction")
    at, lists = 24 + dim * count, []
    for _ in range(1 + count):
        try:
            ordinals, at = read_list(data, at)
        except Damaged as error:
            raise Damaged("its graph is damaged: %s" % error)
        need(not ordinals or ordinals[-1] < count, "its graph is damaged: an ordinal beyond the items")
        lists.append(ordinals)
    need(at == len(data), "its graph is damaged: bytes after its end")
    need(bool(lists[0]) == (count > 0), "its graph is damaged: no entrance, or to nothing")
    need(sum(map(len, lists[1:])) == edges, "its graph is damaged: not %d neighbours" % edges)
    return codes, lists[0], lists[1:]


def read_list(data, at):
    """A list of ascending ordinals, and where it ends."""
    length, at = number(data, at, 4)
    ordinals, least = [], 0
    for _ in range(length):
        gap, at = number(data, at, 4)
        ordinals.append(least + gap)
        least = ordinals[-1] + 1
    return ordinals, at


def read_manifest(data):
    """catalog.json: the format first, then the digest, then whether it holds together."""
    need(len(data) <= 16 << 20, "larger than 16 MiB")
    try:
        text = data.decode("utf-8")
        manifest = json.loads(text)
    except ValueError as error:
        raise Damaged("no JSON: %s" % error)
    need(isinstance(manifest, dict) and isinstance(manifest.get("format"), int), "no JSON object with a format")
    need(manifest["format"] == 2, "written in format %d" % manifest["format"])
    end = re.search(r'"digest": "([0-9a-f]{64})"\n}\s*\Z', text)
    need(end, "it does not end in its digest")
    need(sha256((text[:end.start(1)] + "0" * 64 + text[end.end(1):]).encode()) == end[1], "does not match its SHA-256")
    try:
        check_manifest(manifest)
    except (KeyError, TypeError, AttributeError) as error:
        raise Damaged("missing field, or one of another type: %s" % error)
    return manifest


def check_manifest(manifest):
    for key in ("title", "attribution", "licence", "synthetic", "model", "shards", "files", "examples"):
        need(key in manifest, "missing field %s" % key)
    need(re.fullmatch("[A-Za-z0-9_-]{1,64}", manifest["id"]), "the id is not 1 to 64 ASCII letters, digits, - or _")
    tiles, pictures = manifest.get("tiles"), manifest.get("pictures")
    need((tiles is None) != (pictures is None), "it must have either tiles or pictures")
    imagery, stem = (tiles, "tiles") if tiles else (pictures, "pictures")
    plain = all(re.fullmatch(stem + "-[0-9a-f]{16}", folder) for folder in imagery["folders"])
    need(imagery["folders"] and plain, "its folders are not called %s-<16 hexadecimal digits>" % stem)
    firsts = [page["first"] for page in imagery["listing"]]
    if tiles:
        need(tiles["minzoom"] <= tiles["zoom"] <= tiles["maxzoom"] <= 24, "its zooms are not in order")
        need(64 <= tiles["tile_size"] <= 4096 and tiles["kinds"], "its tile size is not 64 to 4096 pixels, or no kind")
        firsts = [tile_order(*map(int, first.split("/"))) for first in firsts]
    else:
        edges, firsts = pictures["thumbnails"], [first.encode() for first in firsts]
        need(edges == sorted(set(edges)) and len(edges) <= 4, "its thumbnails are not at most 4 ascending sizes")
        need(all(16 <= edge <= 4096 for edge in edges), "thumbnails of other than 16 to 4096 pixels")
    in_order = all(a < b for a, b in zip(firsts, firsts[1:]))
    need(firsts and in_order, "the pages of its listing are not in order, or none")
    names = [file["name"] for file in manifest["files"]]
    need(len(names) == len(set(names)), "it names the file twice")
    for file in manifest["files"]:
        check_path(file["name"])
        carried = (file["name"].split(".") + [""])[1]
        need(carried == file["sha256"][:16], "does not carry the digest of its file")
    model, dim = manifest["model"], manifest["model"]["embed_dim"]
    need(1 <= dim <= 8192, "its embedding dimension is not 1 to 8192")
    used = [model[key] for key in ("config", "text", "image", "tokenizer")]
    used += [page["file"] for page in imagery["listing"]]
    for shard in manifest["shards"]:
        used += [shard["index"], shard["items"]] + shard["details"]
        finite = all(map(math.isfinite, shard["centroid"]))
        need(finite and len(shard["centroid"]) == dim, "centroid does not fit the model")
        fits = 1 <= shard["page_rows"] <= 65536 and len(shard["details"]) == -(-shard["count"] // shard["page_rows"])
        need(fits, "pages of details do not hold its items")
    for name in used:
        need(name in names, "it names no file %r" % name)
