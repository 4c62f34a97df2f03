"""What embedding a folder of pictures takes with onnxruntime and Pillow: run as a program of its own, so that its
memory is its own. Prints the seconds from the first file to the last vector, without starting Python.

    embed_peer.py GRAPH MODEL_JSON PICTURES THREADS OUT
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

BATCH = 8


def prepare(path: Path, image: dict) -> np.ndarray:
    """`(3, size, size)`: the short side to the model's size, the middle, normalised; as CLIP's preprocessing does."""
    size = image["image_size"]
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    short = min(width, height)
    wide, high = width * size // short, height * size // short
    picture = picture.resize((wide, high), Image.Resampling.BICUBIC)
    left, top = round((wide - size) / 2), round((high - size) / 2)
    pixels = np.asarray(picture.crop((left, top, left + size, top + size)), np.float32) / 255
    mean, deviation = (np.array(image[name], np.float32) for name in ("mean", "std"))
    return ((pixels - mean) / deviation).transpose(2, 0, 1)


def main(graph: str, config: str, pictures: str, threads: str, out: str):
    image = json.loads(Path(config).read_text())["image"]
    paths = sorted(Path(pictures).iterdir())
    start = time.perf_counter()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    session = onnxruntime.InferenceSession(graph, options)
    vectors = []
    with ThreadPoolExecutor(int(threads)) as pool:
        for first in range(0, len(paths), BATCH):
            batch = list(pool.map(lambda path: prepare(path, image), paths[first : first + BATCH]))
            (found,) = session.run(None, {"pixel_values": np.stack(batch)})
            vectors.append(found / np.linalg.norm(found, axis=1, keepdims=True))
    seconds = time.perf_counter() - start
    np.save(out, np.concatenate(vectors))
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
