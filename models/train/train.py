"""Trains the compact CLIP from scratch: the text tower, then the image tower, then the first to suit the second.

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
# Pictures are small at first, when steps should be cheap: (until which part of the picture stage, side in pixels).
SIDES = ((0.4, 64), (0.65, 80), (0.85, 96))
# Highest learning rate of the last stage, as a part of that of the others.
MEETING_RATE = 0.15
# What the losses count for in their sum, where that is not 1.
WEIGHTS = {"wordnet": 0.3, "names": 0.3, "queries": 0.6}
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
    parser.add_argument("--words-share", type=float, default=0.2, help="part of the run spent on the text tower")
    parser.add_argument("--no-teachers", action="store_true", help="use neither teacher features nor WordNet")
    parser.add_argument("--name", default="rs-small", help="name of the model")
    parser.add_argument("--check", type=Path, help="a sample area of another seed, for figures only")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--meeting-share", type=float, default=0.08, help="part of the run in which texts meet pictures")
    parser.add_argument("--words-batch", type=int, default=512, help="captions in a step of the text tower")
    parser.add_argument("--labelled-share", type=float, default=0.25, help="part of a batch from sample areas")
    parser.add_argument("--queries", type=int, default=64, help="short queries in a step")
    parser.add_argument("--collage-share", type=float, default=0.5, help="part of the steps with pictures in pictures")
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
    """Everything that a checkpoint holds, and the steps of the three stages."""

    def __init__(self, options, sources, thesaurus, words):
        self.options, self.words = options, words
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # On processors with bf16 products a step takes about half of the time.
        self.half = self.device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
        self.tokenizer = Tokenizer(options.vocabulary)
        self.mixture = Mixture(sources, thesaurus, options.labelled_share, options.seed)
        taught = [source for source in sources if source.teacher is not None]
        self.described = Mixture(taught, thesaurus, 0.0, options.seed + 1) if taught else None
        self.model = Clip(Config(), {source.name: source.teacher.shape[1] for source in taught}).to(self.device)
        self.model.image.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).eval()
        parts = [source.name for source in sources] + ["Open English WordNet"] * bool(words.entries)
        self.provenance = f"Trained from scratch by models/train on {', '.join(parts)} (training splits)"
        self.begin(self.model.text, self.model.gloss, self.model.heads, self.model.log_scale)
        self.step = self.picture_step = self.meeting_step = 0
        self.seconds = 0.0
        photographs = sum(len(source.of("train")) for source in sources if not source.labelled) or sum(
            len(source.of("train")) for source in sources
        )
        picture_steps = (options.epochs or 0) * photographs / (options.batch * (1 - options.labelled_share))
        self.total_steps = max(1, picture_steps / (1 - options.words_share))

    def begin(self, *trained):
        """An optimizer for these parts of the model: weight decay on matrices only, none on tables of tokens."""
        groups = {0.05: [], 0.0: []}
        for part in trained:
            named = part.named_parameters() if isinstance(part, torch.nn.Module) else [("", part)]
            for name, parameter in named:
                groups[0.05 if parameter.dim() > 1 and "embedding" not in name else 0.0].append(parameter)
        groups = [{"params": own, "weight_decay": decay} for decay, own in groups.items()]
        self.trained = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=self.options.rate, betas=(0.9, 0.98), fused=True)

    def progress(self) -> float:
        """Part of the run that is done, 0 to 1."""
        if self.options.epochs:
            return self.step / self.total_steps
        return self.seconds / (60 * (self.options.minutes or 100))

    def set_rate(self, stage_progress: float, stage_step: int, share: float = 1.0, warm_up: int = 100):
        factor = share * min(1.0, (stage_step + 1) / warm_up) * (0.5 * (1 + math.cos(math.pi * min(1.0, stage_progress))) + 0.005)
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.rate * factor

    def text_hidden(self, tower, *lists: list[str]) -> list[torch.Tensor]:
        """A text tower's last row for each list of texts. Texts of like length go together: padding costs time."""
        longest = self.model.config.context_length
        ids = [self.tokenizer.encode(text, longest) for texts in lists for text in texts]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        groups = [order[at : at + 64] for at in range(0, len(order), 64)]
        rows = [tower.hidden(pad([ids[at] for at in group]).to(self.device)) for group in groups]
        back = torch.tensor(sorted(range(len(order)), key=order.__getitem__), device=self.device)
        return torch.cat(rows)[back].split([len(texts) for texts in lists])

    def english_loss(self, size: int):
        """How far names and glosses of one meaning are apart (the gloss head), and names of one concept."""
        names, alike, table = self.words.from_thesaurus(128)
        left, right = self.words.from_wordnet(size) if self.words.entries else ([], [])
        names, alike, left, right = self.text_hidden(self.model.text, names, alike, left, right)
        project, gloss = self.model.text.text_projection, self.model.gloss
        same = contrastive(project(names), project(alike), 20.0, table)
        meaning = contrastive(gloss(left), gloss(right), 20.0) if len(left) else torch.zeros(())
        return {"wordnet": meaning, "names": same}

    def matching_loss(self, images, texts, table, queries, answers):
        """Captions with their pictures, both ways; queries with the pictures that answer them, from query to picture
        only: a picture is not described by one short query as it is by its own caption."""
        scale = self.model.scale()
        parts = {"pairs": contrastive(images, texts, scale, table)}
        if len(queries):
            parts["queries"] = one_way(similarities(queries, images, scale), answers.to(self.device))
        return parts

    def words_step(self, share: float):
        """The text tower learns English, and which words go with which features of the teacher."""
        self.set_rate(self.progress() / share, self.step)
        parts = {}
        with self.autocast():
            if self.described is None or self.step % 4 == 0:
                parts |= self.english_loss(64 if self.described else 224)
            if self.described:
                batch = self.described.draw(self.options.words_batch)
                texts, table = self.described.captions(batch)
                queries, answers = self.described.queries(batch, self.options.queries)
                images = torch.cat([
                    self.model.heads[name](features.to(self.device) + 0.3 * torch.randn(features.shape, device=self.device))
                    for name, _, features in self.described.teachers(batch)
                ])
                tower = self.model.text
                texts, asked = map(tower.text_projection, self.text_hidden(tower, texts, queries))
                parts |= self.matching_loss(images, texts, table, asked, answers)
        return self.descend(parts)

    def begin_pictures(self):
        """The text tower keeps the average of what it learned. If it knows features, it is done and stays as it is."""
        self.model.load_state_dict(self.average.state_dict())
        self.begin_pictures_optimizer()

    def begin_pictures_optimizer(self):
        if self.described:
            self.begin(self.model.image, self.model.teachers, self.model.log_scale)
        else:
            self.begin(self.model)

    def picture_step_of(self, progress: float):
        """The image tower learns to match captions and queries, and to imitate the teacher."""
        self.set_rate(progress, self.picture_step)
        side = next((side for until, side in SIDES if progress < until), self.model.config.image_size)
        batch = self.mixture.draw(self.options.batch)
        pictures = self.mixture.pictures(batch, side)
        texts, table = self.mixture.captions(batch)
        queries, answers = self.mixture.queries(batch, self.options.queries)
        wanted = self.mixture.teachers(batch)
        plain = self.described is None or self.mixture.random.random() >= self.options.collage_share
        mixed = {} if plain else self.mixture.collage(batch, pictures)
        pictures = self.normalised(pictures)
        parts = {}
        with self.autocast():
            hidden = self.model.image.hidden(pictures)
            images = self.model.image.project(hidden)
            if plain:
                # A text tower that is done is asked without the noise of training.
                tower = self.average.text if self.described else self.model.text
                with torch.set_grad_enabled(self.described is None):
                    texts, asked = map(tower.text_projection, self.text_hidden(tower, texts, queries))
                parts |= self.matching_loss(images, texts, table, asked, answers)
            if self.described is None and self.picture_step % 5 == 0:
                parts |= self.english_loss(64)
        for name, rows, features in wanted:
            features = features.to(self.device)
            if name in mixed:
                other, share = mixed[name]
                features = torch.lerp(features, features[other], share)
            with torch.no_grad():
                aim = self.average.heads[name](features)
            part = (rows.stop - rows.start) / len(images)
            guessed = self.model.teachers[name](hidden[rows].float())
            parts[f"imitate {name}"] = part * F.mse_loss(guessed, features)
            parts[f"aim {name}"] = part * 4 * (1 - F.cosine_similarity(images[rows].float(), aim)).mean()
        self.picture_step += 1
        return self.descend(parts)

    def begin_meeting(self):
        self.model.load_state_dict(self.average.state_dict())
        self.begin_meeting_optimizer()

    def begin_meeting_optimizer(self):
        self.begin(self.model.text, self.model.gloss, self.model.log_scale)

    def meeting_step_of(self, progress: float):
        """The text tower learns where pictures really land, which is not quite where the teacher's features did. The
        image tower stays as it is."""
        self.set_rate(progress, self.meeting_step, MEETING_RATE, 20)
        batch = self.mixture.draw(self.options.words_batch)
        pictures = self.normalised(self.mixture.pictures(batch, self.model.config.image_size))
        texts, table = self.mixture.captions(batch)
        queries, answers = self.mixture.queries(batch, self.options.queries)
        tower = self.model.text
        with self.autocast():
            with torch.no_grad():
                images = self.average.image(pictures)
            texts, asked = map(tower.text_projection, self.text_hidden(tower, texts, queries))
            parts = self.matching_loss(images, texts, table, asked, answers)
            if self.meeting_step % 4 == 0:
                parts |= self.english_loss(64)
        self.meeting_step += 1
        return self.descend(parts)

    def normalised(self, pictures):
        """Pictures in 0..1 as the image tower takes them."""
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (self.model.config.mean, self.model.config.std))
        return ((pictures - mean) / std).to(self.device, memory_format=torch.channels_last)

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def descend(self, parts: dict[str, torch.Tensor]) -> dict[str, float]:
        """One step down the weighted sum of the losses; the average follows."""
        loss = sum(WEIGHTS.get(name, 1.0) * value for name, value in parts.items())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 2.0)
        self.optimizer.step()
        # The average starts anew with each stage.
        stage_step = self.meeting_step or self.picture_step or self.step
        keep = min(0.995, (1 + stage_step) / (10 + stage_step))
        with torch.no_grad():
            for mine, theirs in zip(self.average.state_dict().values(), self.model.state_dict().values()):
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)
        self.step += 1
        return {name: value.item() for name, value in parts.items()}

    def save(self):
        content = {
            "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(), "step": self.step, "picture_step": self.picture_step, "meeting_step": self.meeting_step,
            "seconds": self.seconds, "torch": torch.get_rng_state(), "mixture": self.mixture.state(),
            "described": self.described and self.described.state(), "provenance": self.provenance,
            "words": self.words.random.getstate(),
        }
        data.write_atomically(self.options.out / "checkpoint.pt", lambda file: torch.save(content, file))

    def load(self):
        path = self.options.out / "checkpoint.pt"
        content = torch.load(path, map_location="cpu", weights_only=False)
        try:
            self.model.load_state_dict(content["model"])
            self.average.load_state_dict(content["average"])
        except (KeyError, RuntimeError) as error:
            raise SystemExit(f"{path}: of another recipe or of other data sets: {error}") from error
        self.step, self.picture_step, self.seconds = content["step"], content["picture_step"], content["seconds"]
        self.meeting_step = content["meeting_step"]
        if self.meeting_step:
            self.begin_meeting_optimizer()
        elif self.picture_step:
            self.begin_pictures_optimizer()
        self.optimizer.load_state_dict(content["optimizer"])
        torch.set_rng_state(content["torch"])
        self.mixture.set_state(content["mixture"])
        if self.described:
            self.described.set_state(content["described"])
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
    if options.no_teachers:
        for source in sources:
            source.teacher = None
    wordnet = None if options.no_teachers else find_wordnet(options)
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
    share = options.words_share if words.entries or run.described else 0.0
    last = 1 - (options.meeting_share if run.described else 0.0)
    saved = evaluated = shown = run.seconds
    length = lambda: run.seconds / max(run.progress(), 1e-9)
    recent: dict[str, list[float]] = {}
    run.model.train()
    while run.progress() < 1 and not stopping:
        started = time.monotonic()
        if run.progress() < share and not run.picture_step:
            losses = run.words_step(share)
        elif run.progress() < last and not run.meeting_step:
            if not run.picture_step:
                run.begin_pictures()
            losses = run.picture_step_of((run.progress() - share) / (last - share))
        else:
            if not run.meeting_step:
                run.begin_meeting()
            losses = run.meeting_step_of((run.progress() - last) / (1 - last))
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
        if run.picture_step and run.seconds - evaluated > options.evaluate_every * length():
            evaluated = run.seconds
            log(options, step=run.step, validation=figures(run, sources, checked, "val"))
            run.model.train()
    run.save()
    if stopping:
        sys.exit(f"stopped at step {run.step}; go on with --resume")
    log(options, step=run.step, final_validation=figures(run, sources, checked, "val"))
    write_reference(run.average, run.tokenizer, options.vocabulary, options.out / "reference", options.name, run.provenance)
    print(f"reference model written to {options.out / 'reference'}")


if __name__ == "__main__":
    main()
