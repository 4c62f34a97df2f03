"""docs/pictures/scale.svg: what a search of very many places fetches, and what that finds, drawn from the record of the bench."""

import math
from pathlib import Path
from xml.sax.saxutils import escape

# Colours that stay apart for who sees colours otherwise (Okabe and Ito 2008), on the white that the picture brings along.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000"]
WIDTH, HEIGHT, MARGIN, GAP = 1000, 430, 60, 110
PANEL = (WIDTH - 2 * MARGIN - GAP) / 2
TOP, BOTTOM = 50, HEIGHT - 90
# What hypvector says of itself, of vectors of its own: megabytes of a search, recall@10, and how many vectors.
HYPVECTOR = [(5.5, 0.91, "100k x 384"), (17.8, 0.89, "1M x 1024"), (68, 0.92, "3.2M")]
THEIRS = "#777"


class Panel:
    """Axes with room for lines: across a logarithm, down the share that is found."""

    def __init__(self, left: float, title: str, unit: str, ticks: list[float], lowest: float):
        self.left, self.title, self.unit, self.ticks, self.lowest = left, title, unit, ticks, lowest

    def across(self, value: float) -> float:
        low, high = math.log(self.ticks[0]), math.log(self.ticks[-1])
        return self.left + PANEL * (math.log(value) - low) / (high - low)

    def down(self, share: float) -> float:
        return TOP + (BOTTOM - TOP) * (1 - share) / (1 - self.lowest)

    def axes(self) -> list[str]:
        right, drawn = self.left + PANEL, [text(self.left, TOP - 20, self.title, "start", bold=True)]
        for tick in self.ticks:
            x = self.across(tick)
            drawn += [line([(x, TOP), (x, BOTTOM)], "#ddd"), text(x, BOTTOM + 20, f"{tick:g}", "middle")]
        steps = round((1 - self.lowest) / 0.1)
        for step in range(steps + 1):
            y = self.down(self.lowest + step * 0.1)
            drawn += [line([(self.left, y), (right, y)], "#ddd"), text(self.left - 8, y + 4, f"{self.lowest + step * 0.1:.1f}", "end")]
        return [*drawn, text(self.left + PANEL / 2, BOTTOM + 40, self.unit, "middle")]

    def curve(self, points: list[tuple[float, float]], colour: str) -> list[str]:
        places = [(self.across(value), self.down(share)) for value, share in points]
        return [line(places, colour, 2), *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places)]


def line(points: list[tuple[float, float]], colour: str, width: float = 1) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def text(x: float, y: float, words: str, anchor: str, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def series(record: dict) -> dict[str, list[dict]]:
    """For each number of vectors the measures with the most bits, which are those that a catalog has, by the bytes they fetch."""
    found = {}
    for row in record["rows"]:
        # "1,000,000 x 64, 7 bits, computing"
        if not row["case"].endswith(", computing"):
            continue
        size = row["case"].rsplit(", ", 2)[0]
        if size not in found:
            found[size] = [measure["facts"] for measure in row["ours"] if not measure["name"].endswith(" 60 requests")]
    return found


def write(record: dict, path: Path):
    """Draws the record of the bench `scale`."""
    known = series(record)
    left = Panel(MARGIN, "recall@10 by what a search fetches", "MB", [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128], 0.4)
    right = Panel(MARGIN + PANEL + GAP, "recall@10 by the time it takes on a network", "ms: 20 a request, 50 Mbit/s, and computing",
                  [50, 100, 200, 400, 800, 1600, 3200], 0.4)
    drawn = [*left.axes(), *right.axes()]
    for number, (size, facts) in enumerate(known.items()):
        colour = COLOURS[number % len(COLOURS)]
        for panel, key in [(left, "MB"), (right, "on a network, ms")]:
            drawn += panel.curve([(fact[key], fact["recall@10"]) for fact in facts], colour)
        x = MARGIN + number * (WIDTH - 2 * MARGIN) / len(known)
        drawn += [line([(x, HEIGHT - 20), (x + 24, HEIGHT - 20)], colour, 3), text(x + 30, HEIGHT - 16, size, "start")]
    for megabytes, share, size in HYPVECTOR:
        x, y = left.across(megabytes), left.down(share)
        drawn += [f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="#fff" stroke="{THEIRS}" stroke-width="2"/>',
                  text(x, y + 20, size, "middle")]
    for at, words in [(0.65, "squares: hypvector,"), (0.6, "by its own figures, of its own vectors")]:
        drawn.append(text(left.left + PANEL - 8, left.down(at) + 4, words, "end"))
    told = "Recall of the ten nearest, by megabytes and by milliseconds, for " + ", ".join(known)
    picture = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="13">',
        f"<title>{escape(told)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *drawn,
        "</svg>",
    ]
    path.write_text("\n".join(picture) + "\n")
