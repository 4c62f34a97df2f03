"""The same run for an NVIDIA GPU, where launching hundreds of small kernels a step takes longer than what they compute: each
kind of step is captured once as a CUDA graph and replayed, and other processes draw the batches."""

import os
import random

import numpy as np
import torch

from batches import OWN, contrastive
from feed import Feed
from run import Run

# Names and glosses in a step that has any; names of one concept.
ENGLISH, NAMES = 64, 128
# Steps between losses that are handed out for the log.
TOLD = 10


class GraphRun(Run):
    feed = None

    def begin_stage(self):
        super().begin_stage()
        self.close()
        self.graphs = {}
        name = self.plan[self.stage][0]
        if self.described is None or name == "meeting":
            return
        # A graph reads the same places in each step.
        if name == "pictures" and not self.mixture.is_regular():
            return
        arrays, drawer = {"words": self.words_feed, "pictures": self.pictures_feed}[name]()
        processes = max(1, min(4, (os.cpu_count() or 2) - 1))
        self.feed = Feed(arrays, drawer, processes, self.device)

    def close(self):
        if self.feed:
            self.feed.close()
        self.feed = None

    def new_optimizer(self, groups):
        rate = lambda: torch.tensor(self.options.rate, device=self.device)
        groups = [group | {"lr": rate()} for group in groups]
        return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True, capturable=self.device.type == "cuda")

    def load(self):
        super().load()
        for group in self.optimizer.param_groups:
            group["lr"] = torch.as_tensor(group["lr"]).to(self.device)
            # The checkpoint may be of another machine.
            group["capturable"] = self.device.type == "cuda"

    def put_rate(self, group, rate):
        group["lr"].fill_(rate)

    def autocast(self):
        # Weights that were rounded outside of a graph must not be read in it.
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half, cache_enabled=False)

    def play(self, kind, losses):
        """One step down `losses()`, replayed as a graph; captured when it is the first of its kind."""
        if kind not in self.graphs:
            self.graphs[kind] = self.capture(losses)
        graph, parts = self.graphs[kind]
        if graph:
            graph.replay()
        else:
            parts = losses()
            self.learn(parts)
        self.follow()
        return {name: value.detach().clone() for name, value in parts.items()} if self.step % TOLD == 0 else {}

    def capture(self, losses):
        if self.device.type != "cuda":
            return None, None
        rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        for group in self.optimizer.param_groups:
            self.put_rate(group, 0.0)
        # Steps that learn nothing, so that libraries choose their kernels and the optimizer has its state.
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self.learn(losses())
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            parts = losses()
            self.learn(parts)
        for group, rate in zip(self.optimizer.param_groups, rates):
            self.put_rate(group, rate)
        return graph, parts

    def seeded(self, mixture, number: int) -> random.Random:
        """Draws of their own for each process and stage, and others after going on from a checkpoint."""
        seed = [self.options.seed, self.step, self.stage, number]
        mixture.rng = np.random.default_rng(seed)
        mixture.random = random.Random(str(seed))
        return mixture.random

    def query_arrays(self, count: int, texts) -> dict[str, tuple]:
        most = self.options.queries
        return {"queries": (np.int64, (most, *texts)), "answers": (np.int8, (most, count)), "weight": (np.float32, (most,))}

    def put_texts(self, arrays, mixture, batch, put):
        """Captions and queries for a batch; rows of queries that remain empty weigh nothing."""
        _, texts, table = mixture.described(batch)
        put(texts, arrays["texts"])
        arrays["table"][:] = table.numpy()
        texts, answers = mixture.queries(batch, self.options.queries)
        count = len(texts)
        put(texts, arrays["queries"])
        arrays["answers"][:count], arrays["answers"][count:] = answers.numpy(), OWN
        arrays["weight"][:count], arrays["weight"][count:] = 1 / max(count, 1), 0

    def tokens(self, texts: list[str], rows: np.ndarray):
        rows[:] = 0
        for row, text in zip(rows, texts):
            ids = self.tokenizer.encode(text, rows.shape[1])
            row[: len(ids)] = ids

    def words_feed(self):
        described, words, length = self.described, self.words, self.model.config.context_length
        count = len(described.draw(self.options.words_batch))
        arrays = {
            "english": (np.uint8, (1,)), "batch": (np.int64, (count,)), "texts": (np.int64, (count, length)),
            "table": (np.int8, (count, count)), "alike": (np.int8, (NAMES, NAMES)),
        } | self.query_arrays(count, (length,))
        pairs = {"names": NAMES, "wordnet": ENGLISH * bool(words.entries), "captions": min(ENGLISH, len(words.groups))}
        self.pairs = {name: size for name, size in pairs.items() if size}
        arrays |= {f"{name}-{at}": (np.int64, (size, length)) for name, size in self.pairs.items() for at in (0, 1)}

        def drawer(number):
            words.random = self.seeded(described, number)
            drawn = 0

            def draw(into):
                nonlocal drawn
                into["english"][0] = drawn % 4 == 0
                drawn += 1
                into["batch"][:] = batch = described.draw(self.options.words_batch)
                self.put_texts(into, described, batch, self.tokens)
                if into["english"][0]:
                    *names, table = words.from_thesaurus(NAMES)
                    into["alike"][:] = table.numpy()
                    found = {"names": names}
                    found |= {"wordnet": words.from_wordnet(ENGLISH)} if "wordnet" in self.pairs else {}
                    found |= {"captions": words.from_captions(ENGLISH)} if "captions" in self.pairs else {}
                    for name, two in found.items():
                        for at, texts in enumerate(two):
                            self.tokens(texts, into[f"{name}-{at}"])

            return draw

        return arrays, drawer

    def words_step(self, progress: float):
        if self.feed is None:
            return super().words_step(progress)
        self.set_rate(progress)
        english = bool(self.feed.next()["english"][0])
        return self.play(("words", english), lambda: self.words_losses(english))

    def words_losses(self, english: bool):
        batch, model, parts = self.feed.batch, self.model, {}
        named = [f"{name}-{at}" for name in self.pairs for at in (0, 1)] if english else []
        keys = ["texts", "queries", *named]
        with self.autocast():
            rows = model.text.hidden(torch.cat([batch[key] for key in keys]))
            rows = dict(zip(keys, rows.split([len(batch[key]) for key in keys])))
            for name in self.pairs if english else ():
                project = model.gloss if name == "wordnet" else model.text.text_projection
                table = batch["alike"] if name == "names" else None
                parts[name] = contrastive(project(rows[f"{name}-0"]), project(rows[f"{name}-1"]), 20.0, table)
            features = self.described.features[batch["batch"]]
            images = model.head(features + 0.3 * torch.randn_like(features))
            texts, queries = (model.text.text_projection(rows[key]) for key in ("texts", "queries"))
            parts |= self.matching_loss(images, slice(None), texts, batch["table"], queries, batch["answers"], batch["weight"])
        return parts

    def pictures_feed(self):
        mixture, places = self.mixture, self.vectors[0]
        batch = mixture.draw(self.options.batch)
        # Kinds follow each other in every batch, in numbers that stay.
        rows, taught = np.flatnonzero(~mixture.bare[batch]), np.flatnonzero(mixture.taught[batch])
        self.rows, self.taught = (torch.from_numpy(at).to(self.device) for at in (rows, taught))
        examples = mixture.draw_views(batch) | mixture.draw_collage(len(taught))
        arrays = {name: (value.dtype, value.shape) for name, value in examples.items()}
        arrays |= {
            "plain": (np.uint8, (1,)), "batch": (np.int64, (len(batch),)), "texts": (np.int64, (len(rows),)),
            "table": (np.int8, (len(rows), len(rows))),
        } | self.query_arrays(len(batch), ())

        def drawer(number):
            drawn_by = self.seeded(mixture, number)

            def numbers(texts, into):
                into[:] = 0
                into[: len(texts)] = [places[text] for text in texts]

            def draw(into):
                into["batch"][:] = batch = mixture.draw(self.options.batch)
                views = mixture.draw_views(batch)
                into["plain"][0] = plain = not len(taught) or drawn_by.random() >= self.options.collage_share
                if plain:
                    self.put_texts(into, mixture, batch, numbers)
                else:
                    views |= mixture.draw_collage(len(taught))
                for name, value in views.items():
                    into[name][:] = value

            return draw

        return arrays, drawer

    def pictures_step(self, progress: float):
        if self.feed is None:
            return super().pictures_step(progress)
        self.set_rate(progress)
        self.side = self.side_at(progress)
        plain = bool(self.feed.next()["plain"][0])
        return self.play((self.side, plain), lambda: self.feed_losses(self.side, plain))

    def feed_losses(self, side: int, plain: bool):
        batch, vectors = self.feed.batch, self.vectors[1]
        drawn = {name: value for name, value in batch.items() if not (plain and name in ("box", "other"))}
        texts = None
        if plain:
            captions, queries = vectors[batch["texts"]], vectors[batch["queries"]]
            texts = self.rows, captions, batch["table"], queries, batch["answers"], batch["weight"]
        return self.picture_losses(drawn | {"taught": self.taught}, side, texts)
