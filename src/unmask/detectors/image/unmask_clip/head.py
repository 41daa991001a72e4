"""The heads: logistic regression on the encoder's numbers, and their ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from unmask.detectors.image.unmask_clip.views import COLUMNS, View
from unmask.encoders.known import Encoder
from unmask.errors import DataError

Floats = NDArray[np.float32]
LEAST = 20
"""Samples that each class needs."""


@dataclass(frozen=True, slots=True)
class Head:
    """``logit = weight · x + bias``, where x is what ``unit`` makes of the encoder's numbers."""

    weight: Floats
    bias: float

    def logits(self, features: Floats) -> Floats:
        """Of features as ``unit`` gives them, rows × numbers."""
        return np.asarray(features @ self.weight + self.bias, np.float32)


TEACHERS = (
    frozenset({View.MIDDLE, View.FACE}),
    frozenset({View.WHOLE}),
    frozenset({View.WHOLE, View.WHOLE_FACE}),
)
"""Which views each head is fitted on: where it helps pictures teach about faces, or faces about
pictures."""


@dataclass(frozen=True, slots=True)
class Heads:
    """One for squares at native size, one for the whole picture and one for the whole face."""

    columns: tuple[Head, ...]

    def logits(self, features: Floats, views: Sequence[View]) -> Floats:
        """Of features as ``unit`` gives them, each by the head of its view."""
        every = np.stack([head.logits(features) for head in self.columns])
        own = np.array([COLUMNS[view] for view in views], np.intp)
        return np.asarray(every[own, np.arange(len(own))], np.float32)


def unit(features: NDArray[np.floating], encoder: Encoder) -> Floats:
    """Each block's numbers and the embedding, all of length 1; rows × ``encoder.numbers``."""
    rows = np.asarray(features, np.float32)
    parts = [encoder.block_width] * len(encoder.blocks) + [encoder.width]
    out, at = np.empty_like(rows), 0
    for width in parts:
        part = rows[:, at : at + width]
        out[:, at : at + width] = part / np.maximum(
            np.linalg.norm(part, axis=1, keepdims=True), 1e-6
        )
        at += width
    return out


def fit_head(
    features: Floats, labels: NDArray[np.bool_], sources: Sequence[str], strength: float
) -> Head:
    """Fit a head on features as ``unit`` gives them.

    ``strength``: inverse of the weight of the L2 penalty on standardised numbers. Within a class a
    source weighs as the root of how many samples it has, and both classes weigh alike.

    Raises DataError when a class has fewer than ``LEAST`` samples.
    """
    if min(labels.sum(), (~labels).sum()) < LEAST:
        raise DataError(f"A head needs at least {LEAST} authentic and {LEAST} forged samples.")
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    weight = _weights(labels, np.asarray(sources))
    model = LogisticRegression(C=strength, max_iter=300)
    model.fit((features - mean) / spread, labels, sample_weight=weight)
    found = np.asarray(model.coef_[0] / spread, np.float32)
    return Head(found, float(model.intercept_[0] - found @ mean))


def _weights(labels: NDArray[np.bool_], sources: NDArray[np.str_]) -> NDArray[np.float64]:
    weight = np.zeros(len(labels))
    for label in (False, True):
        own = labels == label
        for source in np.unique(sources[own]):
            some = own & (sources == source)
            weight[some] = 1 / np.sqrt(some.sum())
        weight[own] /= weight[own].sum()
    return weight * len(labels) / 2


def write_heads(path: Path, heads: Heads, encoder: Encoder) -> None:
    """Write heads as an ONNX file: ``features`` in, ``logit`` out, a column a head."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    widths = [encoder.block_width] * len(encoder.blocks) + [encoder.width]
    names = [f"part_{number}" for number in range(len(widths))]
    nodes = [helper.make_node("Split", ["features", "widths"], names, axis=1)]
    for name in names:
        nodes += [
            helper.make_node("ReduceL2", [name], [f"{name}_long"], axes=[1], keepdims=1),
            helper.make_node("Max", [f"{name}_long", "least"], [f"{name}_norm"]),
            helper.make_node("Div", [name, f"{name}_norm"], [f"{name}_unit"]),
        ]
    nodes.append(helper.make_node("Concat", [f"{n}_unit" for n in names], ["unit"], axis=1))
    nodes.append(helper.make_node("Gemm", ["unit", "weight", "bias"], ["logit"]))
    values = {
        "widths": np.array(widths, np.int64),
        "least": np.array(1e-6, np.float32),
        "weight": np.stack([one.weight for one in heads.columns], axis=1).astype(np.float32),
        "bias": np.array([one.bias for one in heads.columns], np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "head",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", encoder.numbers])],
        [helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["batch", len(heads.columns)])],
        [numpy_helper.from_array(array, name) for name, array in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
