"""The heads: small perceptrons on the encoder's numbers, and their ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from unmask.detectors.image.unmask_clip.views import COLUMNS, View
from unmask.encoders.known import Encoder
from unmask.errors import DataError

if TYPE_CHECKING:
    from onnx import NodeProto

Floats = NDArray[np.float32]
_STORED = np.float16
"""The precision of the hidden layers in the file."""
LEAST = 20
"""Samples that each class needs."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a head is, and how it is fitted.

    ``hidden``: units of its one hidden layer. ``members``: how many are fitted from different
    starts and averaged. ``dropout``: of its input; ``_DROPPED`` of the hidden layer. ``decay``: of
    AdamW (Loshchilov and Hutter 2019). ``epochs``: passes over the samples. ``seed``: of starts.
    """

    hidden: int
    members: int
    dropout: float
    decay: float
    epochs: int
    seed: int = 0


_DROPPED = 0.3
_BATCH = 512
_RATE = 1e-3
"""The highest rate of learning; it rises and falls in one cycle (Smith and Topin 2019)."""


@dataclass(frozen=True, slots=True)
class Member:
    """``logit = second · relu(first · x + offset) + bias``, where x is what ``unit`` makes."""

    first: Floats
    offset: Floats
    second: Floats
    bias: float

    def logits(self, features: Floats) -> Floats:
        """Of features as ``unit`` gives them, rows × numbers."""
        hidden = np.maximum(features @ self.first + self.offset, 0)
        return np.asarray(hidden @ self.second + self.bias, np.float32)


@dataclass(frozen=True, slots=True)
class Head:
    """Perceptrons of one hidden layer, averaged."""

    members: tuple[Member, ...]

    def logits(self, features: Floats) -> Floats:
        """Of features as ``unit`` gives them, rows × numbers."""
        found = np.stack([one.logits(features) for one in self.members])
        return np.asarray(found.mean(axis=0), np.float32)


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
    features: Floats, labels: NDArray[np.bool_], sources: Sequence[str], shape: Shape
) -> Head:
    """Fit a head on features as ``unit`` gives them.

    Within a class a source weighs as the root of how many samples it has, and both classes weigh
    alike. Raises DataError when a class has fewer than ``LEAST`` samples.
    """
    if min(labels.sum(), (~labels).sum()) < LEAST:
        raise DataError(f"A head needs at least {LEAST} authentic and {LEAST} forged samples.")
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    weight = _weights(labels, np.asarray(sources))
    rows = (features - mean) / spread
    return Head(
        tuple(
            _unscaled(_member(rows, labels, weight, shape, number), mean, spread)
            for number in range(shape.members)
        )
    )


def _member(
    rows: Floats, labels: NDArray[np.bool_], weight: NDArray[np.float64], shape: Shape, number: int
) -> nn.Sequential:
    """A perceptron fitted on standardised numbers."""
    seed = shape.seed * shape.members + number
    draw = torch.Generator().manual_seed(seed)
    count = len(rows)
    samples, target = torch.from_numpy(rows), torch.from_numpy(labels.astype(np.float32))
    weighed = torch.from_numpy(weight.astype(np.float32))
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Dropout(shape.dropout),
            nn.Linear(rows.shape[1], shape.hidden),
            nn.ReLU(),
            nn.Dropout(_DROPPED),
            nn.Linear(shape.hidden, 1),
        )
        steps = shape.epochs * -(-count // _BATCH)
        optimizer = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=shape.decay)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
        for _ in range(shape.epochs):
            order = torch.randperm(count, generator=draw)
            for begin in range(0, count, _BATCH):
                own = order[begin : begin + _BATCH]
                logits = net(samples[own])[:, 0]
                loss = binary_cross_entropy_with_logits(logits, target[own], weighed[own])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                cycle.step()
    return net.eval()


def _unscaled(net: nn.Sequential, mean: Floats, spread: Floats) -> Member:
    """The perceptron for numbers that are not standardised, at the precision of its file."""
    first, second = net[1], net[4]
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    weight = (first.weight.detach().numpy() / spread).T.astype(_STORED).astype(np.float32)
    return Member(
        weight,
        np.asarray(first.bias.detach().numpy() - mean @ weight, np.float32),
        second.weight.detach().numpy()[0].copy(),
        float(second.bias.detach()[0]),
    )


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
    values: dict[str, NDArray[Any]] = {
        "widths": np.array(widths, np.int64),
        "least": np.array(1e-6, np.float32),
    }
    columns = []
    for number, head in enumerate(heads.columns):
        nodes += _perceptrons(f"head_{number}", head, values)
        columns.append(f"head_{number}_logit")
    nodes.append(helper.make_node("Concat", columns, ["logit"], axis=1))
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


def _perceptrons(name: str, head: Head, values: dict[str, NDArray[Any]]) -> list[NodeProto]:
    """The members of a head side by side as one perceptron; its numbers are added to ``values``."""
    from onnx import TensorProto, helper

    members, count = head.members, len(head.members)
    values |= {
        f"{name}_stored": np.concatenate([one.first for one in members], axis=1).astype(_STORED),
        f"{name}_offset": np.concatenate([one.offset for one in members]),
        f"{name}_second": np.concatenate([one.second for one in members])[:, None] / count,
        f"{name}_bias": np.array([sum(one.bias for one in members) / count], np.float32),
    }
    return [
        helper.make_node("Cast", [f"{name}_stored"], [f"{name}_first"], to=TensorProto.FLOAT),
        helper.make_node("Gemm", ["unit", f"{name}_first", f"{name}_offset"], [f"{name}_hidden"]),
        helper.make_node("Relu", [f"{name}_hidden"], [f"{name}_shown"]),
        helper.make_node(
            "Gemm", [f"{name}_shown", f"{name}_second", f"{name}_bias"], [f"{name}_logit"]
        ),
    ]
