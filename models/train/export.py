"""Writes the reference folder that `clip-rs model import` reads: config.json, model.safetensors, vocabulary.txt, golden.json.

    python export.py CHECKPOINT.pt OUT
"""

import argparse
import io
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

import evaluate
from data import write_atomically
from model import Clip
from tokenizer import END, START, VOCABULARY_SIZE, Tokenizer

LICENCE = "MIT OR Apache-2.0; see MODEL_CARD.md for the licences of the training data"
TITLES = {"rs-small": "CLIP-RS small"}

SENTENCES = [
    "baseball field", "storage tanks", "parked airplanes", "a river with a bridge", "An aerial photo of solar panels.",
    "many green trees are around a playground .", "dense   forest", "it's 3 o'clock", "naïve café 🌍 Straße", "",
]


def fold(weight: torch.Tensor, norm) -> tuple[torch.Tensor, torch.Tensor]:
    """The convolution's weight and bias that do what convolution and batch norm did."""
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return weight * factor[:, None, None, None], norm.bias - norm.running_mean * factor


@torch.no_grad()
def tensors(model: Clip) -> dict[str, torch.Tensor]:
    """Every tensor of the two towers by its exported name, f32, batch norms folded."""
    out = dict(model.text.state_dict())
    for name, module in model.image.named_modules():
        if isinstance(module, torch.nn.Sequential):
            out[f"{name}.weight"], out[f"{name}.bias"] = fold(module[0].weight, module[1])
    out["visual_projection.weight"] = model.image.visual_projection.weight
    return {name: tensor.detach().float().cpu().contiguous().clone() for name, tensor in out.items()}


def config(model: Clip, name: str, provenance: str) -> dict:
    """What model.json says, without the names of the package's files."""
    c = model.config
    return {
        "format": 1, "name": name, "title": TITLES.get(name, name), "embed_dim": c.embed_dim,
        "logit_scale": round(model.scale().item(), 4), "provenance": provenance, "licence": LICENCE,
        "tokenizer": {"vocab_size": VOCABULARY_SIZE, "start": START, "end": END},
        "text": {
            "context_length": c.context_length, "token_dim": c.token_dim, "width": c.text_width,
            "layers": c.text_layers, "heads": c.text_heads, "mlp": c.text_mlp, "activation": "gelu",
            "layer_norm_eps": 1e-5,
        },
        "image": {
            "image_size": c.image_size, "mean": c.mean, "std": c.std, "resize": "bicubic",
            "fit": "short_side_centre_crop", "average_transpose": c.average_transpose,
            "tower": {
                "kind": "resnet", "stem": c.stem, "kernel": 3,
                "stages": [{"width": width, "blocks": blocks} for width, blocks in c.stages],
            },
        },
    }


def golden_pictures(side: int) -> dict[str, Image.Image]:
    """Three small pictures of the model's own size, so that no resize stands between the towers compared."""
    generator = np.random.default_rng(7)
    noise = Image.fromarray(generator.integers(0, 256, (side, side, 3), dtype=np.uint8))
    ramp = np.linspace(0, 255, side)
    gradient = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], 255 - ramp[:, None]), 2)
    shapes = Image.new("RGB", (side, side), (86, 110, 70))
    draw = ImageDraw.Draw(shapes)
    for at in range(3):
        draw.ellipse((10 + 33 * at, 20, 34 + 33 * at, 44), fill=(225, 225, 220))
    draw.line((0, 70, side, 95), fill=(120, 120, 125), width=9)
    return {
        "golden-noise.png": noise, "golden-gradient.png": Image.fromarray(gradient.astype(np.uint8)),
        "golden-shapes.png": shapes,
    }


def write_json(path: Path, value) -> None:
    write_atomically(path, lambda file: file.write((json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()))


def write_reference(model: Clip, tokenizer: Tokenizer, vocabulary: Path, out: Path, name: str, provenance: str) -> None:
    """The folder, with golden vectors computed by this very model."""
    model.eval()
    out.mkdir(parents=True, exist_ok=True)
    longest = model.config.context_length
    vectors = evaluate.embed_texts(model, tokenizer, SENTENCES)
    texts = [
        {"text": text, "ids": tokenizer.encode(text, longest), "vector": [round(float(x), 7) for x in vector]}
        for text, vector in zip(SENTENCES, vectors)
    ]
    images = []
    for file_name, image in golden_pictures(model.config.image_size).items():
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        write_atomically(out / file_name, lambda file: file.write(buffer.getvalue()))
        vector = evaluate.embed_pictures(model, np.asarray(image)[None])[0]
        images.append({"file": file_name, "vector": [round(float(x), 7) for x in vector]})
    save_file(tensors(model), str(out / "model.safetensors.part"))
    (out / "model.safetensors.part").replace(out / "model.safetensors")
    shutil.copyfile(vocabulary, out / "vocabulary.txt")
    write_json(out / "golden.json", {"texts": texts, "images": images})
    write_json(out / "config.json", config(model, name, provenance))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="rs-small")
    parser.add_argument("--vocabulary", type=Path, default=Path(__file__).parent.parent / "rs-small" / "vocabulary.txt")
    options = parser.parse_args()
    content = torch.load(options.checkpoint, map_location="cpu", weights_only=False)
    state = {name: tensor for name, tensor in content["average"].items() if not name.startswith(("teacher.", "head."))}
    model = Clip(content["config"], 0)
    model.load_state_dict(state)
    write_reference(model, Tokenizer(options.vocabulary), options.vocabulary, options.out, options.name, content["provenance"])
    print(f"reference model written to {options.out}")


if __name__ == "__main__":
    main()
