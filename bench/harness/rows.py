"""The one shape of every result: a row is a case, with one measure for each contestant, ours and theirs.

As JSON, a row is
    {"bench": "text", "case": "ViT-B/32, 8 tokens", "unit": "ms", "better": "lower",
     "ours": [MEASURE, ...], "peers": [MEASURE, ...], "ratios": [{"ours": NAME, "peer": NAME, "ratio": 0.4}, ...],
     "note": "what a reader must know"}
and a measure is
    {"name": "onnxruntime-web int8", "version": "1.30.0", "median": 21.5, "p10": 21.0, "p90": 23.0,
     "facts": {"cosine": 0.997}}
or, of a contestant that could not take part, {"name": ..., "version": ..., "absent": "why"}.
"""

from dataclasses import asdict, dataclass, field


class Mismatch(Exception):
    """Two contestants did not do the same work, so no timing of them means anything."""


@dataclass
class Measure:
    """What one contestant reached in one case."""

    name: str
    version: str = ""
    median: float | None = None
    p10: float | None = None
    p90: float | None = None
    # What belongs beside the number, such as recall or the cosine to the reference.
    facts: dict[str, float | int | str] = field(default_factory=dict)
    # Why there is no number.
    absent: str | None = None

    def as_json(self) -> dict:
        return {key: value for key, value in asdict(self).items() if value not in (None, "", {})}


@dataclass
class Row:
    """One case of a bench."""

    bench: str
    case: str
    unit: str
    ours: list[Measure]
    peers: list[Measure] = field(default_factory=list)
    better: str = "lower"
    note: str = ""

    def ratios(self) -> list[dict]:
        """Ours by theirs, for every pair that has numbers."""
        pairs = [(ours, peer) for ours in self.ours for peer in self.peers]
        known = [(ours, peer) for ours, peer in pairs if ours.median is not None and peer.median]
        return [{"ours": o.name, "peer": p.name, "ratio": significant(o.median / p.median, 3)} for o, p in known]

    def as_json(self) -> dict:
        row = {"bench": self.bench, "case": self.case, "unit": self.unit, "better": self.better}
        row |= {"ours": [m.as_json() for m in self.ours], "peers": [m.as_json() for m in self.peers]}
        return row | {"ratios": self.ratios()} | ({"note": self.note} if self.note else {})


def quantile(samples: list[float], share: float) -> float:
    """The value below which `share` of the samples lie, between neighbours by proportion."""
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def significant(value: float, digits: int = 4) -> float:
    """Rounded to so many digits that count."""
    return float(f"{value:.{digits}g}")


def measured(name: str, samples: list[float], version: str = "", **facts) -> Measure:
    """Median and spread of samples."""
    median, p10, p90 = (significant(quantile(samples, share)) for share in (0.5, 0.1, 0.9))
    return Measure(name, version, median, p10, p90, facts)


def single(name: str, value: float, version: str = "", **facts) -> Measure:
    """A number that was taken once, such as bytes."""
    return Measure(name, version, significant(value), facts=facts)
