"""Figures to choose by while training: retrieval both ways, class prompts and everyday words on held-out pictures."""

import re
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from data import Source
from model import Clip, pad
from thesaurus import CLEAR

HERE = Path(__file__).parent


def pixels(config, pictures: np.ndarray) -> torch.Tensor:
    """As the engine does it: bicubic to the model's size, then mean and standard deviation. (n, 3, side, side)"""
    x = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2)
    side = config.image_size
    x = F.interpolate(x, (side, side), mode="bicubic", antialias=True, align_corners=False).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (config.mean, config.std))
    return (x - mean) / std


@torch.no_grad()
def embed_pictures(model: Clip, pictures: np.ndarray) -> np.ndarray:
    """(n, embed_dim) unit vectors, as the engine computes them: with the transpose if the model says so."""
    model.eval()
    device = model.log_scale.device
    parts = []
    for at in range(0, len(pictures), 256):
        x = pixels(model.config, pictures[at : at + 256]).to(device)
        views = [x, x.transpose(2, 3)] if model.config.average_transpose else [x]
        mean = sum(F.normalize(model.image(view).float(), dim=1) for view in views)
        parts.append(F.normalize(mean, dim=1).cpu())
    return torch.cat(parts).numpy()


@torch.no_grad()
def embed_texts(model: Clip, tokenizer, texts: list[str]) -> np.ndarray:
    """(n, embed_dim) unit vectors."""
    model.eval()
    device = model.log_scale.device
    ids = [tokenizer.encode(text, model.config.context_length) for text in texts]
    parts = [
        F.normalize(model.text(pad(ids[at : at + 256]).to(device)).float(), dim=1).cpu()
        for at in range(0, len(ids), 256)
    ]
    return torch.cat(parts).numpy()


def retrieval(images: np.ndarray, texts: np.ndarray, owner: np.ndarray) -> dict:
    """Recall at 1, 5, 10 in percent, from text to image and back. `owner[t]` is the picture of text t."""
    scores = texts @ images.T
    own = scores[np.arange(len(owner)), owner]
    place = (scores > own[:, None]).sum(1)
    t2i = [100 * float((place < k).mean()) for k in (1, 5, 10)]
    best = np.full(len(images), len(texts))
    order = np.argsort(-scores.T, axis=1, kind="stable")[:, :10]
    for rank in range(9, -1, -1):
        best[owner[order[:, rank]] == np.arange(len(images))] = rank
    i2t = [100 * float((best < k).mean()) for k in (1, 5, 10)]
    return {"t2i": t2i, "i2t": i2t, "mean_recall": float(np.mean(t2i + i2t))}


def class_of(file: str) -> str | None:
    """The class in a name such as `airport_1.webp`; None where the name has none. Used for figures only."""
    found = re.match(r"([a-z]+)_\d+\.", file)
    return found.group(1) if found else None


# As people write the classes whose file names run words together.
SPELLED = {
    "bareland": "bare land", "baseballfield": "baseball field", "denseresidential": "dense residential",
    "mediumresidential": "medium residential", "sparseresidential": "sparse residential",
    "railwaystation": "railway station", "storagetanks": "storage tanks",
}


def phrases(name: str) -> list[tuple[str, list[list[str]]]]:
    """Everyday phrases from a file beside this one, `phrase: a | b + c`, each with what must hold: one of each list.
    Those that nothing answers, `phrase: -`, are left out."""
    rows = []
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            phrase, classes = line.split(":")
            if classes.strip() == "-":
                continue
            rows.append((phrase.strip(), [[name.strip() for name in part.split("|")] for part in classes.split("+")]))
    return rows


def answers_to(right: list[list[str]], held) -> bool:
    """Whether a picture that holds these classes answers a phrase."""
    return all(any(name in held for name in part) for part in right)


def evaluate(model: Clip, tokenizer, source: Source, split: str) -> dict:
    """Retrieval, accuracy@k by class prompts and precision@10 of everyday phrases on one split."""
    ids = source.of(split)
    images = embed_pictures(model, source.pictures[ids])
    captions = [caption for number in ids for caption in source.captions[number]]
    owner = np.concatenate([np.full(len(source.captions[number]), at) for at, number in enumerate(ids)])
    result = retrieval(images, embed_texts(model, tokenizer, captions), owner)
    classes = np.array([class_of(source.files[number]) or "" for number in ids])
    known = sorted(set(classes) - {""})
    if len(known) > 1:
        named = classes != ""
        prompts = [f"An aerial photograph of {SPELLED.get(name, name)}" for name in known]
        order = np.argsort(-images[named] @ embed_texts(model, tokenizer, prompts).T, axis=1)
        answers = np.array(known)[order] == classes[named][:, None]
        result["accuracy"] = {str(k): float(answers[:, :k].any(1).mean()) for k in (1, 3, 5, 10)}
        open_words = [(phrase, right) for phrase, right in phrases("phrases-rsicd.txt") if answers_to(right, known)]
        scores = embed_texts(model, tokenizer, [phrase for phrase, _ in open_words]) @ images[named].T
        top = np.argsort(-scores, axis=1)[:, :10]
        found = {
            phrase: float(np.mean([answers_to(right, {name}) for name in classes[named][top[at]]]))
            for at, (phrase, right) in enumerate(open_words)
        }
        result["open_words"] = {"mean": float(np.mean(list(found.values()))), "phrases": found}
    return result


def evaluate_sample(model: Clip, tokenizer, source: Source, truth: list[dict]) -> dict:
    """Precision@5 of everyday phrases on a sample area: a tile is right when its ground truth has a wanted class."""
    images = embed_pictures(model, source.pictures)
    rows = phrases("phrases-sample.txt")
    scores = embed_texts(model, tokenizer, [phrase for phrase, _ in rows]) @ images.T
    found = {}
    for at, (phrase, right) in enumerate(rows):
        holds = np.array([answers_to(right, tile) for tile in truth])
        top = np.argsort(-scores[at])[:5]
        found[phrase] = {"right": int(holds[top].sum()), "tiles": int(holds.sum())}
    near = same = 0
    clear = source.strength == CLEAR
    rng = np.random.default_rng(0)
    for query in rng.choice(len(images), min(200, len(images)), replace=False):
        if clear[query].any():
            top = [at for at in np.argsort(-images @ images[query])[:6] if at != query][:5]
            same += sum(bool((clear[at] & clear[query]).any()) for at in top)
            near += len(top)
    return {
        "at_least_4_of_5": sum(row["right"] >= min(4, row["tiles"]) for row in found.values()) / len(found),
        "phrases": found,
        "neighbours_sharing_a_class": same / max(near, 1),
    }
