"""Trains the compact CLIP from scratch: the text tower, then the image tower, then the first to suit the second.

    python train.py --data rsicd.tar.gz ucm.tar.gz area-101 area-102 --out run --minutes 100

Stop it whenever you like and go on with --resume; data may be added on the way.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

import torch

import data
from batches import Words
from evaluate import evaluate, evaluate_sample
from export import write_reference
from graphs import GraphRun
from run import Run
from thesaurus import Thesaurus

HERE = Path(__file__).parent
# What the losses count for in their sum, where that is not 1.
WEIGHTS = {"wordnet": 0.3, "names": 0.3, "captions": 0.3, "queries": 0.6, "aim": 4.0}
VOCABULARY = HERE.parent / "rs-small" / "vocabulary.txt"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, required=True, help="data sets: folders, .tar or .tar.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint, log and reference model")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="length of the whole run (100 unless told)")
    length.add_argument(
        "--standard-minutes", type=float,
        help="length in minutes of the two cores that the recipe was written on: as many steps, whatever they take here",
    )
    length.add_argument("--epochs", type=float, help="length by passes over the photographs instead")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--start", type=Path, help="checkpoint of an earlier run: a new run begins with what it learned")
    parser.add_argument("--wordnet", type=Path, help="wordnet.jsonl.gz; found beside the data unless told")
    parser.add_argument("--words-share", type=float, default=0.13, help="part of the run spent on the text tower")
    parser.add_argument("--no-teachers", action="store_true", help="use neither teacher features nor WordNet")
    parser.add_argument("--name", default="rs-small", help="name of the model")
    parser.add_argument("--check", type=Path, help="a sample area of another seed, for figures only")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--meeting-share", type=float, default=0.03, help="part of the run in which texts meet pictures")
    parser.add_argument("--words-batch", type=int, default=512, help="captions in a step of the text tower")
    parser.add_argument("--labelled-share", type=float, default=0.2, help="part of a batch from sample areas")
    parser.add_argument("--bare-share", type=float, default=0.3, help="part of a batch from pictures without captions")
    parser.add_argument("--stages", nargs="+", type=stage_shape, help="width:blocks of the image tower's stages")
    parser.add_argument("--weight", nargs="*", type=weight, default=[], help="NAME=VALUE: what a loss counts for")
    parser.add_argument("--keep", type=float, default=0.9993, help="what the moving average keeps each step")
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


def take_steps(run: Run, options, stopping: list, check):
    """Goes on until the run is over or `stopping` holds something; `check()` gives the figures of the validation."""
    saved = evaluated = shown = run.seconds
    length = lambda: run.seconds / max(run.progress(), 1e-9)
    recent: dict[str, list[torch.Tensor]] = {}
    while run.progress() < 1 and not stopping:
        started = time.monotonic()
        losses = run.take_step()
        run.seconds += run.standard_seconds() if options.standard_minutes else time.monotonic() - started
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
            log(options, step=run.step, validation=check())


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
    run = (GraphRun if torch.cuda.is_available() else Run)(options, sources, thesaurus, words)
    if options.resume and (options.out / "checkpoint.pt").exists():
        run.load()
        log(options, resumed_at_step=run.step, seconds=run.seconds)
    elif options.start:
        run.start(options.start)
        log(options, started_from=str(options.start))

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    signal.signal(signal.SIGINT, lambda *_: stopping.append(True))
    try:
        take_steps(run, options, stopping, lambda: figures(run, sources, checked, "val"))
    finally:
        run.close()
    run.save()
    if stopping:
        sys.exit(f"stopped at step {run.step}; go on with --resume")
    log(options, step=run.step, final_validation=figures(run, sources, checked, "val"))
    write_reference(run.average, run.tokenizer, options.vocabulary, options.out / "reference", options.name, run.provenance)
    print(f"reference model written to {options.out / 'reference'}")


if __name__ == "__main__":
    main()
