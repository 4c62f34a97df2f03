"""The two models that every encoder is measured with, and their weights as other runtimes read them.

`rs-small` is the embedded model. `b32` has the size and layout of CLIP ViT-B/32 and random weights, which take the
same time as trained ones: made here from a seed and imported by `clip-rs model import`, as a person would.
Both runtimes start from the package's own numbers: what is exported to ONNX is what its GGUF files hold.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from gguf import GGUFReader, dequantize
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import save_file

from . import onnx_export
from .context import ROOT, Context, digest, is_made_from, run

SEED = 7


@dataclass
class Model:
    """A package and its ONNX twins."""

    name: str
    title: str
    package: Path
    config: dict
    # `{tower}.{dtype}.onnx`, served as /made/onnx/...
    onnx: Path

    def onnx_path(self, tower: str, dtype: str) -> Path:
        return self.onnx / f"{self.name}.{tower}.{dtype}.onnx"

    def weights(self, tower: str) -> dict[str, np.ndarray]:
        """All tensors of a tower in f32, in the shapes that GGUF has them in."""
        reader = GGUFReader(self.package / self.config[tower]["file"])
        return {t.name: dequantize(t.data, t.tensor_type).reshape([int(n) for n in reversed(t.shape)])
                for t in reader.tensors}


def rs_small(context: Context) -> Model:
    return prepared(context, "rs-small", "rs-small", ROOT / "models" / "rs-small")


def b32(context: Context) -> Model:
    package = context.folder("models") / "b32"
    if not (package / "model.json").exists():
        checkpoint = context.folder("models") / "b32-checkpoint"
        write_checkpoint(checkpoint)
        run(context.clip_rs, "model", "import", checkpoint, "--out", package, "--quantize", "q8_0", "--name", "b32")
    return prepared(context, "b32", "ViT-B/32", package)


def prepared(context: Context, name: str, title: str, package: Path) -> Model:
    """Exports what is not there yet: each tower in f32, and by onnxruntime's `quantize_dynamic` in int8."""
    folder = context.folder("onnx")
    model = Model(name, title, package, json.loads((package / "model.json").read_text()), folder)
    if not (folder / "empty.onnx").exists():
        onnx.save(onnx_export.empty(), folder / "empty.onnx")
    for tower, export in (("text", onnx_export.text), ("image", onnx_export.image)):
        full, small = model.onnx_path(tower, "fp32"), model.onnx_path(tower, "int8")
        mark, weights = folder / f"{name}.{tower}.made-from", digest(package / model.config[tower]["file"])
        if not (full.exists() and is_made_from(mark, weights)):
            small.unlink(missing_ok=True)
            save(export(model.config, model.weights(tower)), full)
            mark.write_text(weights)
        if not small.exists():
            part = small.with_suffix(".part")
            quantize_dynamic(full, part, weight_type=QuantType.QInt8)
            part.rename(small)
    return model


def save(graph: onnx.ModelProto, path: Path):
    onnx.checker.check_model(graph)
    part = path.with_suffix(".part")
    onnx.save(graph, part)
    part.rename(path)


def write_checkpoint(folder: Path):
    """A folder as Hugging Face's `CLIPModel.save_pretrained` writes it, initialised as CLIP's paper does."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(SEED)
    tensors: dict[str, np.ndarray] = {}

    def normal(name: str, shape: list[int], deviation: float):
        tensors[name] = (dice.standard_normal(shape, dtype=np.float32) * deviation).astype(np.float16)

    def norm(name: str, width: int):
        tensors[f"{name}.weight"] = (1 + 0.1 * dice.standard_normal(width)).astype(np.float16)
        normal(f"{name}.bias", [width], 0.1)

    def transformer(name: str, width: int, layers: int):
        inner = width**-0.5 * (2 * layers) ** -0.5
        for layer in (f"{name}.layers.{n}" for n in range(layers)):
            norm(f"{layer}.layer_norm1", width)
            norm(f"{layer}.layer_norm2", width)
            for part, deviation in [("q", width**-0.5), ("k", width**-0.5), ("v", width**-0.5), ("out", inner)]:
                normal(f"{layer}.self_attn.{part}_proj.weight", [width, width], deviation)
                normal(f"{layer}.self_attn.{part}_proj.bias", [width], 0.02)
            normal(f"{layer}.mlp.fc1.weight", [4 * width, width], (2 * width) ** -0.5)
            normal(f"{layer}.mlp.fc1.bias", [4 * width], 0.02)
            normal(f"{layer}.mlp.fc2.weight", [width, 4 * width], inner)
            normal(f"{layer}.mlp.fc2.bias", [width], 0.02)

    normal("text_model.embeddings.token_embedding.weight", [49408, 512], 0.02)
    normal("text_model.embeddings.position_embedding.weight", [77, 512], 0.01)
    transformer("text_model.encoder", 512, 12)
    norm("text_model.final_layer_norm", 512)
    normal("text_projection.weight", [512, 512], 512**-0.5)
    normal("vision_model.embeddings.class_embedding", [768], 768**-0.5)
    normal("vision_model.embeddings.patch_embedding.weight", [768, 3, 32, 32], 0.02)
    normal("vision_model.embeddings.position_embedding.weight", [50, 768], 768**-0.5)
    norm("vision_model.pre_layrnorm", 768)
    transformer("vision_model.encoder", 768, 12)
    norm("vision_model.post_layernorm", 768)
    normal("visual_projection.weight", [512, 768], 768**-0.5)
    tensors["logit_scale"] = np.array(np.log(100), np.float16)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = {"architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": 512}
    # The remaining sizes are CLIPConfig's defaults, which are those of ViT-B/32.
    config |= {"text_config": {"hidden_act": "quick_gelu", "eos_token_id": 49407},
               "vision_config": {"hidden_act": "quick_gelu"}}
    (folder / "config.json").write_text(json.dumps(config))
