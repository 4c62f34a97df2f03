"""Makes what the parity tests compare with: tiny random CLIPs, their vectors, tokens and prepared pictures.

    python make_fixtures.py                    all fixtures, into fixtures/
    python make_fixtures.py --only tokens      one kind: models, tokens or pictures
    python make_fixtures.py --packages CLIP_RS packages of some of the models, by that command: for tests in a browser
    python make_fixtures.py --full-size OUT    a ViT-B/32 of random weights in OpenAI's layout, to measure with

The models are made and run by transformers and open_clip; versions are in requirements.txt. Their weights take eight
random values a matrix with few bits each, so that they compress well, and are exact in half precision, so that a
checkpoint in half precision has the same vectors. Their vocabulary is the first 700 tokens of CLIP's order. All their
files are in one archive, models.tar.br.
"""

import argparse
import gzip
import io
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import brotli
import numpy as np
import open_clip
import torch
from PIL import Image
from safetensors.torch import save, save_file
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

import strings

HERE = Path(__file__).parent
VOCABULARY = HERE.parent / "rs-small" / "vocabulary.txt"
TOKENS = 700
CONTEXT = 20
SIDE = 32
TEXTS = [
    "a river with a bridge", "storage tanks", "Many cars are parked near the terminal.", "", "naïve café 🌍 Straße",
    "the the the the the the the the the the the the the the the the the the the the the the the the",
]


def write(path: Path, content: bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{path.relative_to(HERE)}: {len(content):,} bytes")


class Archive:
    """Files that are written together, compressed."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.USTAR_FORMAT)

    def add(self, name: str, content: bytes):
        info = tarfile.TarInfo(name)
        info.size = len(content)
        self.tar.addfile(info, io.BytesIO(content))

    def add_json(self, name: str, value):
        self.add(name, (json.dumps(value, ensure_ascii=False) + "\n").encode())

    def write(self, path: Path):
        self.tar.close()
        write(path, brotli.compress(self.buffer.getvalue(), quality=11, lgwin=24))


def merges(tokens: int) -> list[str]:
    """The merge rules of a vocabulary of so many tokens."""
    return VOCABULARY.read_text(encoding="utf-8").splitlines()[1 : 1 + tokens - 512 - 2]


def simple_tokenizer(tokens: int, context: int):
    """open_clip's tokenizer with the first merge rules of ours; it wants them as a gzip file."""
    path = HERE / "merges.txt.gz"
    path.write_bytes(gzip.compress(("#version: 0.2\n" + "\n".join(merges(tokens))).encode()))
    try:
        return open_clip.tokenizer.SimpleTokenizer(bpe_path=str(path), context_length=context)
    finally:
        path.unlink()


def randomise(model: torch.nn.Module, seed: int):
    """Weights of eight values a matrix, biases and norms of any value, all exact in half precision."""
    generator = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 0:
                continue
            if parameter.dim() == 1:
                middle = 1.0 if ("norm" in name or "ln_" in name) and name.endswith("weight") else 0.0
                values = middle + 0.2 * normal(*parameter.shape)
            else:
                fan_in = parameter[0].numel()
                spread = 0.5 if "embed" in name and "patch" not in name else 1.5 / fan_in**0.5
                # Only the upper byte of a half: sign, exponent, two bits.
                levels = ((spread * normal(8)).half().view(torch.int16) & -256).view(torch.float16)
                values = levels[torch.randint(8, parameter.shape, generator=generator)]
            parameter.copy_(values.half().float())


def golden(texts, text_vectors, ids, pictures, picture_vectors) -> dict:
    unit = lambda rows: torch.nn.functional.normalize(rows.double(), dim=-1)
    numbers = lambda row: [round(float(x), 8) for x in row]
    return {
        "texts": [
            {"text": text, "ids": list(row), "vector": numbers(vector)}
            for text, row, vector in zip(texts, ids, unit(text_vectors))
        ],
        "images": [{"file": name, "vector": numbers(vector)} for name, vector in zip(pictures, unit(picture_vectors))],
    }


def model_pictures() -> dict[str, Image.Image]:
    """Pictures of the models' own size, so that no resize stands between the towers compared."""
    generator = np.random.default_rng(11)
    noise = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    ramp = np.stack([x * 8, y * 8, 255 - x * 4 - y * 4], 2).astype(np.uint8)
    rings = np.stack([127 + 120 * np.sin(np.hypot(x - 16, y - 16) / k) for k in (1.5, 2.5, 4.0)], 2).astype(np.uint8)
    return {name: Image.fromarray(pixels) for name, pixels in
            {"noise.png": noise, "ramp.png": ramp, "rings.png": rings}.items()}


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def pixels(pictures: dict[str, Image.Image], mean, std) -> torch.Tensor:
    stacked = torch.from_numpy(np.stack([np.asarray(image) for image in pictures.values()])).permute(0, 3, 1, 2)
    per_channel = lambda values: torch.tensor(values)[None, :, None, None]
    return (stacked / 255.0 - per_channel(mean)) / per_channel(std)


MEAN, STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD


def hugging_face(name: str, activation: str, seed: int, out: Archive, pictures):
    """A CLIPModel's folder: sharded safetensors with vocab.json, or a pickle with tokenizer.json."""
    config = CLIPConfig(
        text_config=CLIPTextConfig(
            vocab_size=TOKENS, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=CONTEXT, hidden_act=activation, projection_dim=48,
            bos_token_id=TOKENS - 2, eos_token_id=TOKENS - 1, pad_token_id=TOKENS - 1,
        ).to_dict(),
        vision_config=CLIPVisionConfig(
            hidden_size=96, intermediate_size=192, num_hidden_layers=2, num_attention_heads=3, image_size=SIDE,
            patch_size=8, hidden_act=activation, projection_dim=48,
        ).to_dict(),
        projection_dim=48,
    )
    model = CLIPModel(config).eval()
    randomise(model, seed)
    tokenizer = simple_tokenizer(TOKENS, CONTEXT)
    tokens = tokenizer(TEXTS)
    end = TOKENS - 1
    ids = [row[: row.index(end) + 1] for row in tokens.tolist()]
    # Padded with the end token, as Hugging Face's tokenizer does it.
    padded = torch.tensor([row + [end] * (CONTEXT - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (CONTEXT - len(row)) for row in ids])
    with torch.no_grad():
        text = model.text_projection(model.text_model(input_ids=padded, attention_mask=mask).pooler_output)
        vision = model.visual_projection(model.vision_model(pixel_values=pixels(pictures, MEAN, STD)).pooler_output)
    out.add_json(f"{name}/config.json", {**config.to_diff_dict(), "architectures": ["CLIPModel"]})
    out.add_json(f"{name}/golden.json", golden(TEXTS, text, ids, pictures, vision))
    out.add_json(f"{name}/preprocessor_config.json", {
        "crop_size": {"height": SIDE, "width": SIDE}, "do_center_crop": True, "do_normalize": True, "do_resize": True,
        "image_mean": MEAN, "image_std": STD, "resample": 3, "size": {"shortest_edge": SIDE},
    })
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    symbols = list(tokenizer.encoder)[:-2] + ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {symbol: number for number, symbol in enumerate(symbols)}
    if activation == "quick_gelu":
        keys = sorted(state)
        shards = {"model-00001-of-00002.safetensors": keys[::2], "model-00002-of-00002.safetensors": keys[1::2]}
        for shard, part in shards.items():
            out.add(f"{name}/{shard}", save({key: state[key] for key in part}, {"format": "pt"}))
        weight_map = {key: shard for shard, part in shards.items() for key in part}
        out.add_json(f"{name}/model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})
        out.add_json(f"{name}/vocab.json", vocabulary)
        out.add(f"{name}/merges.txt", ("#version: 0.2\n" + "\n".join(merges(TOKENS)) + "\n").encode())
    else:
        out.add(f"{name}/pytorch_model.bin", torch_file(state))
        rules = [rule.split() for rule in merges(TOKENS)]
        out.add_json(f"{name}/tokenizer.json", {"model": {"type": "BPE", "vocab": vocabulary, "merges": rules}})


def torch_file(value) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def state_dicts(out: Archive, pictures):
    """The same weights as open_clip, RemoteCLIP, training scripts and OpenAI would publish them."""
    vectors = {}
    architecture = {
        "embed_dim": 48,
        "vision_cfg": {"image_size": SIDE, "layers": 2, "width": 128, "patch_size": 8, "mlp_ratio": 1.0},
        "text_cfg": {"context_length": CONTEXT, "vocab_size": TOKENS, "width": 128, "heads": 2, "layers": 1,
                     "mlp_ratio": 1.0},
    }
    for activation in ("quick_gelu", "gelu"):
        model = open_clip.CLIP(quick_gelu=activation == "quick_gelu", **architecture).eval()
        randomise(model, 3)
        with torch.no_grad():
            model.logit_scale.fill_(np.log(1 / 0.07))
            tokens = simple_tokenizer(TOKENS, CONTEXT)(TEXTS)
            ids = [row[: row.index(TOKENS - 1) + 1] for row in tokens.tolist()]
            vision = model.encode_image(pixels(pictures, MEAN, STD))
            vectors[activation] = golden(TEXTS, model.encode_text(tokens), ids, pictures, vision)
    for activation, value in vectors.items():
        out.add_json(f"open_clip/golden-{activation}.json", value)
    state = model.state_dict()
    half = {key: value.half() for key, value in state.items()}
    out.add("open_clip/plain.pt", torch_file(state))
    nested = {"epoch": 3, "name": "tiny", "state_dict": {f"module.{key}": value for key, value in half.items()},
              "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-3}]}}
    out.add("open_clip/nested.pt", torch_file(nested))
    # OpenAI's own files keep three constants beside the weights.
    openai = {**half, "input_resolution": torch.tensor(SIDE), "context_length": torch.tensor(CONTEXT),
              "vocab_size": torch.tensor(TOKENS)}
    out.add("open_clip/plain.safetensors", save(openai))
    out.add("open_clip/script.pt", scripted(half))
    out.add("open_clip/vocabulary.txt", ("#version: 0.2\n" + "\n".join(merges(TOKENS)) + "\n").encode())
    out.add_json("open_clip/open_clip_config.json", {
        "model_cfg": architecture,
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "shortest"},
    })


def scripted(state: dict[str, torch.Tensor]) -> bytes:
    """A TorchScript archive with these parameters, nested in modules as their names say, as OpenAI published them."""
    root = torch.nn.Module()
    for name, value in state.items():
        *path, last = name.split(".")
        module = root
        for part in path:
            if not hasattr(module, part):
                module.add_module(part, torch.nn.Module())
            module = getattr(module, part)
        module.register_parameter(last, torch.nn.Parameter(value, requires_grad=False))
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(root), buffer)
    return buffer.getvalue()


def make_models(out: Path):
    pictures = model_pictures()
    archive = Archive()
    for folder in ("hf-quick-gelu", "hf-gelu", "open_clip"):
        for name, image in pictures.items():
            archive.add(f"{folder}/{name}", png(image))
    hugging_face("hf-quick-gelu", "quick_gelu", 1, archive, pictures)
    hugging_face("hf-gelu", "gelu", 2, archive, pictures)
    state_dicts(archive, pictures)
    archive.write(out / "models.tar.br")


def make_tokens(out: Path):
    """One JSON list a line: the text, and its tokens without start and end."""
    tokenizer = simple_tokenizer(49408, 77)
    lines = []
    for text in strings.strings(2000, seed=20):
        row = tokenizer([text])[0].tolist()
        end = row.index(tokenizer.eot_token_id)
        lines.append(json.dumps([text, row[1:end]], ensure_ascii=False, separators=(",", ":")))
    write(out / "tokens.jsonl.br", brotli.compress(("\n".join(lines) + "\n").encode(), quality=11, lgwin=24))


def odd_pictures():
    """Pictures of awkward sizes, with edges, fine stripes and soft ramps; name, picture, the model's size."""
    generator = np.random.default_rng(5)
    for width, height, side, mode in [
        (301, 200, 56, "RGB"), (97, 203, 56, "RGB"), (33, 320, 32, "RGB"), (20, 31, 56, "RGB"), (57, 56, 56, "RGB"),
        (449, 64, 32, "RGB"), (113, 150, 32, "L"), (64, 80, 32, "RGBA"),
    ]:
        y, x = np.mgrid[0:height, 0:width].astype(float)
        waves = [sum(np.sin(x * a + y * b + c) for a, b, c in generator.uniform(-0.9, 0.9, (3, 3))) for _ in range(3)]
        image = np.clip(np.stack(waves, 2) * 45 + 128, 0, 255)
        for _ in range(4):
            left, top = generator.integers(0, width), generator.integers(0, height)
            image[top : top + height // 4, left : left + width // 3] = generator.integers(0, 256, 3)
        image[:: max(2, height // 40), : width // 5] = 255 - image[:: max(2, height // 40), : width // 5]
        # 32 levels: enough to see every rounding, and small as PNG.
        image = (image // 8 * 8 + 3).astype(np.uint8)
        yield f"{width}x{height}-{mode.lower()}.png", Image.fromarray(image).convert(mode), side


def make_pictures(out: Path):
    for name, image, side in odd_pictures():
        prepare = Compose([Resize(side, InterpolationMode.BICUBIC), CenterCrop(side)])
        write(out / "pictures" / name, png(image))
        # As open_clip's `image_transform` does it: resize and crop first, then to RGB.
        write(out / "pictures" / f"expected-{side}-{name}", png(prepare(image).convert("RGB")))


def make_packages(clip_rs: Path, out: Path):
    """Packages of two models in F32 and Q8_0, each part compressed, with the vectors they should give."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with tarfile.open(fileobj=io.BytesIO(brotli.decompress((out / "models.tar.br").read_bytes()))) as tar:
            tar.extractall(folder, filter="data")
        for name, source, golden, options in [
            ("hugging_face", "hf-gelu", "hf-gelu/golden.json", []),
            ("open_clip", "open_clip/plain.pt", "open_clip/golden-quick_gelu.json",
             ["--activation", "quick_gelu", "--vocabulary", folder / "open_clip" / "vocabulary.txt"]),
        ]:
            for stored in ("f32", "q8_0"):
                package = folder / f"{name}-{stored}"
                subprocess.run([clip_rs, "model", "import", folder / source, "--out", package, "--quantize", stored,
                                "--name", name, *options], check=True)
                for part in ("text.gguf", "image.gguf"):
                    content = brotli.compress((package / part).read_bytes(), quality=11, lgwin=24)
                    write(out / "packages" / f"{name}-{stored}" / f"{part}.br", content)
                for part in ("model.json", "vocabulary.txt"):
                    write(out / "packages" / f"{name}-{stored}" / part, (package / part).read_bytes())
            write(out / "packages" / f"{name}.json", (folder / golden).read_bytes())
        for name in model_pictures():
            write(out / "packages" / name, (folder / "hf-gelu" / name).read_bytes())


def make_full_size(out: Path):
    """A ViT-B/32 with random weights in OpenAI's layout and half precision, as large as the published ones."""
    torch.manual_seed(0)
    model = open_clip.create_model("ViT-B-32-quickgelu", pretrained=None)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".safetensors":
        save_file({key: value.contiguous() for key, value in model.state_dict().items()}, str(out))
    else:
        torch.save(model.state_dict(), out)
    print(f"{out}: {out.stat().st_size:,} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["models", "tokens", "pictures"])
    parser.add_argument("--packages", type=Path, metavar="CLIP_RS")
    parser.add_argument("--full-size", type=Path, metavar="OUT")
    options = parser.parse_args()
    if options.full_size:
        return make_full_size(options.full_size)
    if options.packages:
        return make_packages(options.packages.absolute(), HERE / "fixtures")
    for kind, make in {"models": make_models, "tokens": make_tokens, "pictures": make_pictures}.items():
        if options.only in (None, kind):
            make(HERE / "fixtures")


if __name__ == "__main__":
    main()
