"""Draws training batches: pictures with aerial augmentation, texts with varied words, and which of them belong together."""

import random

import numpy as np
import torch
import torch.nn.functional as F

from data import SIDE, Source, sampling_weights
from thesaurus import CLEAR, MAYBE, Thesaurus

OWN, IGNORED, OTHER = 1, -1, 0

# Concepts that nearly every picture shows: poor queries, so seldom chosen.
COMMON = ("trees", "building", "road", "house", "water")


class Mixture:
    """Training pictures of all sources, a fixed share of each batch from labelled (synthetic) ones when there are any."""

    def __init__(self, sources: list[Source], thesaurus: Thesaurus, labelled_share: float, seed: int):
        self.thesaurus = thesaurus
        self.rng = np.random.default_rng(seed)
        self.random = random.Random(seed)
        self.sources = sources
        self.train = [source.of("train") for source in sources]
        self.weights = [sampling_weights(source, ids) for source, ids in zip(sources, self.train)]
        sizes = np.array([len(ids) for ids in self.train], float)
        labelled = np.array([source.labelled for source in sources])
        shares = np.zeros(len(sources))
        for group, share in ((labelled, labelled_share), (~labelled, 1.0 - labelled_share)):
            if sizes[group].sum():
                shares[group] = share * sizes[group] / sizes[group].sum()
        if not shares.sum():
            raise ValueError("no training pictures in the data")
        self.shares = shares / shares.sum()
        clear = sum((source.strength[ids] == CLEAR).sum(0) for source, ids in zip(sources, self.train))
        self.rarity = 1.0 / np.sqrt(np.maximum(clear, 1))
        self.rarity[[thesaurus.number[key] for key in COMMON]] *= 0.1

    def state(self):
        return self.rng.bit_generator.state, self.random.getstate()

    def set_state(self, state):
        self.rng.bit_generator.state = state[0]
        self.random.setstate(state[1])

    def draw(self, size: int) -> list[tuple[int, np.ndarray]]:
        """(source, picture numbers) for each source with at least one picture in the batch."""
        counts = self.rng.multinomial(size, self.shares)
        batch = []
        for at, count in enumerate(counts):
            if count:
                chosen = self.rng.choice(len(self.train[at]), count, replace=False, p=self.weights[at])
                batch.append((at, self.train[at][chosen]))
        return batch

    def pictures(self, batch, side: int) -> torch.Tensor:
        """(pictures, 3, side, side) in 0..1: cropped, turned, recoloured."""
        parts = []
        for at, ids in batch:
            pixels = self.sources[at].pictures[ids]
            smallest = 0.88 if self.sources[at].labelled else 0.62
            for start in range(0, len(ids), 16):
                parts.append(self.crop(pixels[start : start + 16], side, smallest))
        return self.recolour(torch.cat(parts))

    def crop(self, pixels: np.ndarray, side: int, smallest: float) -> torch.Tensor:
        """One scale and one turn for the group, a place of its own for each picture."""
        size = int(round(SIDE * self.rng.uniform(smallest, 1.0)))
        cut = []
        for picture in pixels:
            top, left = self.rng.integers(0, SIDE - size + 1, 2)
            cut.append(picture[top : top + size, left : left + size])
        x = torch.from_numpy(np.stack(cut)).permute(0, 3, 1, 2)
        x = F.interpolate(x, (side, side), mode="bilinear", antialias=True, align_corners=False)
        x = torch.rot90(x, int(self.rng.integers(4)), (2, 3))
        return x.flip(3) if self.rng.random() < 0.5 else x

    def recolour(self, x: torch.Tensor) -> torch.Tensor:
        count = len(x)
        draw = lambda low, high, *shape: torch.from_numpy(self.rng.uniform(low, high, shape).astype(np.float32))
        x = x.float() / 255
        gain = draw(0.8, 1.2, count, 1, 1, 1) * draw(0.92, 1.08, count, 3, 1, 1)
        middle = x.mean((1, 2, 3), keepdim=True)
        x = (x - middle) * draw(0.8, 1.25, count, 1, 1, 1) + middle
        grey = x.mean(1, keepdim=True)
        x = grey + (x - grey) * draw(0.7, 1.3, count, 1, 1, 1)
        return (x * gain + draw(-0.05, 0.05, count, 1, 1, 1)).clamp(0, 1)

    def captions(self, batch) -> tuple[list[str], torch.Tensor]:
        """A caption for each picture, and (pictures, texts) of OWN, IGNORED, OTHER: equal captions belong together."""
        texts = [self.caption(self.sources[at].captions[number]) for at, ids in batch for number in ids]
        numbers: dict[str, int] = {}
        which = np.array([numbers.setdefault(text, len(numbers)) for text in texts])
        table = np.where(which[:, None] == which, OWN, OTHER).astype(np.int8)
        strength, labelled = self.truth(batch)
        for column in np.flatnonzero(labelled):
            # A caption of a labelled tile is true of every labelled tile that clearly shows the same.
            shown = np.flatnonzero(strength[column] == CLEAR)
            alike = labelled & (strength[:, shown] == CLEAR).all(1) & (table[:, column] == OTHER)
            table[alike, column] = IGNORED
        return texts, torch.from_numpy(table)

    def caption(self, captions: list[str]) -> str:
        """One caption in lower case, now and then with a word exchanged for another name of the same concept."""
        text = self.random.choice(captions).lower().replace(" .", "").rstrip(".")
        if self.random.random() < 0.3:
            text = self.thesaurus.vary(text, self.random, 0.5)
        return " ".join(text.split()[:20])

    def truth(self, batch) -> tuple[np.ndarray, np.ndarray]:
        """Strength of each concept in each picture of the batch, and which pictures have ground truth."""
        strength = np.concatenate([self.sources[at].strength[ids] for at, ids in batch])
        labelled = np.concatenate([np.full(len(ids), self.sources[at].labelled) for at, ids in batch])
        return strength, labelled

    def queries(self, batch, most: int) -> tuple[list[str], torch.Tensor]:
        """Short queries as people type them, for concepts and pairs of concepts that pictures of the batch clearly show,
        and (queries, pictures) of OWN, IGNORED, OTHER. Rare concepts come first."""
        strength, _ = self.truth(batch)
        shown = np.flatnonzero((strength == CLEAR).any(0))
        weights = self.rarity[shown] / self.rarity[shown].sum()
        count = min(most * 3 // 4, len(shown))
        wanted = [(concept,) for concept in self.rng.choice(shown, count, replace=False, p=weights)]
        for row in self.rng.choice(len(strength), most - count):
            clear = np.flatnonzero(strength[row] == CLEAR)
            if len(clear) > 1:
                wanted.append(tuple(self.rng.choice(clear, 2, replace=False)))
        texts = [self.thesaurus.prompt(concepts, self.random) for concepts in wanted]
        least = np.array([strength[:, concepts].min(1) for concepts in wanted]).reshape(len(wanted), len(strength))
        table = np.select([least == CLEAR, least == MAYBE], [OWN, IGNORED], OTHER)
        return texts, torch.from_numpy(table.astype(np.int8))

    def collage(self, batch, pictures: torch.Tensor) -> dict[str, tuple[torch.Tensor, float]]:
        """Pastes a part of another picture of the same source over each picture that has teacher features, in place.
        For each source: which picture of it that was, and the part of the area it covers. The teacher's features are
        means over the area, so those of the collage are mixed in the same proportion (after CutMix, Yun et al. 2019)."""
        mixed, side = {}, pictures.shape[-1]
        for name, rows, features in self.teachers(batch):
            other = torch.from_numpy(self.rng.permutation(len(features)))
            height, width = (int(round(side * self.rng.uniform(0.3, 0.8))) for _ in range(2))
            top, left = self.rng.integers(0, side - height + 1), self.rng.integers(0, side - width + 1)
            box = (..., slice(top, top + height), slice(left, left + width))
            part = pictures[rows]
            part[box] = part[other][box]
            mixed[name] = (other, height * width / side**2)
        return mixed

    def teachers(self, batch) -> list[tuple[str, slice, torch.Tensor]]:
        """For each source with teacher features: its name, its rows of the batch, the features."""
        found, start = [], 0
        for at, ids in batch:
            source = self.sources[at]
            if source.teacher is not None:
                found.append((source.name, slice(start, start + len(ids)), torch.from_numpy(source.teacher[ids])))
            start += len(ids)
        return found


class Words:
    """Pairs of texts with one meaning: from WordNet (name and gloss, siblings, parents) and from the thesaurus."""

    FILES = (
        "noun.artifact noun.location noun.object noun.group noun.substance noun.plant noun.shape noun.act "
        "noun.phenomenon noun.state noun.attribute noun.quantity adj verb.motion verb.contact verb.stative"
    )

    def __init__(self, synsets: dict[str, dict], thesaurus: Thesaurus, seed: int):
        self.synsets, self.thesaurus = synsets, thesaurus
        wanted = tuple(self.FILES.split())
        self.entries = [entry for entry in synsets.values() if entry["file"].startswith(wanted) and "gloss" in entry]
        self.random = random.Random(seed)
        count = len(thesaurus)
        self.alike = torch.zeros(count, count, dtype=torch.int8)
        for concept in range(count):
            for other in (*thesaurus.means[concept], *thesaurus.near[concept]):
                self.alike[concept, other] = self.alike[other, concept] = IGNORED
            self.alike[concept, concept] = OWN

    def from_wordnet(self, size: int) -> tuple[list[str], list[str]]:
        left, right = [], []
        for entry in self.random.sample(self.entries, size):
            lemma = self.random.choice(entry["lemmas"])
            parents = [self.synsets[up] for up in entry.get("up", []) if up in self.synsets]
            kind = self.random.random()
            if kind < 0.35 and len(entry["lemmas"]) > 1:
                other = self.random.choice([name for name in entry["lemmas"] if name != lemma])
            elif kind < 0.55 and parents:
                parent = self.random.choice(parents)
                other = parent["lemmas"][0] + (" " + entry["gloss"] if self.random.random() < 0.3 else "")
            else:
                other = entry["gloss"]
            left.append(lemma)
            right.append(" ".join(other.split()[:11]))
        return left, right

    def from_thesaurus(self, size: int) -> tuple[list[str], list[str], torch.Tensor]:
        """Two phrasings each of `size` concepts, and which of them belong together."""
        drawn = [self.random.randrange(len(self.thesaurus)) for _ in range(size)]
        phrase = lambda: [self.thesaurus.prompt((concept,), self.random) for concept in drawn]
        at = torch.tensor(drawn)
        return phrase(), phrase(), self.alike[at][:, at]


def similarities(left: torch.Tensor, right: torch.Tensor, scale) -> torch.Tensor:
    """Cosines of every row of `left` with every row of `right`, times `scale`."""
    return F.normalize(left.float(), dim=1) @ F.normalize(right.float(), dim=1).T * scale


def one_way(logits: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Cross entropy of each row against its OWN columns, in equal parts; IGNORED ones leave the sum altogether."""
    own = (table == OWN).float()
    scores = logits.masked_fill(table == IGNORED, -1e4).log_softmax(1)
    return -(own / own.sum(1, keepdim=True) * scores).sum(1).mean()


def contrastive(left: torch.Tensor, right: torch.Tensor, scale, table: torch.Tensor | None = None) -> torch.Tensor:
    """InfoNCE both ways, with several right answers a row where `table` says so."""
    if table is None:
        table = torch.eye(len(left), dtype=torch.int8)
    table = table.to(left.device)
    logits = similarities(left, right, scale)
    return (one_way(logits, table) + one_way(logits.T, table.T)) / 2
