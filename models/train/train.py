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
WEIGHTS = {"wordnet": 0.3, "names": 0.3, "captions": 0.3, "queries": 0.6, "aim": 4.0}
VOCABULARY = HERE.parent / "rs-small" / "vocabulary.txt"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, required=True, help="data sets: folders, .tar or .tar.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint, log and reference model")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="length of the whole run (100 unless told)")
    length.add_argument("--epochs", type=float, help="length by passes over the photographs instead")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--start", type=Path, help="checkpoint of an earlier run: a new run begins with what it learned")
    parser.add_argument("--wordnet", type=Path, help="wordnet.jsonl.gz; found beside the data unless told")
    parser.add_argument("--words-share", type=float, default=0.2, help="part of the run spent on the text tower")
    parser.add_argument("--no-teachers", action="store_true", help="use neither teacher features nor WordNet")
    parser.add_argument("--name", default="rs-small", help="name of the model")
    parser.add_argument("--check", type=Path, help="a sample area of another seed, for figures only")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--meeting-share", type=float, default=0.04, help="part of the run in which texts meet pictures")
    parser.add_argument("--words-batch", type=int, default=512, help="captions in a step of the text tower")
    parser.add_argument("--labelled-share", type=float, default=0.2, help="part of a batch from sample areas")
    parser.add_argument("--bare-share", type=float, default=0.3, help="part of a batch from pictures without captions")
    parser.add_argument("--stages", nargs="+", type=stage_shape, help="width:blocks of the image tower's stages")
    parser.add_argument("--weight", nargs="*", type=weight, default=[], help="NAME=VALUE: what a loss counts for")
    parser.add_argument("--keep", type=float, default=0.999, help="what the moving average keeps each step")
    parser.add_argument("--log-every", type=float, default=30, help="seconds between lines of the log")
    parser.add_argument("--queries", type=int, default=64, help="short queries in a step")
    parser.add_argument("--collage-share", type=float, default=0.5, help="part of the steps with pictures in pictures")
    parser.add_argument("--rate", type=float, default=1.2e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=0, help="processor threads; 0: all")
    parser.add_argument("--save-every", type=float, default=120, help="seconds between checkpoints")
    parser.add_argument("--evaluate-every", type=float, default=0.12, help="part of the run between validations")
    parser.add_argument("--vocabulary", type=Path, default=VOCABULARY)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.weight = WEIGHTS | dict(options.weight)
    return options


def beside(paths: list[Path], pattern: str) -> Path | None:
    """The first file of such a name in a folder of these data sets."""
    return next((found for path in paths for found in sorted(path.resolve().parent.glob(pattern))), None)


def stage_shape(text: str) -> list[int]:
    width, _, blocks = text.partition(":")
    return [int(width), int(blocks or 1)]


def weight(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    return name, float(value)


class Run:
    """Everything that a checkpoint holds, and the steps of the stages."""

    def __init__(self, options, sources, thesaurus, words):
        self.options, self.words = options, words
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # On processors with bf16 products a step takes about half of the time.
        self.half = self.device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
        self.tokenizer = Tokenizer(options.vocabulary)
        self.mixture = Mixture(sources, thesaurus, options.bare_share, options.labelled_share, options.seed).to(self.device)
        self.has_teacher = self.mixture.features.shape[1] > 0
        described = [source for source in sources if source.teacher is not None and any(source.captions)]
        self.described = Mixture(described, thesaurus, 0.0, 0.0, options.seed + 1).to(self.device) if described else None
        config = Config(stages=options.stages) if options.stages else Config()
        self.model = Clip(config, self.mixture.features.shape[1]).to(self.device)
        self.model.image.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).eval()
        parts = [source.name for source in sources]
        parts += ["Open English WordNet"] * bool(words.entries) + ["captions of further pictures"] * bool(words.groups)
        self.provenance = f"Trained from scratch by models/train on {', '.join(parts)} (training splits)"
        self.plan = self.stages()
        self.stage = self.stage_step = self.step = 0
        self.seconds = 0.0
        self.vectors = None
        photographs = int((~self.mixture.labelled).sum()) or len(self.mixture.labelled)
        pictures = sum(share for name, share in self.plan if name == "pictures")
        steps = (options.epochs or 0) * photographs / (options.batch * (1 - options.labelled_share))
        self.total_steps = max(1, steps / pictures)
        self.begin_stage()

    def stages(self) -> list[tuple[str, float]]:
        """The stages in order, each with its part of the run."""
        words = self.options.words_share if self.words.entries or self.described else 0.0
        meeting = self.options.meeting_share if self.described else 0.0
        plan = [("words", words), ("pictures", 1 - words - meeting), ("meeting", meeting)]
        return [(name, share) for name, share in plan if share]

    def begin_stage(self):
        """What this stage trains, an optimizer for it, and the average of it, which starts anew."""
        model, name = self.model, self.plan[self.stage][0]
        if name == "words":
            trained = [model.text, model.gloss, model.log_scale, *([model.head] if self.has_teacher else [])]
        elif name == "meeting":
            trained = [model.text, model.gloss, model.log_scale]
        elif self.described:
            # The text tower knows the features: it is done and stays as it is.
            trained = [model.image, model.teacher, model.log_scale]
            self.read_texts()
        else:
            trained = [model]
        groups = {0.05: [], 0.0: []}
        for part in trained:
            named = part.named_parameters() if isinstance(part, torch.nn.Module) else [("", part)]
            for own_name, parameter in named:
                # Weight decay on matrices only, none on tables of tokens.
                groups[0.05 if parameter.dim() > 1 and "embedding" not in own_name else 0.0].append(parameter)
        groups = [{"params": own, "weight_decay": decay} for decay, own in groups.items()]
        self.trained = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=self.options.rate, betas=(0.9, 0.98), fused=True)
        pairs = list(zip(self.average.state_dict().values(), model.state_dict().values()))
        self.followed = [pair for pair in pairs if pair[0].dtype.is_floating_point]
        self.copied = [pair for pair in pairs if not pair[0].dtype.is_floating_point]

    def next_stage(self):
        """The model becomes the average of what it learned."""
        self.model.load_state_dict(self.average.state_dict())
        self.stage, self.stage_step = self.stage + 1, 0
        self.begin_stage()

    def progress(self) -> float:
        """Part of the run that is done, 0 to 1."""
        if self.options.epochs:
            return self.step / self.total_steps
        return self.seconds / (60 * (self.options.minutes or 100))

    def take_step(self) -> dict[str, torch.Tensor]:
        """One step of the stage that is due; the losses."""
        while self.stage + 1 < len(self.plan) and self.progress() >= sum(share for _, share in self.plan[: self.stage + 1]):
            self.next_stage()
        name, share = self.plan[self.stage]
        progress = (self.progress() - sum(share for _, share in self.plan[: self.stage])) / share
        self.model.train()
        return {"words": self.words_step, "pictures": self.pictures_step, "meeting": self.meeting_step}[name](progress)

    def set_rate(self, progress: float, share: float = 1.0, warm_up: int = 100):
        factor = share * min(1.0, (self.stage_step + 1) / warm_up) * (0.5 * (1 + math.cos(math.pi * min(1.0, progress))) + 0.005)
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.rate * factor

    def text_hidden(self, tower, *lists: list[str]) -> list[torch.Tensor]:
        """A text tower's last row for each list of texts. Texts of like length go together: padding costs time."""
        longest = self.model.config.context_length
        ids = [self.tokenizer.encode(text, longest) for texts in lists for text in texts]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        size = 64 if self.device.type == "cpu" else 512
        groups = [order[at : at + size] for at in range(0, len(order), size)]
        rows = [tower.hidden(pad([ids[at] for at in group]).to(self.device)) for group in groups]
        back = torch.tensor(sorted(range(len(order)), key=order.__getitem__), device=self.device)
        return torch.cat(rows)[back].split([len(texts) for texts in lists])

    @torch.no_grad()
    def read_texts(self):
        """The vector of every text that a batch may hold, by the text tower that is done."""
        if self.vectors is None:
            texts = self.mixture.texts()
            tower = self.average.text
            with self.autocast():
                parts = [self.text_hidden(tower, texts[at : at + 4096])[0] for at in range(0, len(texts), 4096)]
                vectors = tower.text_projection(torch.cat(parts)).float()
            self.vectors = {text: at for at, text in enumerate(texts)}, vectors

    def texts(self, *lists: list[str]) -> list[torch.Tensor]:
        """The vectors of texts: looked up where the text tower is done, else computed by the one that learns."""
        if self.vectors is None:
            return [*map(self.model.text.text_projection, self.text_hidden(self.model.text, *lists))]
        places, vectors = self.vectors
        return [vectors[torch.tensor([places[text] for text in texts], device=self.device)] for texts in lists]

    def english_loss(self, size: int):
        """How far names and glosses of one meaning are apart (the gloss head), and names of one concept."""
        names, alike, table = self.words.from_thesaurus(128)
        left, right = self.words.from_wordnet(size) if self.words.entries else ([], [])
        one, other = self.words.from_captions(size)
        names, alike, left, right, one, other = self.text_hidden(self.model.text, names, alike, left, right, one, other)
        project, gloss = self.model.text.text_projection, self.model.gloss
        parts = {"names": contrastive(project(names), project(alike), 20.0, table)}
        if len(left):
            parts["wordnet"] = contrastive(gloss(left), gloss(right), 20.0)
        if len(one):
            parts["captions"] = contrastive(project(one), project(other), 20.0)
        return parts

    def matching_loss(self, images, described, texts, table, queries, answers):
        """Captions with their pictures, both ways; queries with the pictures that answer them, from query to picture
        only: a picture is not described by one short query as it is by its own caption."""
        scale = self.model.scale()
        parts = {}
        if len(texts):
            parts["pairs"] = contrastive(images[described], texts, scale, table)
        if len(queries):
            parts["queries"] = one_way(similarities(queries, images, scale), answers.to(self.device))
        return parts

    def words_step(self, progress: float):
        """The text tower learns English, and which words go with which features of the teacher."""
        self.set_rate(progress)
        parts = {}
        with self.autocast():
            if self.described is None or self.step % 4 == 0:
                parts |= self.english_loss(64 if self.described else 224)
            if self.described:
                batch = self.described.draw(self.options.words_batch)
                rows, texts, table = self.described.described(batch)
                queries, answers = self.described.queries(batch, self.options.queries)
                features = self.described.features[torch.from_numpy(batch).to(self.device)]
                images = self.model.head(features + 0.3 * torch.randn_like(features))
                parts |= self.matching_loss(images, rows, *self.with_vectors(texts, table, queries, answers))
        return self.descend(parts)

    def with_vectors(self, texts, table, queries, answers):
        texts, queries = self.texts(texts, queries)
        return texts, table, queries, answers

    def pictures_step(self, progress: float):
        """The image tower learns to match captions and queries, and to imitate the teacher."""
        self.set_rate(progress)
        side = next((side for until, side in SIDES if progress < until), self.model.config.image_size)
        mixture = self.mixture
        batch = mixture.draw(self.options.batch)
        pictures = mixture.views(batch, side)
        taught = np.flatnonzero(mixture.taught[batch])
        plain = not len(taught) or mixture.random.random() >= self.options.collage_share
        other, share = (None, 0.0) if plain else mixture.collage(taught, pictures)
        pictures = self.normalised(pictures)
        parts = {}
        with self.autocast():
            hidden = self.model.image.hidden(pictures)
            images = self.model.image.project(hidden)
            if plain:
                rows, texts, table = mixture.described(batch)
                queries, answers = mixture.queries(batch, self.options.queries)
                parts |= self.matching_loss(images, rows, *self.with_vectors(texts, table, queries, answers))
            if self.described is None and self.stage_step % 5 == 0:
                parts |= self.english_loss(64)
        if self.has_teacher and len(taught):
            features = mixture.features[torch.from_numpy(batch[taught]).to(self.device)]
            if other is not None:
                features = torch.lerp(features, features[torch.from_numpy(other).to(self.device)], share)
            with torch.no_grad():
                aim = self.average.head(features)
            part = len(taught) / len(batch)
            parts["imitate"] = part * F.mse_loss(self.model.teacher(hidden[taught].float()), features)
            parts["aim"] = part * (1 - F.cosine_similarity(images[taught].float(), aim)).mean()
        return self.descend(parts)

    def meeting_step(self, progress: float):
        """The text tower learns where pictures really land, which is not quite where the teacher's features did. The
        image tower stays as it is."""
        self.set_rate(progress, MEETING_RATE, 20)
        self.vectors = None
        batch = self.mixture.draw(self.options.words_batch)
        pictures = self.normalised(self.mixture.views(batch, self.model.config.image_size))
        rows, texts, table = self.mixture.described(batch)
        queries, answers = self.mixture.queries(batch, self.options.queries)
        with self.autocast():
            with torch.no_grad():
                images = self.average.image(pictures)
            parts = self.matching_loss(images, rows, *self.with_vectors(texts, table, queries, answers))
            if self.stage_step % 4 == 0:
                parts |= self.english_loss(64)
        return self.descend(parts)

    def normalised(self, pictures):
        """Pictures in 0..1 as the image tower takes them."""
        config = self.model.config
        mean, std = (torch.tensor(values, device=self.device).view(1, 3, 1, 1) for values in (config.mean, config.std))
        return ((pictures - mean) / std).to(memory_format=torch.channels_last)

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def descend(self, parts: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """One step down the weighted sum of the losses; the average follows."""
        loss = sum(self.options.weight.get(name, 1.0) * value for name, value in parts.items())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 2.0)
        self.optimizer.step()
        self.stage_step += 1
        self.step += 1
        keep = min(self.options.keep, (1 + self.stage_step) / (10 + self.stage_step))
        with torch.no_grad():
            mine, theirs = zip(*self.followed)
            torch._foreach_lerp_(list(mine), list(theirs), 1 - keep)
            for mine, theirs in self.copied:
                mine.copy_(theirs)
        return {name: value.detach() for name, value in parts.items()}

    def save(self):
        content = {
            "config": self.model.config, "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step, "stage": self.stage, "stage_step": self.stage_step, "plan": self.plan,
            "seconds": self.seconds, "torch": torch.get_rng_state(), "mixture": self.mixture.state(),
            "described": self.described and self.described.state(), "provenance": self.provenance,
            "words": self.words.random.getstate(),
        }
        data.write_atomically(self.options.out / "checkpoint.pt", lambda file: torch.save(content, file))

    def start(self, path: Path):
        """Begins with the averaged weights of an earlier run, whatever its stages and data were. The towers must be alike; what
        only training uses is taken where it fits, as the teacher may be another one now."""
        former = torch.load(path, map_location="cpu", weights_only=False)["average"]
        try:
            for model in (self.model, self.average):
                own = model.state_dict()
                fits = lambda name, value: name in own and own[name].shape == value.shape
                taken = {name: value for name, value in former.items() if name.startswith(("text.", "image.")) or fits(name, value)}
                model.load_state_dict(own | taken)
        except RuntimeError as error:
            raise SystemExit(f"{path}: of other towers than these: {error}") from error

    def load(self):
        path = self.options.out / "checkpoint.pt"
        content = torch.load(path, map_location="cpu", weights_only=False)
        try:
            if content["plan"] != self.plan:
                raise KeyError(f"its stages are {content['plan']}, these {self.plan}")
            self.model.load_state_dict(content["model"])
            self.average.load_state_dict(content["average"])
        except (KeyError, RuntimeError) as error:
            raise SystemExit(f"{path}: of another recipe or of other data sets: {error}") from error
        self.step, self.stage, self.stage_step = content["step"], content["stage"], content["stage_step"]
        self.seconds = content["seconds"]
        self.begin_stage()
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
    wordnet = None if options.no_teachers else options.wordnet or beside(options.data, "wordnet.jsonl.gz")
    captions = None if options.no_teachers else beside(options.data, "*_captions.tsv.gz")
    words = Words(
        data.wordnet(wordnet) if wordnet else {}, data.caption_groups(captions) if captions else [], thesaurus, options.seed
    )
    checked = None
    if options.check:
        checked = (data.load(options.check, thesaurus), data.truth(options.check))
    run = Run(options, sources, thesaurus, words)
    if options.resume and (options.out / "checkpoint.pt").exists():
        run.load()
        log(options, resumed_at_step=run.step, seconds=run.seconds)
    elif options.start:
        run.start(options.start)
        log(options, started_from=str(options.start))

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    signal.signal(signal.SIGINT, lambda *_: stopping.append(True))
    saved = evaluated = shown = run.seconds
    length = lambda: run.seconds / max(run.progress(), 1e-9)
    recent: dict[str, list[torch.Tensor]] = {}
    while run.progress() < 1 and not stopping:
        started = time.monotonic()
        losses = run.take_step()
        run.seconds += time.monotonic() - started
        for name, value in losses.items():
            recent.setdefault(name, []).append(value)
        if run.seconds - shown > options.log_every:
            shown = run.seconds
            means = {name: float(torch.stack(values).float().mean()) for name, values in recent.items()}
            stage = f"{run.stage} {run.plan[run.stage][0]}"
            log(options, step=run.step, stage=stage, seconds=run.seconds, progress=run.progress(), scale=run.model.scale().item(), **means)
            recent.clear()
        if run.seconds - saved > options.save_every:
            saved = run.seconds
            run.save()
        if run.plan[run.stage][0] != "words" and run.seconds - evaluated > options.evaluate_every * length():
            evaluated = run.seconds
            log(options, step=run.step, validation=figures(run, sources, checked, "val"))
    run.save()
    if stopping:
        sys.exit(f"stopped at step {run.step}; go on with --resume")
    log(options, step=run.step, final_validation=figures(run, sources, checked, "val"))
    write_reference(run.average, run.tokenizer, options.vocabulary, options.out / "reference", options.name, run.provenance)
    print(f"reference model written to {options.out / 'reference'}")


if __name__ == "__main__":
    main()
