"""Reads the thesaurus: which aerial concepts there are, how people name them, and which of them go together."""

import configparser
import random
import re
from pathlib import Path

import numpy as np

ABSENT, MAYBE, CLEAR = 0, 1, 2

# How a person at the search box may dress a bare name.
PROMPTS = (
    *["{}"] * 10,
    *["an aerial photo of {}", "an aerial photograph of {}", "aerial view of {}", "a satellite image of {}"],
    *["a picture of {}", "{} from above", "{} seen from the air", "a photo of {}", "there is {}", "show me {}"],
    *["aerial imagery of {}", "overhead view of {}", "a {}", "the {}", "many {}", "a place with {}", "area with {}"],
)


def names_of(line: str) -> list[str]:
    return [" ".join(name.split()).lower() for name in line.split(",") if name.strip()]


class Thesaurus:
    """Concepts are numbered in the order of the file; `strength` vectors have one entry for each of them."""

    def __init__(self, path: Path):
        parser = configparser.ConfigParser(interpolation=None)
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        self.keys = parser.sections()
        self.number = {key: at for at, key in enumerate(self.keys)}
        self.see = [names_of(parser[key].get("see", "")) for key in self.keys]
        self.say = [names_of(parser[key].get("say", "")) for key in self.keys]
        self._refuse_doubtful_names()
        self.means = [self._numbers(parser, key, "means") for key in self.keys]
        self.near = [self._numbers(parser, key, "near") for key in self.keys]
        seen = {name: at for at, names in enumerate(self.see) for name in names}
        longest_first = sorted(seen, key=len, reverse=True)
        self.concept_of = seen
        self.pattern = re.compile(r"\b(" + "|".join(map(re.escape, longest_first)) + r")\b")

    def _refuse_doubtful_names(self):
        """A concept needs a name to look for, and a name that stands twice would not say which concept is meant."""
        owner = {}
        for key, see, say in zip(self.keys, self.see, self.say):
            if not see:
                raise ValueError(f"thesaurus: [{key}] has no `see` names")
            for name in (*see, *say):
                if name in owner:
                    raise ValueError(f'thesaurus: "{name}" stands in [{owner[name]}] and again in [{key}]')
                owner[name] = key

    def _numbers(self, parser, key: str, field: str) -> list[int]:
        found = names_of(parser[key].get(field, ""))
        unknown = [name for name in found if name not in self.number]
        if unknown:
            raise ValueError(f"thesaurus: [{key}] {field}: no section named {unknown}")
        return [self.number[name] for name in found]

    def __len__(self) -> int:
        return len(self.keys)

    def name(self, concept: int, rng: random.Random) -> str:
        """Any name of the concept, the everyday ones twice as often as those of captions."""
        loose = self.say[concept]
        return rng.choice(loose if loose and rng.random() < 0.6 else self.see[concept])

    def prompt(self, concepts: tuple[int, ...], rng: random.Random) -> str:
        """A query for all of the concepts, such as "river with a bridge"."""
        names = [self.name(concept, rng) for concept in concepts]
        joint = rng.choice([" and ", " with ", " next to ", " near ", ", "])
        return rng.choice(PROMPTS).format(joint.join(names))

    def vary(self, caption: str, rng: random.Random, share: float) -> str:
        """The caption with some concept names exchanged for others of the same concept."""

        def exchange(match):
            if rng.random() >= share:
                return match.group(0)
            return self.name(self.concept_of[match.group(0)], rng)

        return self.pattern.sub(exchange, caption)

    def spread(self, strength: np.ndarray) -> np.ndarray:
        """Adds what clear concepts imply."""
        for concept in np.flatnonzero(strength == CLEAR):
            for other in self.means[concept]:
                strength[other] = CLEAR
            for other in self.near[concept]:
                strength[other] = max(strength[other], MAYBE)
        return strength

    def of_captions(self, captions: list[str]) -> np.ndarray:
        """Strength of each concept in a picture: clear when most of its captions name it."""
        counts = np.zeros(len(self), np.int32)
        for caption in captions:
            found = {self.concept_of[name] for name in self.pattern.findall(caption.lower())}
            counts[list(found)] += 1
        strength = np.where(counts * 2 > len(captions), CLEAR, np.where(counts > 0, MAYBE, ABSENT))
        return self.spread(strength.astype(np.uint8))

    def of_labels(self, classes: dict[str, dict]) -> np.ndarray:
        """Strength of each concept in a sample tile, from its ground truth (area fraction and object count)."""
        strength = np.zeros(len(self), np.uint8)
        for name, truth in classes.items():
            concept = self.number.get(name)
            if concept is None:
                continue
            area, count = truth.get("area", 0.0), truth.get("count", 0)
            clear_area, clear_count = CLEAR_FROM.get(name, (0.2, None))
            by_count = clear_count is not None and count >= clear_count
            by_area = clear_area is not None and area >= clear_area
            strength[concept] = CLEAR if by_count or by_area else MAYBE
        return self.spread(strength)


# From which area (fraction of the tile) or which count a class is what a person would call the tile's content.
CLEAR_FROM = {
    "river": (0.06, None), "bridge": (0.01, 1), "forest": (0.4, None), "farmland": (0.35, None),
    "town_centre": (0.25, None), "dense_residential": (0.3, None), "medium_residential": (0.3, None),
    "sparse_residential": (0.3, None), "motorway": (0.06, None), "interchange": (0.06, None),
    "roundabout": (0.01, 1), "airport_runway": (0.05, None), "airplane": (None, 1), "railway": (0.02, None),
    "railway_station": (0.02, None), "marina": (0.05, None), "boat": (None, 2), "stadium": (0.08, None),
    "school": (0.05, None), "baseball_field": (0.03, None), "soccer_field": (0.03, None),
    "tennis_court": (0.005, 1), "running_track": (0.03, None), "golf_course": (0.2, None),
    "industry": (0.15, None), "storage_tank": (None, 2), "solar_farm": (0.06, None), "car_park": (0.05, None),
    "car": (None, 15), "pond": (0.03, None), "swimming_pool": (None, 2), "beach": (0.05, None),
    "park": (0.2, None), "bare_land": (0.25, None), "road": (None, None), "building": (0.25, None),
}
