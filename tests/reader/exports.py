"""Opens what `clip-rs export` wrote with the tools that people have, and prints what they read, as JSON.

usage: exports.py QUERY.json FILE.parquet STAC_FOLDER FILE.geojson FILE.csv FILE.kml [FILE.pmtiles]

QUERY.json is what `clip-rs encode` prints for one text.

Needs pyarrow, duckdb, geopandas, pystac with jsonschema, pmtiles and geoparquet-validator; exits with 42 and the names of
those that are missing where it cannot do without.
"""

import csv
import importlib.util
import json
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

MISSING = 42
NEEDED = ["duckdb", "geopandas", "jsonschema", "pmtiles", "pyarrow", "pystac", "shapely"]


def with_pyarrow(path):
    """Identifiers, vectors and boxes as Arrow has them, and the keys of the file."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    keys = {key.decode(): json.loads(value) for key, value in table.schema.metadata.items() if key in (b"geo", b"emb")}
    rows = table.to_pylist()
    kind = str(table.schema.field("embedding").type)
    return {
        "rows": [{name: row[name] for name in ("id", "place", "address", "bbox", "embedding")} for row in rows],
        "type": kind,
        "keys": keys,
    }


def with_duckdb(path, query):
    """What the first query of docs/EXPORTING.md finds, word for word but for the names of the files."""
    import duckdb

    guide = Path(__file__).parents[2] / "docs/EXPORTING.md"
    text = guide.read_text().split("```sql\n")[1].split("```")[0]
    text = text.replace("'county.parquet'", f"'{path}'").replace("'query.json'", f"'{query}'")
    return [name for name, *_ in duckdb.sql(text).fetchall()]


def with_geopandas(path):
    """Where GeoPandas sees the places."""
    import geopandas

    frame = geopandas.read_parquet(path)
    placed = frame[~frame.geometry.isna()]
    return {
        "crs": frame.crs.to_authority()[1] if frame.crs else None,
        "count": len(frame),
        "bounds": list(placed.total_bounds) if len(placed) else None,
        "all_valid": bool(placed.geometry.is_valid.all()),
    }


def with_validator(path):
    """What the validator of GeoParquet finds wrong."""
    program = Path(sys.executable).with_name("geoparquet-validator")
    if not program.exists():
        return None
    done = subprocess.run([program, "check", path, "--class", "all"], capture_output=True, text=True)
    return {"passed": done.returncode == 0, "said": done.stdout + done.stderr}


def with_pystac(folder):
    """The collection with its items, each valid by the core's schemas, which pystac brings along. The schema of the extension for
    embeddings is nowhere but on the network."""
    import pystac
    from pystac.validation import validate_dict

    collection = pystac.Collection.from_file(str(Path(folder) / "collection.json"))
    items = list(collection.get_items())
    errors = []
    for thing in [collection, *items]:
        try:
            validate_dict(thing.to_dict(), extensions=[])
        except pystac.errors.STACValidationError as error:
            errors.append(str(error))
    assets = [Path(asset.get_absolute_href()).exists() for item in items for asset in item.assets.values()]
    return {"items": len(items), "errors": errors, "assets": assets, "extra": collection.extra_fields}


def with_pmtiles(path):
    """Zooms, and how many tiles there are."""
    from pmtiles.reader import MmapSource, Reader, all_tiles

    with open(path, "rb") as file:
        source = MmapSource(file)
        reader = Reader(source)
        header = reader.header()
        tiles = [position for position, _ in all_tiles(source)]
        return {"zooms": [header["min_zoom"], header["max_zoom"]], "tiles": len(tiles), "about": reader.metadata()}


def main(query, parquet, stac, geojson, table, kml, pmtiles=None):
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print("missing: " + ", ".join(missing), file=sys.stderr)
        return MISSING
    features = json.loads(Path(geojson).read_text())["features"]
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    places = xml.parse(kml).getroot().iter("{http://www.opengis.net/kml/2.2}Placemark")
    json.dump(
        {
            "pyarrow": with_pyarrow(parquet),
            "duckdb": with_duckdb(parquet, query),
            "geopandas": with_geopandas(parquet),
            "validator": with_validator(parquet),
            "pystac": with_pystac(stac),
            "geojson": [[feature["id"], feature["geometry"]] for feature in features],
            "csv": rows,
            "kml": [place.find("{http://www.opengis.net/kml/2.2}name").text for place in places],
            "pmtiles": with_pmtiles(pmtiles) if pmtiles else None,
        },
        sys.stdout,
        default=str,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
