"""Semantic contextualisation against the authors' code (MZMMSEC/SO-DFD 31efb7b)."""

from __future__ import annotations

import gzip
import json
from itertools import product
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from official import filled, noise
from unmask.datasets.manifest import Item
from unmask.datasets.reading import Loaded
from unmask.detectors.image.semantic_forgery.graph import CHANGES, NODES, UNKNOWN, legal_states
from unmask.detectors.image.semantic_forgery.loss import level_losses
from unmask.detectors.image.semantic_forgery.method import SemanticForgeryMethod
from unmask.detectors.image.semantic_forgery.model import LabelGraph
from unmask.detectors.image.semantic_forgery.weights import LevelWeights, lookahead
from unmask.errors import ModelError

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))


@torch.no_grad()
def test_the_network_is_the_authors() -> None:
    method = SemanticForgeryMethod({"dropout": 0.0})
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, 0.9)))
    given = network((noise((2, 3, 75, 75), 3) + 1) * 127.5)
    odds, chances = LabelGraph()(torch.from_numpy(GOLDEN["network"]))
    np.testing.assert_allclose(given["nodes"], odds, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(given["attributes"], chances[:, 1:], atol=1e-4)


def test_the_legal_states_are_the_authors() -> None:
    codes = (legal_states().numpy() @ (1 << np.arange(12))).astype(np.int64)
    assert len(codes) == 1544
    assert sorted(codes) == sorted(GOLDEN["codes"])


def test_marginals_and_losses_are_the_authors() -> None:
    odds, chances = LabelGraph()(noise((5, 12), 11, -3, 3))
    np.testing.assert_allclose(chances, GOLDEN["marginals"], atol=1e-5)
    np.testing.assert_allclose(odds.sigmoid(), GOLDEN["marginals"], atol=1e-5)
    labels = torch.from_numpy(GOLDEN["labels"]).float()
    labels[labels == 2] = UNKNOWN
    each = GOLDEN["nodes"]
    expected = [each[0], each[1:6].mean(), each[6:].mean()]
    np.testing.assert_allclose(level_losses(odds, labels), expected, rtol=1e-4)


def test_marginals_are_sums_over_what_is_allowed_by_the_rules_in_words() -> None:
    """A second way: every combination, weighed, and the forbidden ones thrown out one by one."""
    scores = noise((12,), 2, -2, 2).double()
    touches = {"age": "eye skin", "expression": "eye lip mouth nose skin",
               "gender": "eye eyebrow lip mouth skin",
               "identity": "eye eyebrow lip mouth nose skin",
               "pose": "eye eyebrow lip mouth nose skin"}  # fmt: skip
    total, sums = 0.0, np.zeros(12)
    for bits in product((0, 1), repeat=12):
        on = dict(zip(NODES, bits, strict=True))
        fine = all(
            not on[name] or (on["fake"] and any(on[r] for r in regions.split()))
            for name, regions in touches.items()
        )
        for region in NODES[6:]:
            may = any(on[name] and region in regions.split() for name, regions in touches.items())
            fine = fine and (not on[region] or may)
        if fine:
            weight = float(torch.exp((scores * torch.tensor(bits)).sum()))
            total += weight
            sums += weight * np.array(bits)
    np.testing.assert_allclose(LabelGraph()(scores[None].float())[1][0], sums / total, atol=1e-5)


def test_a_change_is_never_likelier_than_what_it_takes() -> None:
    """An attribute is no likelier than "fake", a region no likelier than all its attributes."""
    _, chances = LabelGraph()(noise((200, 12), 4, -6, 6))
    fake = chances[:, 0]
    assert (chances[:, 1:].amax(1) <= fake + 1e-5).all()
    eyebrow = chances[:, NODES.index("eyebrow")]
    assert (eyebrow <= chances[:, 3:6].sum(1) + 1e-5).all()
    strong = torch.zeros(1, 12)
    strong[0, NODES.index("nose")] = 9
    odds, _ = LabelGraph()(strong)
    assert odds[0, 0] > 6, "a changed nose alone says that the face is fake"


class Small(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = torch.nn.Linear(6, 8)
        self.b = torch.nn.Linear(8, 12)

    def forward(self, x: Tensor) -> Tensor:
        nodes, _ = LabelGraph()(self.b(torch.tanh(self.a(x))))
        return cast(Tensor, nodes)


def test_the_weights_move_as_the_authors() -> None:
    network = Small()
    network.load_state_dict(filled({k: v.shape for k, v in network.state_dict().items()}, 1.0))
    before = {name: value.clone() for name, value in network.named_parameters()}
    levels = LevelWeights()
    for step, (gradient, weights) in enumerate(
        zip(GOLDEN["gradients"], GOLDEN["weights"], strict=True)
    ):

        def losses(parameters: dict[str, Tensor], first: int, step: int = step) -> Tensor:
            labels = torch.tensor(np.random.default_rng(first + 20 + step).integers(0, 3, (4, 12)))
            labels = torch.where(labels == 2, UNKNOWN, labels.float())
            x = noise((4, 6), first + step)
            nodes = torch.func.functional_call(network, parameters, (x,))
            return level_losses(nodes, labels)

        found = lookahead(
            dict(network.named_parameters()),
            lambda p: losses(dict(p), 20),
            lambda p: losses(dict(p), 30),
            levels.value,
            1e-2,
        )
        np.testing.assert_allclose(found, gradient, atol=2e-5)
        levels.follow(torch.from_numpy(gradient))
        np.testing.assert_allclose(levels.value, weights, atol=1e-6)
    assert all(value.equal(before[name]) for name, value in network.named_parameters())
    assert all(value.grad is None for value in network.parameters())


def test_a_task_that_harms_the_first_loses_weight() -> None:
    """Two tasks pull one number apart: the one that pulls as the first does gains."""
    levels = LevelWeights()
    for _ in range(200):

        def losses(p: dict[str, Tensor]) -> Tensor:
            return torch.stack([(p["x"] - 1) ** 2, (p["x"] - 2) ** 2, (p["x"] + 2) ** 2])

        step = lookahead(
            {"x": torch.tensor(0.0)}, lambda p: losses(dict(p)), lambda p: losses(dict(p)),
            levels.value, 0.1,
        )  # fmt: skip
        levels.follow(step)
    assert levels.value[1] > 1.1 > 0.9 > levels.value[2]


class Plain(Small):
    """Faces of six numbers, and weights of levels, as the network has them."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = LevelWeights()

    def forward(self, face: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        return {"nodes": super().forward(face)}


def test_training_moves_the_weights_and_keeps_them() -> None:
    example = SemanticForgeryMethod({"side": 4}).example(batch=6)
    example["face"] = noise((6, 6), 9)
    network = Plain().train()
    loss, told = SemanticForgeryMethod().loss(network, example)
    loss.backward()
    assert (network.levels.value != 1).all()
    assert network.state_dict()["levels.value"].equal(network.levels.value)
    assert told["weight_fake"] == pytest.approx(float(network.levels.value[0]))
    other = Plain().train()
    SemanticForgeryMethod({"weigh": False}).loss(other, example)
    SemanticForgeryMethod().loss(other.eval(), example)
    assert other.levels.value.equal(torch.ones(3))


@pytest.mark.parametrize(
    ("family", "path", "on"),
    [
        ("age", "a.png", "fake age eye skin"),
        ("expression", "StyleRes-expr/a.png", "fake expression lip mouth"),
        ("expression", "fomm/a_surprised.png", "fake expression eye lip mouth nose skin"),
        ("gender", "a.png", "fake gender identity eye eyebrow lip mouth skin"),
    ],
)
def test_labels_follow_from_the_manifest(family: str, path: str, on: str) -> None:
    item = Item("1", "1", path, "image", 1, family=family)
    changed = SemanticForgeryMethod().targets(item, Loaded({}))["changed"]
    assert [n for n, v in zip(NODES, changed, strict=True) if v == 1] == on.split()
    assert (changed[1] == UNKNOWN) == (family == "gender")


def test_of_other_fakes_only_that_they_are_fake_is_learnt() -> None:
    item = Item("1", "1", "a.png", "image", 1, family="lip-sync")
    changed = torch.from_numpy(SemanticForgeryMethod().targets(item, Loaded({}))["changed"])
    nodes = noise((1, 12), 3)
    losses = level_losses(nodes, changed[None].float())
    assert losses[1:].tolist() == [0, 0]
    torch.testing.assert_close(losses[0], F.softplus(-nodes[0, 0]))
    assert "lip-sync" not in CHANGES


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit semantic_forgery"):
        SemanticForgeryMethod().convert(filled({"model.conv1.weight": (32, 3, 3, 3)}))
