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

    def texts(self, batch, query_share: float):
        """(texts, concepts): a caption (no concepts) or a short query for concepts that are clear in the picture."""
        texts, concepts = [], []
        for at, ids in batch:
            source = self.sources[at]
            share = 0.6 if source.labelled else query_share
            for number in ids:
                clear = np.flatnonzero(source.strength[number] == CLEAR)
                if len(clear) and self.random.random() < share:
                    count = 1 if len(clear) == 1 or self.random.random() < 0.7 else 2
                    weights = self.rarity[clear] / self.rarity[clear].sum()
                    chosen = tuple(self.rng.choice(clear, count, replace=False, p=weights))
                    texts.append(self.thesaurus.prompt(chosen, self.random))
                    concepts.append(chosen)
                else:
                    texts.append(self.caption(source.captions[number]))
                    concepts.append(None)
        return texts, concepts

    def caption(self, captions: list[str]) -> str:
        """One caption in lower case, some words exchanged, some dropped, now and then two captions in a row."""
        text = self.random.choice(captions)
        if self.random.random() < 0.05:
            text = f"{text} {self.random.choice(captions)}"
        text = text.lower().replace(" .", "").rstrip(".")
        text = self.thesaurus.vary(text, self.random, 0.2)
        words = [word for word in text.split() if self.random.random() > 0.04]
        return " ".join(words[:20]) or text

    def targets(self, batch, texts, concepts) -> torch.Tensor:
        """(pictures, texts) of OWN, IGNORED, OTHER. A query belongs to every picture that clearly shows its concepts."""
        strength = np.concatenate([self.sources[at].strength[ids] for at, ids in batch])
        labelled = np.concatenate([np.full(len(ids), self.sources[at].labelled) for at, ids in batch])
        table = np.zeros((len(texts), len(texts)), np.int8)
        same = {}
        for column, (text, wanted) in enumerate(zip(texts, concepts)):
            if wanted is not None:
                least = strength[:, list(wanted)].min(1)
                table[:, column] = np.where(least == CLEAR, OWN, np.where(least == MAYBE, IGNORED, OTHER))
            else:
                same.setdefault(text, []).append(column)
                if labelled[column]:
                    shown = np.flatnonzero(strength[column] == CLEAR)
                    alike = labelled & (strength[:, shown] == CLEAR).all(1)
                    table[alike, column] = IGNORED
        for columns in same.values():
            table[np.ix_(columns, columns)] = OWN
        np.fill_diagonal(table, OWN)
        return torch.from_numpy(table)

    def ranked(self, batch) -> tuple[list[int], list[str], torch.Tensor]:
        """For the labelled pictures of the batch, whose truth is complete: their rows, a short query for each concept
        that one of them clearly shows, and (pictures, queries) of OWN, IGNORED, OTHER."""
        rows, strengths, start = [], [np.zeros((0, len(self.thesaurus)), np.uint8)], 0
        for at, ids in batch:
            if self.sources[at].labelled:
                rows += range(start, start + len(ids))
                strengths.append(self.sources[at].strength[ids])
            start += len(ids)
        strength = np.concatenate(strengths)
        shown = np.flatnonzero((strength == CLEAR).any(0))
        queries = [self.thesaurus.prompt((concept,), self.random) for concept in shown]
        table = np.select([strength == CLEAR, strength == MAYBE], [OWN, IGNORED], OTHER)[:, shown]
        return rows, queries, torch.from_numpy(table.astype(np.int8))

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
