"""Texts that people would search aerial imagery with, and captions as they describe it."""

import json
import tarfile
from pathlib import Path

# Queries of one to nine words.
QUERIES = [
    "storage tanks", "baseball field", "a river with a bridge", "parked airplanes", "swimming pool", "golf course",
    "solar panels on a roof", "a church with a car park", "container ships in a harbour", "railway station",
    "forest", "dense houses along a curved street", "a roundabout", "tennis courts beside a school",
    "a stadium seen from above", "ploughed fields", "a motorway crossing with many bridges", "a pond in a park",
    "a beach with white waves", "a large factory with grey roofs",
]
CAPTIONS = [
    "many buildings and some green trees are in a dense residential area .",
    "several planes are parked near a terminal in an airport .",
    "a playground with two basketball fields next to it is surrounded by trees .",
    "it is a piece of irregular farmland with narrow roads between the fields .",
    "a curved river with dark green water is near a dense forest .",
    "four white storage tanks of different sizes stand on bare ground .",
    "a long bridge over a wide river has several cars on it .",
    "white waves roll onto a yellow beach in front of a green sea .",
    "the viaduct is next to a green meadow and some tall buildings .",
    "a large stadium with an oval roof is surrounded by car parks .",
    "some boats are moored in a port close to many red-roofed houses .",
    "a railway station with long white platforms lies in the middle of the city .",
    "the mountain is covered with snow and its ridges cast long shadows .",
    "an industrial area has rows of blue and white workshops .",
    "two tennis courts are beside a school with a running track .",
    "a church with a dark cross-shaped roof stands at a corner .",
    "in the desert there are dunes with sharp ridges and no plants at all .",
    "a pond with an island in it is in the centre of the park .",
    "rows of mobile homes are separated by narrow roads with parked cars .",
    "the square has a round fountain and paths that lead to it from all sides .",
    "a resort with swimming pools is built on the shore of a blue bay .",
    "bare land with a few bushes and the traces of vehicles .",
    "a roundabout joins five roads between fields and a petrol station .",
    "commercial buildings of different heights stand close together near a wide street .",
]


def rsicd_captions(data: Path | None, count: int) -> list[str]:
    """Captions of RSICD's test split, spread evenly over it; none without the archive."""
    archive = data / "rsicd.tar.gz" if data else None
    if not archive or not archive.exists():
        return []
    with tarfile.open(archive) as tar:
        member = next(m for m in tar if m.name.endswith("dataset.json"))
        images = json.load(tar.extractfile(member))["images"]
    captions = [s["raw"] for image in images if image["split"] == "test" for s in image["sentences"]]
    return captions[:: max(1, len(captions) // count)][:count]
