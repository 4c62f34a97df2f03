"""A run of training: its three stages, the steps of each, and the checkpoint that it goes on from."""

import copy
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import data
from batches import Mixture, collage, contrastive, one_way, similarities
from model import Clip, Config, pad
from tokenizer import Tokenizer

# Pictures are small at first, when steps should be cheap: (until which part of the picture stage, side in pixels).
SIDES = ((0.3, 64), (0.55, 80), (0.8, 96))
# Highest learning rate of the last stage, as a part of that of the others.
MEETING_RATE = 0.15
# Seconds that a step took on two cores of an Intel Xeon with bf16 products: 512 captions in the first and last stage,
# 128 pictures of a side in the second.
STANDARD_SECONDS = {"words": 1.25, "meeting": 3.15, 64: 0.48, 80: 0.75, 96: 1.04, 112: 1.44}


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
        # On the device once: a graph can bring nothing there.
        self.mean, self.std = (torch.tensor(of, device=self.device).view(1, 3, 1, 1) for of in (config.mean, config.std))
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

    def close(self):
        """Ends what goes on beside the steps."""

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
        self.optimizer = self.new_optimizer(groups)
        pairs = list(zip(self.average.state_dict().values(), model.state_dict().values()))
        self.followed = [pair for pair in pairs if pair[0].dtype.is_floating_point]
        self.copied = [pair for pair in pairs if not pair[0].dtype.is_floating_point]

    def new_optimizer(self, groups: list[dict]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(groups, lr=self.options.rate, betas=(0.9, 0.98), fused=True)

    def next_stage(self):
        """The model becomes the average of what it learned."""
        self.model.load_state_dict(self.average.state_dict())
        self.stage, self.stage_step = self.stage + 1, 0
        self.begin_stage()

    def progress(self) -> float:
        """Part of the run that is done, 0 to 1."""
        if self.options.epochs:
            return self.step / self.total_steps
        return self.seconds / (60 * (self.options.standard_minutes or self.options.minutes or 100))

    def standard_seconds(self) -> float:
        """What a step such as the last one took on the processor that the recipe was written on."""
        name = self.plan[self.stage][0]
        if name == "pictures":
            return STANDARD_SECONDS[self.side] * self.options.batch / 128
        return STANDARD_SECONDS[name] * self.options.words_batch / 512

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
            self.put_rate(group, self.options.rate * factor)

    def put_rate(self, group: dict, rate: float):
        group["lr"] = rate

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

    def matching_loss(self, images, described, texts, table, queries, answers, weight=None):
        """Captions with their pictures, both ways; queries with the pictures that answer them, from query to picture
        only: a picture is not described by one short query as it is by its own caption."""
        scale = self.model.scale()
        parts = {}
        if len(texts):
            parts["pairs"] = contrastive(images[described], texts, scale, table)
        if len(queries):
            parts["queries"] = one_way(similarities(queries, images, scale), answers.to(self.device), weight)
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
        self.side = self.side_at(progress)
        mixture = self.mixture
        batch = mixture.draw(self.options.batch)
        taught = np.flatnonzero(mixture.taught[batch])
        drawn = {"batch": batch, "taught": taught} | mixture.draw_views(batch)
        texts = None
        if not len(taught) or mixture.random.random() >= self.options.collage_share:
            rows, captions, table = mixture.described(batch)
            queries, answers = mixture.queries(batch, self.options.queries)
            texts = rows, *self.with_vectors(captions, table, queries, answers)
        else:
            drawn |= mixture.draw_collage(len(taught))
        parts = self.picture_losses(self.on_device(drawn), self.side, texts)
        if self.described is None and self.stage_step % 5 == 0:
            with self.autocast():
                parts |= self.english_loss(64)
        return self.descend(parts)

    def side_at(self, progress: float) -> int:
        """Pixels on a side of the pictures, at this part of the stage."""
        return next((side for until, side in SIDES if progress < until), self.model.config.image_size)

    def picture_losses(self, drawn: dict[str, torch.Tensor], side: int, texts) -> dict[str, torch.Tensor]:
        """The losses of the image tower for a batch as `drawn`: against `texts` (what matching_loss takes after the
        images), or of a collage, which no text describes."""
        mixture, batch, taught = self.mixture, drawn["batch"], drawn["taught"]
        parts = {}
        with torch.no_grad():
            pictures = mixture.views(batch, drawn, side)
            if "box" in drawn:
                pasted, share = collage(pictures[taught], drawn["other"], drawn["box"])
                pictures = pictures.index_copy(0, taught, pasted)
            pictures = self.normalised(pictures)
        with self.autocast():
            hidden = self.model.image.hidden(pictures)
            images = self.model.image.project(hidden)
            if texts:
                parts |= self.matching_loss(images, *texts)
        if self.has_teacher and len(taught):
            features = mixture.features[batch[taught]]
            if "box" in drawn:
                features = torch.lerp(features, features[drawn["other"]], share)
            with torch.no_grad():
                aim = self.average.head(features)
            part = len(taught) / len(batch)
            parts["imitate"] = part * F.mse_loss(self.model.teacher(hidden[taught].float()), features)
            parts["aim"] = part * (1 - F.cosine_similarity(images[taught].float(), aim)).mean()
        return parts

    def meeting_step(self, progress: float):
        """The text tower learns where pictures really land, which is not quite where the teacher's features did. The
        image tower stays as it is."""
        self.set_rate(progress, MEETING_RATE, 20)
        self.vectors = None
        batch = self.mixture.draw(self.options.words_batch)
        drawn = self.on_device({"batch": batch} | self.mixture.draw_views(batch))
        pictures = self.normalised(self.mixture.views(drawn["batch"], drawn, self.model.config.image_size))
        rows, texts, table = self.mixture.described(batch)
        queries, answers = self.mixture.queries(batch, self.options.queries)
        with self.autocast():
            with torch.no_grad():
                images = self.average.image(pictures)
            parts = self.matching_loss(images, rows, *self.with_vectors(texts, table, queries, answers))
            if self.stage_step % 4 == 0:
                parts |= self.english_loss(64)
        return self.descend(parts)

    def on_device(self, arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
        return {name: torch.from_numpy(value).to(self.device) for name, value in arrays.items()}

    def normalised(self, pictures):
        """Pictures in 0..1 as the image tower takes them."""
        return ((pictures - self.mean) / self.std).to(memory_format=torch.channels_last)

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def descend(self, parts: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """One step down the weighted sum of the losses; the average follows."""
        self.learn(parts)
        self.follow()
        return {name: value.detach() for name, value in parts.items()}

    def learn(self, parts: dict[str, torch.Tensor]):
        loss = sum(self.options.weight.get(name, 1.0) * value for name, value in parts.items())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 2.0)
        self.optimizer.step()

    def follow(self):
        """The average goes a little towards the model."""
        self.stage_step += 1
        self.step += 1
        keep = min(self.options.keep, (1 + self.stage_step) / (10 + self.stage_step))
        with torch.no_grad():
            mine, theirs = zip(*self.followed)
            torch._foreach_lerp_(list(mine), list(theirs), 1 - keep)
            for mine, theirs in self.copied:
                mine.copy_(theirs)

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
        self.vectors = None  # what was read of texts so far, an untrained tower read
        self.begin_stage()

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
        self.vectors = None
        self.begin_stage()
        self.optimizer.load_state_dict(content["optimizer"])
        torch.set_rng_state(content["torch"])
        self.mixture.set_state(content["mixture"])
        if self.described:
            self.described.set_state(content["described"])
        self.words.random.setstate(content["words"])
