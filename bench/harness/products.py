"""ONNX graphs that score all items for a query, `(1, dim)` -> `(1, items)`: vectors as they are, and in 8 bits."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .vectors import Vectors


def product(vectors: Vectors, dtype: str) -> Path:
    """The graph's file, made if it is not there. Items are columns: onnxruntime takes 2 to 5 times as long for rows."""
    path = vectors.folder / f"product-{dtype}.onnx"
    if not path.exists():
        part = path.with_suffix(".part")
        onnx.save(int8(vectors) if dtype == "int8" else fp32(vectors), part)
        part.rename(path)
    return path


def fp32(vectors: Vectors) -> onnx.ModelProto:
    items = np.ascontiguousarray(vectors.items().T)
    return model(vectors, [helper.make_node("MatMul", ["query", "items"], ["scores"])], items=items)


def int8(vectors: Vectors) -> onnx.ModelProto:
    """An item has a scale of its own, as in our codes; the query is quantized by the graph."""
    items = vectors.items()
    scales = np.abs(items).max(axis=1, keepdims=True) / 127
    codes = np.round(items / scales).astype(np.int8)
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["query"], ["code", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["code", "items", "zero"], ["integers"]),
        helper.make_node("Cast", ["integers"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["scales", "scale"], ["units"]),
        helper.make_node("Mul", ["numbers", "units"], ["scores"]),
    ]
    return model(vectors, nodes, items=np.ascontiguousarray(codes.T), scales=scales.T)


def model(vectors: Vectors, nodes: list, **constants: np.ndarray) -> onnx.ModelProto:
    def value(name: str, width: int):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])

    kept = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "scores", [value("query", vectors.dim)], [value("scores", vectors.count)], kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
