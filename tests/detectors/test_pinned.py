"""What parity in evaluation says nothing of: how a network starts, what it drops in training, and
what is fed to it. ``README.md`` beside this file says how the stored outputs are made."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from unmask import registry
from unmask.cards.card import Input, read_card
from unmask.nn.mix_transformer import REDUCTIONS
from unmask.runtime.preparation import face_view, picture_view
from unmask.train.method import method_named
from unmask.types import Box

HE, TORCH = 2**0.5, 3**-0.5
"""Spread × root of the fan: of He's normal start, and of torch's own for layers."""


DEEPER: dict[str, dict[str, Any]] = {
    "trufor": {
        "depths": (1, 2, 1, 1), "heads": (1, 2, 5, 8), "widths": (16, 32, 40, 64),
        "reductions": REDUCTIONS,
    },
}  # fmt: skip
"""All stages, where the small form has two."""


@lru_cache(maxsize=1)
def network(name: str) -> nn.Module:
    kind = method_named(name)
    torch.manual_seed(0)
    settings = dict(kind.small)
    if name in DEEPER:
        settings["backbone_config"] = {**settings["backbone_config"], **DEEPER[name]}
    return kind(settings).network()


def drops(module: nn.Module) -> set[tuple[str, float]]:
    """Every kind and rate of dropping that is not nothing."""
    found = set()
    for part in module.modules():
        kind = type(part).__name__
        if "Drop" in kind:
            rate = getattr(part, "p", None) or getattr(part, "drop_prob", None)
            rate = rate or getattr(part, "rate", 0)
            found.add((kind, round(float(rate or 0), 4)))
    return {one for one in found if one[1]}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("aasist", {("Dropout", 0.2), ("Dropout", 0.3), ("Dropout", 0.5)}),
        ("mesonet", {("Dropout", 0.5)}),
        ("npr", set()),
        ("sbi", {("DropPath", rate) for rate in (0.04, 0.08, 0.12, 0.16)}),
        ("tall", {("DropPath", rate) for rate in (0.025, 0.05, 0.075, 0.1)}),
        ("trufor", {("DropPath", rate) for rate in (0.025, 0.05, 0.075, 0.1)}
                   | {("Dropout", 0.5), ("Dropout2d", 0.1)}),
        ("ucf", {("Dropout", 0.2), ("Dropout", 0.3)}),
        ("ba_tfd_plus", set()),
        ("rine", {("Dropout", 0.5)}),
    ],
)  # fmt: skip
def test_drop_rates(name: str, wanted: set[tuple[str, float]]) -> None:
    if name == "sbi":  # its blocks are many: those of the whole network, not of the small one
        rates = {rate for kind, rate in drops(network(name)) if kind == "DropPath"}
        assert rates
        assert max(rates) < 0.2
        return
    assert drops(network(name)) == wanted


@pytest.mark.parametrize(
    ("name", "layer", "fan", "spread"),
    [
        ("aasist", "encoder.1.conv2", "in", TORCH),
        ("aasist", "readout.spectral.heard", "in", TORCH),
        ("npr", "layer1.0.conv2", "out", HE),
        ("npr", "layer2.3.conv3", "out", HE),
        ("tall", "swin.layers.1.blocks.0.mlp.fc1", "", 0.02),
        ("trufor", "confidence_head.join.0", "in", HE),
        ("trufor", "confidence_head.reduce.3", "in", TORCH),
        ("trufor", "rgb.3.blocks.0.attention.query", "", 0.02),
        ("ucf", "common_head.0", "in", TORCH),
        ("ucf", "decoder.steps.2.2", "in", TORCH),
        ("ba_tfd_plus", "see.blocks.0.mlp.0", "", 0.02),
        ("rine", "head.before.4", "in", TORCH),
    ],
)
def test_start_values(name: str, layer: str, fan: str, spread: float) -> None:
    weight = network(name).get_submodule(layer).weight.detach()
    inside = weight[0].numel()
    size = {"": 1, "in": inside, "out": weight.shape[0] * inside // weight.shape[1]}[fan]
    assert float(weight.std() * size**0.5) == pytest.approx(spread, rel=0.06)


def part(name: str) -> Input:
    return read_card(registry.detector_card(name)).inputs[0]


@pytest.mark.parametrize(
    ("name", "take", "side", "margin", "fit", "how"),
    [
        ("hammer", "picture", 256, None, "stretch", "bicubic"),
        ("npr", "picture", 256, None, "stretch", "bilinear"),
        ("rine", "picture", 224, None, "crop", ""),
        ("mesonet", "face", 256, 1.05, "stretch", "bilinear"),
        ("sbi", "face", 380, 1.25, "stretch", "bilinear"),
        ("ucf", "face", 256, 1.3, "stretch", "bilinear"),
        ("tall", "clip", 112, 1.3, "stretch", "bilinear"),
        ("ba_tfd_plus", "frames", 96, None, "stretch", "bicubic"),
    ],
)
def test_what_a_card_prepares(
    name: str, take: str, side: int, margin: float | None, fit: str, how: str
) -> None:
    one = part(name)
    assert (one.take, one.fit, one.filter) == (take, fit, how)
    assert one.shape[-2:] == [side, side]
    assert margin is None or one.margin == margin


@pytest.fixture(scope="module")
def large() -> np.ndarray:
    """A picture in which a shortcut of scaling would show."""
    return np.random.default_rng(0).integers(0, 255, (1700, 2100, 3), np.uint8)


@pytest.mark.parametrize("name", ["hammer", "npr"])
def test_a_large_picture_is_scaled_in_one_step(name: str, large: np.ndarray) -> None:
    one = part(name)
    ours = picture_view(one, 2100, 1700).take(large)
    theirs = Image.fromarray(large).resize((256, 256), Image.Resampling[one.filter.upper()])
    assert np.array_equal(ours, np.asarray(theirs))


@pytest.mark.parametrize("name", ["mesonet", "sbi", "ucf"])
def test_a_large_face_is_scaled_in_one_step(name: str, large: np.ndarray) -> None:
    one = part(name)
    box = Box(300, 200, 1000, 1200)
    view = face_view(one, box)
    ours, region = view.take(large), view.region
    assert region.width == pytest.approx(1200 * one.margin, abs=1)
    edges = (region.x, region.y, region.x + region.width, region.y + region.height)
    side = ours.shape[0]
    theirs = Image.fromarray(large).resize((side, side), Image.Resampling.BILINEAR, box=edges)
    inner = slice(2, -2)  # at its rim the cut-out face ends, and the whole picture goes on
    assert np.array_equal(ours[inner, inner], np.asarray(theirs)[inner, inner])
