"""Draws training batches: pictures with aerial augmentation, texts with varied words, and which of them belong together."""

import random

import numpy as np
import torch
import torch.nn.functional as F

from data import Source, sampling_weights
from thesaurus import CLEAR, MAYBE, Thesaurus

OWN, IGNORED, OTHER = 1, -1, 0

# Concepts that nearly every picture shows: poor queries, so seldom chosen.
COMMON = ("trees", "building", "road", "house", "water")
# Ways in which each caption, each concept and each pair of concepts is put into words.
CAPTION_FORMS, CONCEPT_FORMS, PAIR_FORMS = 3, 240, 8


class Mixture:
    """The training pictures of all sources in one row, and batches of them as lists of numbers.

    A batch is one of captioned photographs first, then of photographs without captions, then of tiles of sample areas:
    each kind has a fixed share of it, so that no kind crowds out another.
    """

    def __init__(self, sources: list[Source], thesaurus: Thesaurus, bare_share: float, labelled_share: float, seed: int):
        self.thesaurus = thesaurus
        self.rng = np.random.default_rng(seed)
        self.random = random.Random(seed)
        train = [source.of("train") for source in sources]
        every = lambda of: np.concatenate([of(source, ids) for source, ids in zip(sources, train)])
        self.pictures = torch.from_numpy(every(lambda source, ids: source.pictures[ids])).permute(0, 3, 1, 2)
        self.strength = every(lambda source, ids: source.strength[ids])
        self.labelled = every(lambda source, ids: np.full(len(ids), source.labelled))
        self.taught = every(lambda source, ids: np.full(len(ids), source.teacher is not None))
        self.captions = [source.captions[number] for source, ids in zip(sources, train) for number in ids]
        self.features = teacher_of(sources, train)
        self.bare = np.array([not own for own in self.captions])
        self.kinds = self._kinds(every(lambda source, ids: sampling_weights(source, ids)), bare_share, labelled_share)
        clear = (self.strength == CLEAR).sum(0)
        self.rarity = 1.0 / np.sqrt(np.maximum(clear, 1))
        self.rarity[[thesaurus.number[key] for key in COMMON]] *= 0.1
        self._put_into_words()

    def _kinds(self, weights, bare_share: float, labelled_share: float):
        """(numbers, their weights, share of a batch) of each kind that there is."""
        captioned = ~self.bare & ~self.labelled
        kinds = [(captioned, 1 - bare_share - labelled_share), (self.bare, bare_share), (self.labelled, labelled_share)]
        kinds = [(np.flatnonzero(members), share) for members, share in kinds if members.any()]
        if not kinds:
            raise ValueError("no training pictures in the data")
        total = sum(share for _, share in kinds)
        return [(ids, weights[ids] / weights[ids].sum(), share / total) for ids, share in kinds]

    def is_regular(self) -> bool:
        """Whether every batch has pictures with captions, and those with teacher features, at the same places."""
        return all(len(set(flags[ids])) == 1 for ids, _, _ in self.kinds for flags in (self.bare, self.taught))

    def _put_into_words(self):
        """A fixed number of wordings of every caption and query, so that a text tower that is done reads each once."""
        self.wordings = [
            [self.wording(caption, form) for caption in own for form in range(CAPTION_FORMS)] for own in self.captions
        ]
        pairs = {
            (int(a), int(b))
            for row in np.unique(self.strength == CLEAR, axis=0)
            for shown in [np.flatnonzero(row)]
            for a in shown for b in shown if a != b
        }
        prompt = self.thesaurus.prompt
        self.prompts = {(at,): [prompt((at,), self.random) for _ in range(CONCEPT_FORMS)] for at in range(len(self.thesaurus))}
        self.prompts |= {pair: [prompt(pair, self.random) for _ in range(PAIR_FORMS)] for pair in sorted(pairs)}

    def wording(self, caption: str, form: int) -> str:
        """A caption in lower case, in other forms than the first with words exchanged for names of the same concept."""
        text = caption.lower().replace(" .", "").rstrip(".")
        if form == CAPTION_FORMS - 1:
            text = self.thesaurus.vary(text, self.random, 0.5)
        return " ".join(text.split()[:20])

    def texts(self) -> list[str]:
        """Every text that a batch may hold, once."""
        lists = [*self.wordings, *self.prompts.values()]
        return list(dict.fromkeys(text for texts in lists for text in texts))

    def to(self, device) -> "Mixture":
        self.pictures, self.features = self.pictures.to(device), self.features.to(device)
        return self

    def state(self):
        return self.rng.bit_generator.state, self.random.getstate()

    def set_state(self, state):
        self.rng.bit_generator.state = state[0]
        self.random.setstate(state[1])

    def draw(self, size: int) -> np.ndarray:
        """Numbers of `size` training pictures."""
        shares = [share for _, _, share in self.kinds]
        counts = np.diff(np.round(np.cumsum([0.0, *shares]) * size).astype(int))
        counts = [min(count, len(ids)) for count, (ids, _, _) in zip(counts, self.kinds)]
        return np.concatenate([
            self.rng.choice(ids, count, replace=False, p=weights) for count, (ids, weights, _) in zip(counts, self.kinds)
        ])

    def draw_views(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """How each picture of a batch is to be seen: `turn` (n, 2, 3), the part of it, turned and mirrored, as
        affine_grid takes it; `gain` (n, 3), `contrast`, `saturation` and `light` (n,)."""
        count = len(batch)
        draw = lambda low, high, *shape: self.rng.uniform(low, high, (count, *shape)).astype(np.float32)
        labelled = self.labelled[batch]
        scale = np.where(labelled, 0.88, 0.55).astype(np.float32)
        scale = scale + (1 - scale) * draw(0, 1)
        # Photographs are turned by any angle half of the time; tiles, whose maps have letters' and streets' grain, by
        # quarters only.
        angle = self.rng.integers(4, size=count) * (np.pi / 2)
        angle = np.where(~labelled & (self.rng.random(count) < 0.5), draw(0, 2 * np.pi), angle)
        mirror = np.where(draw(0, 1) < 0.5, 1.0, -1.0)
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        shift = (1 - scale)[:, None] * draw(-1, 1, 2)
        turn = np.stack([cosine * mirror, -sine, shift[:, 0], sine * mirror, cosine, shift[:, 1]], 1)
        return {
            "turn": turn.reshape(count, 2, 3).astype(np.float32),
            "gain": draw(0.8, 1.2, 1) * draw(0.92, 1.08, 3),
            "contrast": draw(0.75, 1.3), "saturation": draw(0.6, 1.3), "light": draw(-0.06, 0.06),
        }

    def draw_collage(self, count: int) -> dict[str, np.ndarray]:
        """`other` (count,): which picture a part is taken of for each; `box` (4,): top, bottom, left and right of that
        part, in parts of the side."""
        height, width = self.rng.uniform(0.3, 0.8, 2)
        top, left = self.rng.uniform(0, 1 - height), self.rng.uniform(0, 1 - width)
        box = np.array([top, top + height, left, left + width], np.float32)
        return {"other": self.rng.permutation(count), "box": box}

    def views(self, batch: torch.Tensor, views: dict[str, torch.Tensor], side: int) -> torch.Tensor:
        """(pictures, 3, side, side) in 0..1: a part of each, turned, mirrored and recoloured, as drawn."""
        count = len(batch)
        of = lambda name: views[name].view(count, -1, 1, 1)
        grid = F.affine_grid(views["turn"], (count, 3, side, side), align_corners=False)
        x = self.pictures.index_select(0, batch).float() / 255
        x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
        middle = x.mean((1, 2, 3), keepdim=True)
        x = (x - middle) * of("contrast") + middle
        grey = x.mean(1, keepdim=True)
        x = grey + (x - grey) * of("saturation")
        return (x * of("gain") + of("light")).clamp(0, 1)

    def described(self, batch: np.ndarray) -> tuple[np.ndarray, list[str], torch.Tensor]:
        """Which of the batch have captions, one caption of each, and (those, texts) of OWN, IGNORED, OTHER: equal
        captions belong together."""
        rows = np.flatnonzero(~self.bare[batch])
        texts = [self.random.choice(self.wordings[number]) for number in batch[rows]]
        numbers: dict[str, int] = {}
        which = np.array([numbers.setdefault(text, len(numbers)) for text in texts])
        table = np.where(which[:, None] == which, OWN, OTHER).astype(np.int8)
        strength, labelled = self.strength[batch[rows]], self.labelled[batch[rows]]
        for column in np.flatnonzero(labelled):
            # A caption of a labelled tile is true of every labelled tile that clearly shows the same.
            shown = np.flatnonzero(strength[column] == CLEAR)
            alike = labelled & (strength[:, shown] == CLEAR).all(1) & (table[:, column] == OTHER)
            table[alike, column] = IGNORED
        return rows, texts, torch.from_numpy(table)

    def queries(self, batch: np.ndarray, most: int) -> tuple[list[str], torch.Tensor]:
        """Short queries as people type them, for concepts and pairs of concepts that pictures of the batch clearly show,
        and (queries, pictures) of OWN, IGNORED, OTHER. Rare concepts come first."""
        strength = self.strength[batch]
        shown = np.flatnonzero((strength == CLEAR).any(0))
        weights = self.rarity[shown] / self.rarity[shown].sum()
        count = min(most * 3 // 4, len(shown))
        wanted = [(int(concept),) for concept in self.rng.choice(shown, count, replace=False, p=weights)]
        for row in self.rng.choice(len(strength), most - count):
            clear = np.flatnonzero(strength[row] == CLEAR)
            if len(clear) > 1:
                wanted.append(tuple(int(concept) for concept in self.rng.choice(clear, 2, replace=False)))
        texts = [self.random.choice(self.prompts[concepts]) for concepts in wanted]
        least = np.array([strength[:, concepts].min(1) for concepts in wanted]).reshape(len(wanted), len(strength))
        table = np.select([least == CLEAR, least == MAYBE], [OWN, IGNORED], OTHER)
        return texts, torch.from_numpy(table.astype(np.int8))


def collage(pictures: torch.Tensor, other: torch.Tensor, box: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pastes the `box` of `other` picture over each, and says which part of the area that is: means over the area, which
    a teacher's features are, are mixed in the same proportion (after CutMix, Yun et al. 2019)."""
    side = pictures.shape[-1]
    at = (torch.arange(side, device=pictures.device) + 0.5) / side
    inside = ((at >= box[0]) & (at < box[1]))[:, None] & ((at >= box[2]) & (at < box[3]))
    return torch.where(inside, pictures[other], pictures), inside.float().mean()


def teacher_of(sources: list[Source], train: list[np.ndarray]) -> torch.Tensor:
    """(pictures, features) of one teacher, to unit spread; zeros where it has not looked, no columns without a teacher."""
    widths = {source.teacher.shape[1]: source.name for source in sources if source.teacher is not None}
    if len(widths) > 1:
        raise ValueError(f"features of different teachers: {widths}, of so many components")
    width = next(iter(widths), 0)
    empty = lambda ids: np.zeros((len(ids), width), np.float32)
    found = [empty(ids) if source.teacher is None else source.teacher[ids] for source, ids in zip(sources, train)]
    features = np.concatenate(found)
    spread = features[np.concatenate([np.full(len(ids), source.teacher is not None) for source, ids in zip(sources, train)])]
    return torch.from_numpy(features / spread.std() if len(spread) else features)


class Words:
    """Pairs of texts with one meaning: from WordNet (name and gloss, siblings, parents), from the thesaurus, and from
    captions of one picture that is not at hand."""

    FILES = (
        "noun.artifact noun.location noun.object noun.group noun.substance noun.plant noun.shape noun.act "
        "noun.phenomenon noun.state noun.attribute noun.quantity adj verb.motion verb.contact verb.stative"
    )

    def __init__(self, synsets: dict[str, dict], groups: list[list[str]], thesaurus: Thesaurus, seed: int):
        self.synsets, self.groups, self.thesaurus = synsets, groups, thesaurus
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

    def from_captions(self, size: int) -> tuple[list[str], list[str]]:
        """Two captions each of `size` pictures, or of all that there are."""
        drawn = self.random.sample(self.groups, min(size, len(self.groups)))
        pairs = [self.random.sample(group, 2) for group in drawn]
        plain = lambda text: " ".join(text.lower().replace(" .", "").rstrip(".").split()[:20])
        return [plain(left) for left, _ in pairs], [plain(right) for _, right in pairs]

    def from_thesaurus(self, size: int) -> tuple[list[str], list[str], torch.Tensor]:
        """Two phrasings each of `size` concepts, and which of them belong together."""
        drawn = [self.random.randrange(len(self.thesaurus)) for _ in range(size)]
        phrase = lambda: [self.thesaurus.prompt((concept,), self.random) for concept in drawn]
        at = torch.tensor(drawn)
        return phrase(), phrase(), self.alike[at][:, at]


def similarities(left: torch.Tensor, right: torch.Tensor, scale) -> torch.Tensor:
    """Cosines of every row of `left` with every row of `right`, times `scale`."""
    return F.normalize(left.float(), dim=1) @ F.normalize(right.float(), dim=1).T * scale


def one_way(logits: torch.Tensor, table: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
    """Cross entropy of each row against its OWN columns, in equal parts; IGNORED ones leave the sum altogether. The mean
    over the rows, or their sum times `weight`."""
    own = (table == OWN).float()
    scores = logits.masked_fill(table == IGNORED, -1e4).log_softmax(1)
    losses = -(own / own.sum(1, keepdim=True) * scores).sum(1)
    return losses.mean() if weight is None else (losses * weight).sum()


def contrastive(left: torch.Tensor, right: torch.Tensor, scale, table: torch.Tensor | None = None) -> torch.Tensor:
    """InfoNCE both ways, with several right answers a row where `table` says so."""
    if table is None:
        table = torch.eye(len(left), dtype=torch.int8, device=left.device)
    table = table.to(left.device)
    logits = similarities(left, right, scale)
    return (one_way(logits, table) + one_way(logits.T, table.T)) / 2
