"""CLIP's byte-pair tokenizer, so that training sees the very ids that the engine will produce from the same file."""

import functools
import html
from pathlib import Path

import ftfy
import regex

START = 49406
END = 49407
VOCABULARY_SIZE = 49408

# Contractions, runs of letters, single digits, runs of anything else that is not space.
WORD = regex.compile(r"'(?:s|t|re|ve|m|ll|d)|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", regex.IGNORECASE)


def printable_bytes() -> dict[int, str]:
    """One printable character for each byte: itself where it is printable, else a character from 256 upwards."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    table = {byte: chr(byte) for byte in kept}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + len(table) - len(kept))
    return table


def clean(text: str) -> str:
    """Repairs broken encodings and HTML entities, folds white space and lowers the case, as CLIP does."""
    text = html.unescape(html.unescape(ftfy.fix_text(text)))
    return " ".join(text.split()).strip().lower()


class Tokenizer:
    """Text to token ids, from the merge list in `vocabulary.txt` (one header line, then one merge a line)."""

    def __init__(self, vocabulary: Path):
        lines = Path(vocabulary).read_text(encoding="utf-8").splitlines()[1:]
        merges = [tuple(line.split()) for line in lines if line.strip()]
        self.bytes = printable_bytes()
        # The order of the single characters is the order in which they were assigned, not the order of the bytes.
        singles = list(self.bytes.values())
        symbols = singles + [character + "</w>" for character in singles] + ["".join(merge) for merge in merges]
        if len(symbols) != START:
            raise ValueError(f"{vocabulary}: {len(symbols)} symbols, expected {START}")
        self.ids = {symbol: number for number, symbol in enumerate(symbols)}
        self.ranks = {merge: rank for rank, merge in enumerate(merges)}
        self.word_ids = functools.lru_cache(maxsize=200_000)(self._word_ids)
        self.ids_of = functools.lru_cache(maxsize=400_000)(self._ids_of)

    def _word_ids(self, word: str) -> tuple[int, ...]:
        parts = [self.bytes[byte] for byte in word.encode("utf-8")]
        parts[-1] += "</w>"
        while len(parts) > 1:
            pairs = set(zip(parts, parts[1:]))
            best = min(pairs, key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if best not in self.ranks:
                break
            joined, at = [], 0
            while at < len(parts):
                if tuple(parts[at : at + 2]) == best:
                    joined.append(parts[at] + parts[at + 1])
                    at += 2
                else:
                    joined.append(parts[at])
                    at += 1
            parts = joined
        return tuple(self.ids[part] for part in parts)

    def encode(self, text: str, context_length: int) -> list[int]:
        """`<start> words... <end>`, cut to `context_length` with the end token kept."""
        return [START, *self.ids_of(text)[: context_length - 2], END]

    def _ids_of(self, text: str) -> tuple[int, ...]:
        return tuple(number for word in WORD.findall(clean(text)) for number in self.word_ids(word))
