"""CLIP's towers as ONNX graphs, operator by operator as Hugging Face's exports have them.

Texts go in as tokens without padding, and the end token is found as the largest one. Inputs, outputs and their names
are those of `CLIPTextModelWithProjection` and `CLIPVisionModelWithProjection`.
"""

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class Graph:
    """Nodes and constants as they are added; every node's output has a name of its own."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, value: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, **attributes) -> str:
        output = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], output, **attributes))
        return output

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """`x W^T + b`; `weight` is `(out, in)`."""
        y = self.add("MatMul", x, self.constant(weight.T))
        return y if bias is None else self.add("Add", y, self.constant(bias))

    def model(self, inputs: list, output: str, name: str, shape: list) -> onnx.ModelProto:
        self.nodes.append(helper.make_node("Identity", [output], [name]))
        result = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "clip", inputs, [result], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


class Tower:
    """The transformer that both towers share."""

    def __init__(self, graph: Graph, weights: dict[str, np.ndarray], sizes: dict):
        self.graph, self.weights, self.sizes = graph, weights, sizes

    def norm(self, x: str, name: str) -> str:
        scale, bias = (self.graph.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.graph.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=self.sizes["layer_norm_eps"])

    def linear(self, x: str, name: str) -> str:
        return self.graph.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def activation(self, x: str) -> str:
        add, constant = self.graph.add, self.graph.constant
        if self.sizes["activation"] == "quick_gelu":
            return add("Mul", x, add("Sigmoid", add("Mul", x, constant(np.float32(1.702)))))
        erf = add("Erf", add("Div", x, constant(np.float32(math.sqrt(2)))))
        return add("Mul", add("Mul", x, add("Add", erf, constant(np.float32(1)))), constant(np.float32(0.5)))

    def attention(self, x: str, name: str, mask: str | None) -> str:
        add, width, heads = self.graph.add, self.sizes["width"], self.sizes["heads"]
        shape = self.graph.integers(0, 0, heads, width // heads)
        split = {part: add("Reshape", self.linear(x, f"{name}.{part}_proj"), shape) for part in "qkv"}
        q, v = (add("Transpose", split[part], perm=[0, 2, 1, 3]) for part in "qv")
        k = add("Transpose", split["k"], perm=[0, 2, 3, 1])
        scale = self.graph.constant(np.float32((width // heads) ** -0.5))
        scores = add("MatMul", add("Mul", q, scale), k)
        if mask:
            scores = add("Add", scores, mask)
        mixed = add("Transpose", add("MatMul", add("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
        return self.linear(add("Reshape", mixed, self.graph.integers(0, 0, width)), f"{name}.out_proj")

    def layers(self, x: str, name: str, mask: str | None = None) -> str:
        for layer in (f"{name}.layers.{n}" for n in range(self.sizes["layers"])):
            mixed = self.attention(self.norm(x, f"{layer}.layer_norm1"), f"{layer}.self_attn", mask)
            x = self.graph.add("Add", x, mixed)
            hidden = self.activation(self.linear(self.norm(x, f"{layer}.layer_norm2"), f"{layer}.mlp.fc1"))
            x = self.graph.add("Add", x, self.linear(hidden, f"{layer}.mlp.fc2"))
        return x


def text(config: dict, weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """`input_ids: (batch, sequence) -> text_embeds: (batch, embed_dim)`, not normalised."""
    graph, sizes = Graph(), config["text"]
    tower, add = Tower(graph, weights, sizes), graph.add
    ids = "input_ids"
    embeddings = "text_model.embeddings"
    x = add("Gather", graph.constant(weights[f"{embeddings}.token_embedding.weight"]), ids)
    if f"{embeddings}.token_projection.weight" in weights:
        x = graph.linear(x, weights[f"{embeddings}.token_projection.weight"])
    length = add("Slice", add("Shape", ids), graph.integers(1), graph.integers(2))
    zero, both = graph.integers(0), graph.integers(0, 0)
    positions = graph.constant(weights[f"{embeddings}.position_embedding.weight"])
    x = add("Add", x, add("Slice", positions, zero, length, zero))
    context = sizes["context_length"]
    mask = graph.constant(np.triu(np.full((context, context), -1e9, np.float32), 1))
    mask = add("Slice", mask, both, add("Concat", length, length, axis=0), graph.integers(0, 1))
    x = tower.layers(x, "text_model.encoder", mask)
    end = add("ArgMax", ids, axis=1, keepdims=1)
    pooled = tower.norm(add("GatherND", x, end, batch_dims=1), "text_model.final_layer_norm")
    output = graph.linear(pooled, weights["text_projection.weight"])
    inputs = [helper.make_tensor_value_info(ids, TensorProto.INT64, ["batch", "sequence"])]
    return graph.model(inputs, output, "text_embeds", ["batch", config["embed_dim"]])


def image(config: dict, weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """`pixel_values: (batch, 3, size, size) -> image_embeds: (batch, embed_dim)`.

    Where the package averages a picture with its transpose, so does the graph: both go through the tower as one
    batch, and the mean of their directions comes out.
    """
    graph, sizes = Graph(), config["image"]
    side = sizes["image_size"]
    pixels = "pixel_values"
    twice = sizes.get("average_transpose", False)
    x = graph.add("Concat", pixels, graph.add("Transpose", pixels, perm=[0, 1, 3, 2]), axis=0) if twice else pixels
    pooled = (resnet if sizes["tower"]["kind"] == "resnet" else vit)(graph, sizes, weights, x)
    output = graph.linear(pooled, weights["visual_projection.weight"])
    if twice:
        unit = graph.add("Div", output, graph.add("ReduceL2", output, axes=[1], keepdims=1))
        own, turned = split_in_two(graph, unit)
        output = graph.add("Add", own, turned)
    inputs = [helper.make_tensor_value_info(pixels, TensorProto.FLOAT, ["batch", 3, side, side])]
    return graph.model(inputs, output, "image_embeds", ["batch", config["embed_dim"]])


def split_in_two(graph: Graph, x: str) -> tuple[str, str]:
    """The first and the second half of the rows."""
    graph.nodes.append(helper.make_node("Split", [x], ["first_half", "second_half"], axis=0))
    return "first_half", "second_half"


def resnet(graph: Graph, sizes: dict, weights: dict[str, np.ndarray], x: str) -> str:
    """The residual convolutional tower: `-> (batch, last width)`."""
    tower = sizes["tower"]

    def convolution(x: str, name: str, kernel: int, stride: int) -> str:
        weight = weights[f"{name}.weight"]
        weight = weight.reshape(weight.shape[0], -1, kernel, kernel)
        values = graph.constant(weight), graph.constant(weights[f"{name}.bias"])
        return graph.add("Conv", x, *values, strides=[stride] * 2, pads=[kernel // 2] * 4, kernel_shape=[kernel] * 2)

    for n in range(len(tower["stem"])):
        x = graph.add("Relu", convolution(x, f"vision_model.stem.{n}", 3, 2))
    for n, stage in enumerate(tower["stages"]):
        name = f"vision_model.stages.{n}"
        if n > 0:
            x = graph.add("Relu", convolution(x, f"{name}.down", 3, 2))
        for block in (f"{name}.blocks.{m}" for m in range(stage["blocks"])):
            hidden = graph.add("Relu", convolution(x, f"{block}.conv1", tower["kernel"], 1))
            x = graph.add("Relu", graph.add("Add", convolution(hidden, f"{block}.conv2", tower["kernel"], 1), x))
    return graph.add("Flatten", graph.add("GlobalAveragePool", x), axis=1)


def vit(graph: Graph, sizes: dict, weights: dict[str, np.ndarray], x: str) -> str:
    """The vision transformer: `-> (batch, width)`."""
    sizes = sizes | sizes["tower"]
    tower, add = Tower(graph, weights, sizes), graph.add
    width, patch = sizes["width"], sizes["patch"]
    embeddings = "vision_model.embeddings"
    kernel = graph.constant(weights[f"{embeddings}.patch_embedding.weight"].reshape(width, 3, patch, patch))
    patches = add("Conv", x, kernel, strides=[patch] * 2, kernel_shape=[patch] * 2)
    patches = add("Transpose", add("Reshape", patches, graph.integers(0, 0, -1)), perm=[0, 2, 1])
    batch = add("Slice", add("Shape", x), graph.integers(0), graph.integers(1))
    shape = add("Concat", batch, graph.integers(1, width), axis=0)
    first = add("Expand", graph.constant(weights[f"{embeddings}.class_embedding"].reshape(1, 1, width)), shape)
    positions = graph.constant(weights[f"{embeddings}.position_embedding.weight"])
    x = add("Add", add("Concat", first, patches, axis=1), positions)
    x = tower.layers(tower.norm(x, "vision_model.pre_layrnorm"), "vision_model.encoder")
    x = add("Gather", x, graph.constant(np.array(0, np.int64)), axis=1)
    return tower.norm(x, "vision_model.post_layernorm")


def empty() -> onnx.ModelProto:
    """A graph of next to nothing, to start a runtime with."""
    graph = Graph()
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])]
    return graph.model(inputs, "x", "y", [1])
