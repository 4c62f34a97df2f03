"""A query string in, a vector out, in the browser: ours beside transformers.js, as its documentation uses it."""

import json

import numpy as np

from harness import browser, models, sentences
from harness.context import Context
from harness.models import Model
from harness.rows import Mismatch, Row, measured

PACKAGE = "@huggingface/transformers"
# Its names for types of weights, and the files it looks for.
FILES = {"fp32": ("fp32", "text_model.onnx"), "q8": ("int8", "text_model_quantized.onnx")}
LEAST_COSINE = 0.9


def run(context: Context) -> list[Row]:
    return [of_model(context, model) for model in (models.b32(context), models.rs_small(context))]


def of_model(context: Context, model: Model) -> Row:
    write_folder(context, model)
    version = context.npm_version(PACKAGE)
    ours = {name: {"build": browser.wasm_path(name), "folder": "/model"} for name in context.wasm}
    peers = {f"transformers.js {dtype}": {"model": model.name, "dtype": dtype} for dtype in FILES}
    everyone, queries = ours | peers, sentences.QUERIES
    runtime = context.npm / PACKAGE / "node_modules" / "onnxruntime-web" / "dist"
    if not runtime.exists():
        runtime = context.npm / "onnxruntime-web" / "dist"
    with browser.page(context, model=model.package, **{"ort-of-transformers": runtime}) as page:
        answers = {}
        for name, contestant in everyone.items():
            page.fresh()
            answers[name] = page.call("text-as-used.js", "answers", contestant, queries)
        cosines = check(model, answers, f"transformers.js {next(iter(FILES))}", queries)
        page.fresh()
        samples = page.call("text-as-used.js", "measure", everyone, queries, {"rounds": 15, "limitMs": 30_000})
    each = {name: measured(name, taken, version if name in peers else "", **{"cosine to fp32": cosines[name]})
            for name, taken in samples.items()}
    return Row("text-as-used", f"{model.title}, a query", "ms", [each[n] for n in ours], [each[n] for n in peers],
               note=f"Mean over {len(queries)} queries of one to nine words, tokenizing included, one thread.")


def check(model: Model, answers: dict, reference: str, queries: list[str]) -> dict[str, float]:
    """The same tokens and nearly the same vectors. Returns each contestant's mean cosine to the reference."""
    cosines = {}
    for name, found in answers.items():
        taken = []
        for query, answer, wanted in zip(queries, found, answers[reference], strict=True):
            if answer["tokens"] != wanted["tokens"]:
                raise Mismatch(f"{name}, {query!r}: tokens {answer['tokens']}, {reference} has {wanted['tokens']}")
            a, b = np.array(answer["vector"]), np.array(wanted["vector"])
            taken.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        cosines[name] = round(float(np.mean(taken)), 5)
        if cosines[name] < LEAST_COSINE:
            raise Mismatch(f"{name}, {model.title}: mean cosine {cosines[name]} to {reference}")
    return cosines


def write_folder(context: Context, model: Model):
    """The folder that `from_pretrained` reads: configuration, tokenizer and the exported graphs."""
    folder = context.folder("transformers") / model.name
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    for dtype, file in FILES.values():
        link = folder / "onnx" / file
        if not link.exists():
            link.hardlink_to(model.onnx_path("text", dtype))
    sizes = model.config["text"]
    (folder / "config.json").write_text(json.dumps({"model_type": "clip", "architectures": ["CLIPModel"]}))
    start, end = model.config["tokenizer"]["start"], model.config["tokenizer"]["end"]
    symbols = ["<|startoftext|>", "<|endoftext|>"]
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "CLIPTokenizer", "bos_token": symbols[0], "eos_token": symbols[1], "pad_token": symbols[1],
        "unk_token": symbols[1], "model_max_length": sizes["context_length"], "do_lower_case": True,
    }))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer(model, symbols, (start, end)), ensure_ascii=False))


def tokenizer(model: Model, symbols: list[str], ids: tuple[int, int]) -> dict:
    """CLIP's tokenizer in the layout of Hugging Face's tokenizers library, as published with CLIP's checkpoints."""
    lines = (model.package / model.config["tokenizer"]["file"]).read_text().splitlines()
    merges = lines[1 : 49152 - 256 - 2 + 1]
    letters = list(byte_letters().values())
    words = letters + [letter + "</w>" for letter in letters] + ["".join(rule.split()) for rule in merges] + symbols
    vocabulary = {word: number for number, word in enumerate(words)}
    if (vocabulary[symbols[0]], vocabulary[symbols[1]]) != ids:
        raise Mismatch(f"{model.title}: the vocabulary puts start and end at other places than {ids}")
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    pattern = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": number, "content": symbol, **special} for symbol, number in zip(symbols, ids)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}, {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}]},
        "post_processor": {"type": "RobertaProcessing", "sep": [symbols[1], ids[1]], "cls": [symbols[0], ids[0]],
                           "trim_offsets": False, "add_prefix_space": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": symbols[1], "continuing_subword_prefix": "",
                  "end_of_word_suffix": "</w>", "fuse_unk": False, "vocab": vocabulary, "merges": merges},
    }


def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte, as GPT-2's tokenizer has it: printable ones for themselves, first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
