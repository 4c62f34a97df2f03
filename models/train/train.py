"""Trains the compact CLIP from scratch: English from WordNet first, then captions, then exports the result.

    python train.py --data rsicd.tar.gz ucm.tar.gz area-101 area-102 --out run --minutes 100

Stop it whenever you like and go on with --resume; data may be added on the way.
"""

import argparse
import copy
import json
import math
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import data
from batches import Mixture, Words, contrastive, one_way, similarities
from evaluate import evaluate, evaluate_sample
from export import write_reference
from model import Clip, Config, pad
from thesaurus import Thesaurus
from tokenizer import Tokenizer

HERE = Path(__file__).parent
# Pictures are small at first, when steps should be cheap: (until which part of the caption stage, side in pixels).
SIDES = ((0.4, 64), (0.7, 80), (0.85, 96))
VOCABULARY = HERE.parent / "rs-small" / "vocabulary.txt"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, required=True, help="data sets: folders, .tar or .tar.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint, log and reference model")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="length of the whole run (100 unless told)")
    length.add_argument("--epochs", type=float, help="length by passes over the photographs instead")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--wordnet", type=Path, help="wordnet.jsonl.gz; found beside the data unless told")
    parser.add_argument("--wordnet-share", type=float, default=0.14, help="part of the run spent on English alone")
    parser.add_argument("--check", type=Path, help="a sample area of another seed, for figures only")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--labelled-share", type=float, default=0.3, help="part of a batch from sample areas")
    parser.add_argument("--query-share", type=float, default=0.25, help="part of the texts that are short queries")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=0, help="processor threads; 0: all")
    parser.add_argument("--save-every", type=float, default=120, help="seconds between checkpoints")
    parser.add_argument("--evaluate-every", type=float, default=0.12, help="part of the run between validations")
    parser.add_argument("--vocabulary", type=Path, default=VOCABULARY)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def find_wordnet(options) -> Path | None:
    if options.wordnet:
        return options.wordnet
    beside = (path.resolve().parent / "wordnet.jsonl.gz" for path in options.data)
    return next((path for path in beside if path.is_file()), None)


class Run:
    """Everything that a checkpoint holds, and the steps of the two stages."""

    def __init__(self, options, sources, thesaurus, words):
        self.options, self.words = options, words
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # On processors with bf16 products a step takes about two thirds of the time.
        self.half = self.device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
        self.tokenizer = Tokenizer(options.vocabulary)
        self.mixture = Mixture(sources, thesaurus, options.labelled_share, options.seed)
        teachers = {source.name: source.teacher.shape[1] for source in sources if source.teacher is not None}
        self.model = Clip(Config(), teachers).to(self.device)
        self.model.image.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        self.optimizer = torch.optim.AdamW(self.groups(), lr=options.rate, betas=(0.9, 0.98))
        self.step = self.caption_step = 0
        self.seconds = 0.0
        photographs = sum(len(source.of("train")) for source in sources if not source.labelled) or sum(
            len(source.of("train")) for source in sources
        )
        caption_steps = (options.epochs or 0) * photographs / (options.batch * (1 - options.labelled_share))
        self.total_steps = max(1, caption_steps / (1 - options.wordnet_share))

    def groups(self):
        """Weight decay on matrices only; the text tower, already taught, learns at half the rate."""
        groups = {}
        for name, parameter in self.model.named_parameters():
            decay = 0.05 if parameter.dim() > 1 and "embedding" not in name else 0.0
            rate = 0.5 if name.startswith("text.") else 1.0
            groups.setdefault((decay, rate), []).append(parameter)
        return [
            {"params": parameters, "weight_decay": decay, "rate": rate} for (decay, rate), parameters in groups.items()
        ]

    def progress(self) -> float:
        """Part of the run that is done, 0 to 1."""
        if self.options.epochs:
            return self.step / self.total_steps
        return self.seconds / (60 * (self.options.minutes or 100))

    def set_rate(self, stage_progress: float, stage_step: int, highest: float):
        factor = min(1.0, (stage_step + 1) / 100) * (0.5 * (1 + math.cos(math.pi * min(1.0, stage_progress))) + 0.005)
        for group in self.optimizer.param_groups:
            group["lr"] = highest * factor * group["rate"]

    def text_hidden(self, *lists: list[str]) -> list[torch.Tensor]:
        """The text tower's last row for each list of texts. Texts of like length go together: padding costs time."""
        longest = self.model.config.context_length
        ids = [self.tokenizer.encode(text, longest) for texts in lists for text in texts]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        groups = [order[at : at + 64] for at in range(0, len(order), 64)]
        rows = [self.model.text.hidden(pad([ids[at] for at in group]).to(self.device)) for group in groups]
        back = torch.tensor(sorted(range(len(order)), key=order.__getitem__), device=self.device)
        return torch.cat(rows)[back].split([len(texts) for texts in lists])

    def words_loss(self, size: int):
        """How far names and glosses of one meaning are apart (the gloss head), and names of one concept."""
        names, alike, table = self.words.from_thesaurus(96)
        left, right = self.words.from_wordnet(size) if self.words.entries else ([], [])
        names, alike, left, right = self.text_hidden(names, alike, left, right)
        project, gloss = self.model.text.text_projection, self.model.gloss
        same = contrastive(project(names), project(alike), 20.0, table)
        meaning = contrastive(gloss(left), gloss(right), 20.0) if len(left) else torch.zeros(())
        return meaning, same

    def english_step(self, share: float):
        self.set_rate(self.progress() / share, self.step, self.options.rate)
        with self.autocast():
            meaning, same = self.words_loss(224)
        self.descend(meaning + 0.3 * same)
        return {"wordnet": meaning.item(), "names": same.item()}

    def caption_stage_step(self, progress: float):
        self.set_rate(progress, self.caption_step, self.options.rate)
        side = next((side for until, side in SIDES if progress < until), self.model.config.image_size)
        batch = self.mixture.draw(self.options.batch)
        pictures = self.mixture.pictures(batch, side)
        texts, concepts = self.mixture.texts(batch, self.options.query_share)
        table = self.mixture.targets(batch, texts, concepts)
        labelled, queries, answers = self.mixture.ranked(batch)
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (self.model.config.mean, self.model.config.std))
        pictures = ((pictures - mean) / std).to(self.device, memory_format=torch.channels_last)
        with self.autocast():
            hidden = self.model.image.hidden(pictures)
            images = self.model.image.project(hidden)
            matched, asked = map(self.model.text.text_projection, self.text_hidden(texts, queries))
        pairs = contrastive(images, matched, self.model.scale(), table)
        parts = {"pairs": pairs}
        loss = pairs
        if queries:
            order = similarities(asked, images[labelled], self.model.scale())
            parts["ranked"] = one_way(order, answers.T.to(self.device))
            loss = loss + 0.5 * parts["ranked"]
        for name, rows, wanted in self.mixture.teachers(batch):
            guessed = self.model.teachers[name](hidden[rows].float())
            parts[name] = F.mse_loss(guessed, wanted.to(self.device))
            loss = loss + parts[name] * (rows.stop - rows.start) / len(texts)
        if self.caption_step % 5 == 0:
            with self.autocast():
                meaning, same = self.words_loss(64)
            loss = loss + 0.3 * meaning + 0.3 * same
            parts |= {"wordnet": meaning, "names": same}
        self.descend(loss)
        self.caption_step += 1
        return {name: value.item() for name, value in parts.items()}

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def descend(self, loss):
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
        self.optimizer.step()
        keep = min(0.995, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mine, theirs in zip(self.average.state_dict().values(), self.model.state_dict().values()):
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)
        self.step += 1

    def begin_captions(self):
        """The tower's own projection starts as the one that WordNet taught; the averages start over."""
        with torch.no_grad():
            self.model.text.text_projection.weight.copy_(self.model.gloss.weight)
        self.optimizer = torch.optim.AdamW(self.groups(), lr=self.options.rate, betas=(0.9, 0.98))

    def save(self):
        content = {
            "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(), "step": self.step, "caption_step": self.caption_step,
            "seconds": self.seconds, "torch": torch.get_rng_state(), "mixture": self.mixture.state(),
            "words": self.words.random.getstate(),
        }
        data.write_atomically(self.options.out / "checkpoint.pt", lambda file: torch.save(content, file))

    def load(self):
        path = self.options.out / "checkpoint.pt"
        content = torch.load(path, map_location="cpu", weights_only=False)
        for model, name in ((self.model, "model"), (self.average, "average")):
            missing, unexpected = model.load_state_dict(content[name], strict=False)
            unknown = [key for key in (*missing, *unexpected) if not key.startswith("teachers.")]
            if unknown:
                raise SystemExit(f"{path}: made by another version of the recipe ({unknown[0]})")
            same_heads = not missing and not unexpected
        # Other teacher heads than before: the optimizer's memory no longer fits and is gathered anew.
        if same_heads:
            self.optimizer.load_state_dict(content["optimizer"])
        self.step, self.caption_step, self.seconds = content["step"], content["caption_step"], content["seconds"]
        torch.set_rng_state(content["torch"])
        self.mixture.set_state(content["mixture"])
        self.words.random.setstate(content["words"])


def log(options, **row):
    line = json.dumps({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()})
    print(line, flush=True)
    with open(options.out / "log.jsonl", "a", encoding="utf-8") as file:
        file.write(line + "\n")


def figures(run: Run, sources, checked, split: str) -> dict:
    """Of the averaged weights, for each data set that has such a split, and for the sample area kept apart."""
    found = {}
    for source in sources:
        if not source.labelled and len(source.of(split)):
            found[source.name] = evaluate(run.average, run.tokenizer, source, split)
    if checked:
        found["sample"] = evaluate_sample(run.average, run.tokenizer, *checked)
    return found


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    if (options.out / "checkpoint.pt").exists() and not options.resume:
        raise SystemExit(f"{options.out} holds a checkpoint: pass --resume to go on, or another --out")
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    thesaurus = Thesaurus(HERE / "thesaurus.ini")
    sources = [data.load(path, thesaurus) for path in options.data]
    dropped = data.drop_leaks(sources)
    for source in sources:
        log(options, data=source.name, train=len(source.of("train")), labelled=source.labelled)
    log(options, dropped_as_equal_to_held_out_pictures=dropped)
    wordnet = find_wordnet(options)
    words = Words(data.wordnet(wordnet) if wordnet else {}, thesaurus, options.seed)
    checked = None
    if options.check:
        checked = (data.load(options.check, thesaurus), data.truth(options.check))
    run = Run(options, sources, thesaurus, words)
    if options.resume and (options.out / "checkpoint.pt").exists():
        run.load()
        log(options, resumed_at_step=run.step, seconds=run.seconds)

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    signal.signal(signal.SIGINT, lambda *_: stopping.append(True))
    english = options.wordnet_share if words.entries else 0.0
    saved = evaluated = shown = run.seconds
    length = lambda: run.seconds / max(run.progress(), 1e-9)
    recent: dict[str, list[float]] = {}
    run.model.train()
    while run.progress() < 1 and not stopping:
        started = time.monotonic()
        if run.progress() < english and not run.caption_step:
            losses = run.english_step(english)
        else:
            if not run.caption_step:
                run.begin_captions()
            losses = run.caption_stage_step((run.progress() - english) / (1 - english))
        run.seconds += time.monotonic() - started
        for name, value in losses.items():
            recent.setdefault(name, []).append(value)
        if run.seconds - shown > 30:
            shown = run.seconds
            means = {name: float(np.mean(values)) for name, values in recent.items()}
            log(options, step=run.step, seconds=run.seconds, progress=run.progress(), scale=run.model.scale().item(), **means)
            recent.clear()
        if run.seconds - saved > options.save_every:
            saved = run.seconds
            run.save()
        if run.caption_step and run.seconds - evaluated > options.evaluate_every * length():
            evaluated = run.seconds
            log(options, step=run.step, validation=figures(run, sources, checked, "val"))
            run.model.train()
    run.save()
    if stopping:
        sys.exit(f"stopped at step {run.step}; go on with --resume")
    log(options, step=run.step, final_validation=figures(run, sources, checked, "val"))
    write_reference(run.average, run.tokenizer, options.vocabulary, options.out / "reference")
    print(f"reference model written to {options.out / 'reference'}")


if __name__ == "__main__":
    main()
