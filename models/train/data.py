"""Reads DATA (a folder, .tar or .tar.gz with dataset.json and pictures) into memory, and keeps test pictures out."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from thesaurus import ABSENT, CLEAR, MAYBE, Thesaurus

SIDE = 128


class DataError(Exception):
    """A data set that cannot be used, with its name and the reason."""


@dataclass
class Source:
    """One data set. All arrays have one entry for each picture, in the order of dataset.json."""

    name: str
    files: list[str]
    pictures: np.ndarray  # (pictures, SIDE, SIDE, 3) uint8
    captions: list[list[str]]  # no caption at all where nobody wrote one
    splits: np.ndarray  # of "train", "val", "test"
    strength: np.ndarray  # (pictures, concepts) uint8, see thesaurus.py
    teacher: np.ndarray | None  # (pictures, features) float32, as the file has them
    labelled: bool  # ground truth per class, not only captions

    def of(self, split: str) -> np.ndarray:
        return np.flatnonzero(self.splits == split)


def stem(path: Path) -> str:
    name = path.name
    for ending in (".tar.gz", ".tgz", ".tar"):
        name = name.removesuffix(ending)
    return name


def open_files(path: Path):
    """A function from a path inside the data set to its bytes, or None where there is no such file."""
    if path.is_dir():
        return lambda name: (path / name).read_bytes() if (path / name).is_file() else None
    with tarfile.open(path) as archive:
        blobs = {}
        for member in archive:
            if member.isfile():
                blobs[member.name.removeprefix("./")] = archive.extractfile(member).read()
    return blobs.get


def picture(data: bytes) -> np.ndarray:
    """The picture in RGB, its middle square, SIDE pixels wide."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = image.size
    if (width, height) != (SIDE, SIDE):
        short = min(width, height)
        left, top = (width - short) // 2, (height - short) // 2
        image = image.resize((SIDE, SIDE), Image.BICUBIC, box=(left, top, left + short, top + short))
    return np.asarray(image)


def teacher_features(path: Path, count: int) -> np.ndarray | None:
    """Features of a teacher beside the archive, one row a picture; of several files those with the most features."""
    found = None
    for beside in sorted(path.parent.glob(f"{stem(path)}_teacher_features*.safetensors")):
        features = load_file(str(beside))["features"].astype(np.float32)
        if len(features) != count:
            raise DataError(f"{beside}: {len(features)} rows for {count} pictures")
        if found is None or features.shape[1] > found.shape[1]:
            found = features
    return found


def strengths(rows: list[dict], thesaurus: Thesaurus) -> np.ndarray:
    """Strength of each concept in each picture, by its captions; where there are none, by its class or share of forest.

    A class says what a picture shows first, not all that it shows: only the other classes of its set are known to be
    absent. Where boxes of one class alone were drawn, nothing is.
    """
    known = np.stack([thesaurus.of_captions(texts_of(row) or names_of_class(row)) for row in rows])
    sets = np.array([row.get("set", "") for row in rows])
    bare = np.array([not row["sentences"] for row in rows])
    for name in np.unique(sets[bare]):
        own = np.flatnonzero(bare & (sets == name))
        told = (known[own] == CLEAR).any(0)
        for at in own:
            silent = known[at] == ABSENT
            closed = told if rows[at].get("class") and not rows[at].get("objects") else np.zeros_like(told)
            known[at, silent & ~closed] = MAYBE
    return known


def texts_of(row: dict) -> list[str]:
    return [sentence["raw"].strip() for sentence in row["sentences"]]


def names_of_class(row: dict) -> list[str]:
    """What a picture without captions is said to show, in words of the thesaurus."""
    if (row.get("forest") or 0) >= MOSTLY_FOREST:
        return ["forest"]
    name = row.get("class") or ""
    return [CLASS_NAMES.get(name, name)]


# Classes whose name alone would not be found in the thesaurus, or be found as something else.
CLASS_NAMES = {
    "panel": "solar panels", "annual crop": "farmland", "permanent crop": "farmland", "sea or lake": "water",
    "herbaceous vegetation": "meadow",
}
# From this share on a picture is one of a forest.
MOSTLY_FOREST = 0.8


def load(path: Path, thesaurus: Thesaurus) -> Source:
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such data set")
    read = open_files(path)
    index = read("dataset.json")
    if index is None:
        raise DataError(f"{path}: no dataset.json in it")
    index = json.loads(index)
    folder = index.get("image_folder", "images")
    rows = index["images"]
    pictures = np.empty((len(rows), SIDE, SIDE, 3), np.uint8)
    for at, row in enumerate(rows):
        data = read(f"{folder}/{row['filename']}")
        if data is None:
            raise DataError(f"{path}: {folder}/{row['filename']} is missing")
        pictures[at] = picture(data)
    captions = [texts_of(row) for row in rows]
    splits = np.array([row["split"] for row in rows], dtype="U8")
    labels = read("labels.jsonl")
    if labels is None:
        strength = strengths(rows, thesaurus)
    else:
        strength = np.stack([thesaurus.of_labels(classes) for classes in truth(path)])
    return Source(
        name=stem(path).replace(".", "_"),
        files=[row["filename"] for row in rows],
        pictures=pictures,
        captions=captions,
        splits=splits,
        strength=strength,
        teacher=teacher_features(path, len(rows)),
        labelled=labels is not None,
    )


def truth(path: Path) -> list[dict]:
    """Ground truth of a sample area, one entry for each picture in the order of dataset.json."""
    read = open_files(Path(path))
    labels, index = read("labels.jsonl"), read("dataset.json")
    if labels is None or index is None:
        raise DataError(f"{path}: a sample area has dataset.json and labels.jsonl")
    classes = {row["id"]: row["classes"] for row in map(json.loads, labels.decode().splitlines())}
    return [classes[row["filename"].rsplit(".", 1)[0]] for row in json.loads(index)["images"]]


def fingerprint(pictures: np.ndarray) -> np.ndarray:
    """256 signs a picture that survive re-encoding: is each cell of a 16 x 17 grey grid lighter than the one before?"""
    rows = np.linspace(0, SIDE, 17).astype(int)
    columns = np.linspace(0, SIDE, 18).astype(int)
    signs = np.empty((len(pictures), 256), np.float32)
    for at, picture in enumerate(pictures):
        grey = picture.sum(2, dtype=np.float32)
        cells = np.add.reduceat(np.add.reduceat(grey, rows[:-1], 0), columns[:-1], 1) / np.diff(columns)
        signs[at] = np.where(cells[:, 1:] > cells[:, :-1], 1, -1).ravel()
    return signs


def drop_leaks(sources: list[Source], most_bits: int = 12) -> int:
    """Marks training pictures that equal a validation or test picture of any source as "dropped"; says how many.

    Equal means the same pixels, or for photographs fingerprints that differ in at most `most_bits` of 256.
    """
    real = [source for source in sources if not source.labelled]
    held = [(source, np.flatnonzero(source.splits != "train")) for source in real]
    held_pixels = {hashlib.sha256(source.pictures[at]).digest() for source, ids in held for at in ids}
    prints = [fingerprint(source.pictures[ids]) for source, ids in held if len(ids)]
    held_prints = np.concatenate(prints) if prints else np.empty((0, 256), np.float32)
    dropped = 0
    for source in real:
        train = source.of("train")
        alike = fingerprint(source.pictures[train]) @ held_prints.T  # 256 less twice the signs that differ
        for at, near in zip(train, (alike >= 256 - 2 * most_bits).any(1)):
            if near or hashlib.sha256(source.pictures[at]).digest() in held_pixels:
                source.splits[at] = "dropped"
                dropped += 1
    return dropped


def sampling_weights(source: Source, train: np.ndarray) -> np.ndarray:
    """How often each training picture is drawn: evenly for photographs, tiles with rare classes more for samples."""
    if not source.labelled:
        return np.full(len(train), 1.0 / len(train))
    clear = source.strength[train] == CLEAR
    counts = clear.sum(0).clip(min=1)
    weights = (clear / counts**0.75).sum(1) + 0.2 / len(train)
    return weights / weights.sum()


def wordnet(path: Path) -> dict[str, dict]:
    """Synsets by id: lemmas, gloss, up."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return {entry["id"]: entry for entry in map(json.loads, file)}


def caption_groups(path: Path) -> list[list[str]]:
    """Captions of pictures that are not at hand, `picture<TAB>caption` a line in a .tsv.gz, together by picture."""
    groups: dict[str, list[str]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            picture, tab, caption = line.rstrip("\n").partition("\t")
            if not tab:
                raise DataError(f"{path}, line {number}: no tab between picture and caption")
            groups.setdefault(picture, []).append(caption)
    return [group for group in groups.values() if len(group) > 1]


def write_atomically(path: Path, write) -> None:
    """Calls `write(file)` on a temporary file beside `path`, syncs it and renames it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
