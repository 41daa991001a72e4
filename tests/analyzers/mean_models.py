"""Cards whose network gives the mean of its input, and films to show them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from onnx import TensorProto, helper

from unmask.types import Claim

CALIBRATED = """
[[operating]]
output = "logit"
claim = "{claim}"
slope = 1.0
offset = -100.0
clear = 50.0
miss = 0.05
thresholds = [{{ fpr = 0.1, score = 90.0 }}, {{ fpr = 0.01, score = 110.0 }}]
fitted_on = "made"
laundering = "clean"
date = "2026-01-01"
reals = 40
fakes = 40
groups = 40
"""


def model(
    folder: Path, take: str, shape: list[int | str], claim: Claim, calibrated: bool, more: str = "",
    name: str = "mean", number: str = "mean", moments: int = 0,
    times: Sequence[tuple[float, float, float]] = (),
) -> Path:  # fmt: skip
    """A network whose logit is the mean of its input, with its card; or no ``number`` (nan).

    ``moments``: how many equal parts of a sound it gives the mean of as well. ``times``: what it
    guesses at in every clip, beside a mask: how much lighter than 100 each place is in the mean.
    """
    folder.mkdir(parents=True, exist_ok=True)
    axes = list(range(1, len(shape)))
    node = helper.make_node("ReduceMean", ["x"], ["logit"], axes=axes, keepdims=0)
    nodes = [node]
    if number == "nan":
        node.output[0] = "mean"
        nodes += [
            helper.make_node("Sub", ["mean", "mean"], ["none"]),
            helper.make_node("Div", ["none", "none"], ["logit"]),
        ]
    given = [helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["batch"])]
    constants = []
    if moments:
        sides = [0, moments, int(shape[1]) // moments]
        constants = [helper.make_tensor("sides", TensorProto.INT64, [3], sides)]
        nodes += [
            helper.make_node("Reshape", ["x", "sides"], ["parts"]),
            helper.make_node("ReduceMean", ["parts"], ["moments"], axes=[2], keepdims=0),
        ]
        shown = ["batch", moments]
        given.append(helper.make_tensor_value_info("moments", TensorProto.FLOAT, shown))
    if times:
        rows = [value for row in times for value in row]
        constants += [
            helper.make_tensor("rows", TensorProto.FLOAT, [1, len(times), 3], rows),
            helper.make_tensor("all", TensorProto.INT64, [3], [-1, 1, 1]),
            helper.make_tensor("none", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("middle", TensorProto.FLOAT, [], [100.0]),
        ]
        nodes += [
            helper.make_node("Reshape", ["logit", "all"], ["each"]),
            helper.make_node("Mul", ["each", "none"], ["zeros"]),
            helper.make_node("Add", ["zeros", "rows"], ["times"]),
            helper.make_node("ReduceMean", ["x"], ["places"], axes=[1, 2], keepdims=0),
            helper.make_node("Sub", ["places", "middle"], ["mask"]),
        ]
        shown = ["batch", len(times), 3]
        given.append(helper.make_tensor_value_info("times", TensorProto.FLOAT, shown))
        given.append(
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["batch", *shape[3:]])
        )
    graph = helper.make_graph(
        nodes,
        "mean",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        given,
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    data = made.SerializeToString()
    (folder / "weights.onnx").write_bytes(data)
    fields = {
        "name": name, "title": name.title(), "modality": "image", "summary": "The mean.",
        "version": "1", "code_licence": "Apache-2.0", "limits": ["It knows nothing."],
    }  # fmt: skip
    top = "\n".join(f"{key} = {json.dumps(value)}" for key, value in fields.items())
    guessed = (
        f'\n[[outputs]]\nname = "times"\nshape = ["batch", {len(times)}, 3]\nmeaning = "Guesses."\n'
        f'\n[[outputs]]\nname = "mask"\nshape = ["batch", 32, 32]\nmeaning = "Places."\n'
        if times
        else ""
    )
    along = (
        f'\n[[outputs]]\nname = "moments"\nshape = ["batch", {moments}]\nmeaning = "Parts."\n'
        if moments
        else ""
    )
    text = f"""{top}
sources = []

[[inputs]]
name = "x"
shape = {json.dumps(shape)}
layout = "float32"
preparation = "as it is"
take = "{take}"
{more}

[[outputs]]
name = "logit"
shape = ["batch"]
meaning = "The mean."
claim = "{claim}"
{along}{guessed}
[weights]
file = "weights.onnx"
sha256 = "{hashlib.sha256(data).hexdigest()}"
bytes = {len(data)}
precision = "fp32"
licence = "own"
"""
    if calibrated:
        text += CALIBRATED.format(claim=claim)
    (folder / "card.toml").write_text(text)
    return folder


def video(path: Path, seconds: float = 3.0, size: tuple[int, int] = (96, 64)) -> Path:
    """Frames that become lighter, ten a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for i in range(round(seconds * 10)):
            grey = np.full((size[1], size[0], 3), 40 + 5 * i, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        out.mux(stream.encode())
    return path
