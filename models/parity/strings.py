"""Texts that a tokenizer may meet, good and bad, the same ones for the same seed."""

import random

PLACES = "airport bridge farmland stadium river harbour parking lot railway station storage tanks forest meadow pond " \
    "playground church residential area viaduct desert mountain beach resort commercial square".split()
SIGHTS = ["many green trees", "several buildings", "a large roundabout", "two baseball diamonds", "white boats",
          "an oil depot", "rows of solar panels", "parked airplanes", "a winding road", "a small swimming pool"]
CAPTIONS = ["{sight} are near {a} and {b} .", "An aerial photograph of {a}.", "{count} {a}s beside {sight}",
            "it's {a}, isn't it?", "{a} with {sight} (north-west), {count}% of the tile", "WHERE ARE {sight}?!",
            "{a}/{b} #{count} @ 51.{count}N", "they're {sight}; I'd say we've {count} left..."]
WORDS = ["naïve", "Straße", "ÉCOLE", "İstanbul", "ΟΔΥΣΣΕΥΣ", "Москва", "河流", "東京タワー", "한강", "नदी", "نهر",
         "แม่น้ำ", "Ærøskøbing", "Łódź", "Đà Nẵng", "ﬁeld", "oﬃce", "ＦＵＬＬ", "ﾜｲﾄﾞ", "Ⅷ", "½", "²", "①", "x̄", "cafe\u0301",
         "n\u0303u", "Å", "ǅ", "ŉ", "ſtreet", "ẞ", "עיר", "Ελλάδα", "Österreich", "crème brûlée", "São Tomé"]
EMOJI = ["🌊", "🏟️", "✈️", "👩‍🌾", "🇫🇷", "👍🏽", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "❤️‍🔥", "1️⃣", "☔", "🛢", "⛵", "🧑🏿‍🚀", "™", "©"]
ENTITIES = ["&amp;", "&lt;b&gt;", "&quot;", "&eacute;", "&#233;", "&#xE9;", "&#x1F30A;", "&amp;amp;", "&amp;lt;", "&nbsp;",
            "&hellip;", "&rsquo;", "&copy", "&notit;", "&unknown;", "&", "&#", "&#;", "AT&T", "R&D;", "&EACUTE;", "&frac12;",
            "&#8217;", "&#146;", "&#x80;", "&euro;", "a&b", "&ampx", "&NotEqualTilde;"]
SPACES = ["\t", "\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2003", "\u2028", "\u2029", "\u200b", "\u200d", "   ", "\u202f", "\f",
          "\v", "\u1680", "\u205f"]
SIGNS = ["--", "...", "…", "“", "”", "‘", "’", "«", "»", "–", "—", "•", "!?", "$5", "€", "£3.50", "50%", "3×4", "10°", "a_b",
         "C++", "n°1", "(x)", "[y]", "{z}", "#1", "@home", "~", "^", "\\", "|", "http://example.org/a?b=c", "''", "'s", "'LL",
         "rock 'n' roll", "don't", "DON’T", "y'all've"]
CONTROLS = ["\x00", "\x07", "\x1b[31m", "\x1b[0m", "\x1b", "\x7f", "\ufeff", "\ufffd", "\ufffc", "\u206a", "\x1f", "\u200e"]
MEANT = ["café", "it’s", "naïve", "“quoted”", "Zürich", "10 €", "été à la plage", "🌊 wave", "Москва", "façade – north",
         "señor", "½ mile", "90° turn", "Ærø", "東京"]

# What UTF-8 is taken for, the usual mistakes more often.
MISTAKES = ["latin-1", "cp1252"] * 3 + ["cp1250", "cp1251", "mac_roman"]


def caption(dice: random.Random) -> str:
    a, b = dice.sample(PLACES, 2)
    return dice.choice(CAPTIONS).format(a=a, b=b, sight=dice.choice(SIGHTS), count=dice.randrange(1, 1200))


def sprinkle(dice: random.Random, parts: list[str], most: int = 3) -> str:
    """A caption with some of `parts` put between or into its words."""
    words = caption(dice).split(" ")
    for _ in range(dice.randint(1, most)):
        at = dice.randrange(len(words) + 1)
        if words and at < len(words) and dice.random() < 0.3:
            cut = dice.randrange(len(words[at]) + 1)
            words[at] = words[at][:cut] + dice.choice(parts) + words[at][cut:]
        else:
            words.insert(at, dice.choice(parts))
    return " ".join(words)


def mistaken(dice: random.Random) -> str:
    """UTF-8 that was read as another encoding, whole or in part."""
    text = dice.choice(MEANT)
    for _ in range(dice.choice([1, 1, 1, 2])):
        try:
            text = text.encode("utf-8").decode(dice.choice(MISTAKES))
        except UnicodeDecodeError:
            text = text.encode("utf-8").decode("latin-1")
    if dice.random() < 0.2:
        text = text.replace("\u00a0", " ")
    return text if dice.random() < 0.4 else sprinkle(dice, [text], 1)


def any_characters(dice: random.Random) -> str:
    """Characters from anywhere."""
    blocks = [(0x20, 0x17F), (0x370, 0x52F), (0x5D0, 0x6FF), (0x900, 0xE7F), (0x1E00, 0x22FF), (0x3040, 0x30FF),
              (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1F6FF)]
    return "".join(chr(dice.randint(*dice.choice(blocks))) for _ in range(dice.randint(1, 24)))


def long(dice: random.Random) -> str:
    """More tokens than fit."""
    kind = dice.randrange(4)
    if kind == 0:
        return " ".join(caption(dice) for _ in range(dice.randint(6, 30)))
    if kind == 1:
        return dice.choice("abcxyz") * dice.randint(80, 1500)
    if kind == 2:
        return dice.choice(EMOJI + WORDS) * dice.randint(30, 90)
    return "".join(dice.choice("0123456789.,-") for _ in range(dice.randint(80, 400)))


def cased(dice: random.Random) -> str:
    text = sprinkle(dice, WORDS)
    return dice.choice([str.upper, str.title, str.swapcase, str.lower, str.casefold])(text)


KINDS = [
    (30, caption),
    (8, cased),
    (12, lambda dice: sprinkle(dice, WORDS)),
    (8, lambda dice: sprinkle(dice, EMOJI)),
    (10, lambda dice: sprinkle(dice, ENTITIES, 4)),
    (8, lambda dice: sprinkle(dice, SPACES, 5)),
    (9, lambda dice: sprinkle(dice, SIGNS, 4)),
    (3, lambda dice: sprinkle(dice, CONTROLS)),
    (4, mistaken),
    (3, any_characters),
    (5, long),
]


def strings(count: int, seed: int) -> list[str]:
    """`count` different texts, the empty one first."""
    dice = random.Random(seed)
    weights, kinds = zip(*KINDS)
    found = {"": None}
    while len(found) < count:
        found[dice.choices(kinds, weights)[0](dice)] = None
    return list(found)
