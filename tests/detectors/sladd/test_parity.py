"""SLADD against both of its authors' networks (liangchen527/SLADD 1b81de6), and what it learns."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.sladd.blending import ALPHA, MIXED, NOTHING, PARTS, blended, part_mask
from unmask.detectors.image.sladd.choices import Choices, chosen, policy_loss
from unmask.detectors.image.sladd.convert import from_official
from unmask.detectors.image.sladd.lesson import Lesson, lesson, lesson_losses, references
from unmask.detectors.image.sladd.model import Sladd
from unmask.errors import DataError
from unmask.train.method import Method, method_named
from unmask.train.recipe import Recipe

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FIRST, SECOND = noise((2, 3, 96, 96), 23), noise((2, 3, 96, 96), 24)
POINTS = np.array([[80, 100], [176, 100], [128, 150], [90, 190], [166, 190]], np.float32)


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("sladd")({"side": 96})


@torch.no_grad()
def test_both_networks_and_the_losses_are_the_authors(method: Method) -> None:
    network = cast(Sladd, method.network().eval())
    network.load_state_dict(method.convert(filled(NAMES, gain=1.05)))
    seen = network.student(FIRST)
    np.testing.assert_allclose(seen["classes"], GOLDEN["classes"], atol=1e-4)
    np.testing.assert_allclose(seen["map"], GOLDEN["map"][:, 0], atol=1e-4)
    np.testing.assert_allclose(seen["kinds"], GOLDEN["kinds"], atol=1e-4)
    np.testing.assert_allclose(seen["magnitude"], GOLDEN["magnitude"][:, 0], atol=1e-4)
    made = network.synthesizer(torch.cat([FIRST, SECOND], 1))
    for value, name in zip(made, ("region", "type", "strength"), strict=True):
        np.testing.assert_allclose(value, GOLDEN[name], atol=1e-4)
    area = torch.zeros(2, 6, 6)
    area[0, 1:3, 1:3] = 1
    target = Lesson(
        FIRST, torch.tensor([0, 1]), torch.tensor([2, 4]), torch.tensor([0.3, 0.8]),
        torch.tensor([1.0, 0.0]), area, torch.ones(2),
    )  # fmt: skip
    losses = lesson_losses(seen, target)
    for ours, theirs in (("classes", "cls"), ("kind", "type"), ("map", "map")):
        np.testing.assert_allclose(losses[ours], GOLDEN[f"loss_{theirs}"], rtol=1e-4)
    miss = (float(GOLDEN["magnitude"][0, 0]) - 0.3) ** 2 / 2
    assert float(losses["magnitude"]) == pytest.approx(miss, rel=1e-3)


def test_the_detector_alone_can_be_converted() -> None:
    whole = {n: torch.empty(shape, device="meta") for n, shape in NAMES.items()}
    renamed = from_official(whole)
    alone = from_official(
        {n.removeprefix("student."): v for n, v in whole.items() if n.startswith("student.")}
    )
    assert set(alone) == {name for name in renamed if name.startswith("student.")}


def test_choices_that_cost_the_detector_more_become_likelier() -> None:
    """Of two ways of blending the second is twice as hard; the others are never reached."""
    torch.manual_seed(0)
    logits = torch.nn.Parameter(torch.tensor([[0.0, 0.0, -9.0, -9.0]]))
    rule = torch.optim.Adam([logits], lr=0.1)
    still = torch.zeros(1, 10), torch.zeros(1, 1)
    for _ in range(150):
        made = chosen(still[0], logits, still[1])
        rule.zero_grad()
        hard = 2.0 if int(made.type) == 1 else 1.0
        policy_loss(made, torch.tensor(hard) - 1.5).backward()
        rule.step()
    assert float(logits.detach().softmax(1)[0, 1]) > 0.9


def test_a_part_is_blended_where_it_belongs() -> None:
    rng = np.random.default_rng(0)
    face, other = (
        np.full((256, 256, 3), level, np.uint8) + rng.integers(0, 30, (256, 256, 3), np.uint8)
        for level in (60, 150)
    )
    for region, parts in enumerate(PARTS):
        mask = part_mask(256, POINTS, region)
        mouth = bool(mask[190, 128])
        assert mouth == ("mouth" in parts), parts
        assert bool(mask[130, 128]) == ("nose" in parts), parts
    made, where = blended(face, POINTS, other, POINTS + 12, 4, ALPHA, 0.5, rng)
    changed = np.abs(made.astype(int) - face).max(2)
    assert where[185:195, 120:136].all()
    assert not where[:150].any()
    assert changed[where > 0].mean() > 3
    assert changed[:140].max() == 0
    mixed, _ = blended(face, POINTS, other, POINTS, 4, MIXED, 0.0, rng)
    assert np.array_equal(mixed, face), "with no magnitude nothing of the other is left"


def test_a_lesson_changes_real_faces_alone() -> None:
    torch.manual_seed(1)
    face = torch.randint(0, 255, (4, 3, 256, 256)).float()
    batch = {
        "face": face,
        "label": torch.tensor([0.0, 1.0, 0.0, 0.0]),
        "points": torch.from_numpy(POINTS).expand(4, 5, 2),
        "found": torch.tensor([1.0, 1.0, 1.0, 0.0]),
    }
    rng = np.random.default_rng(2)
    other = references(batch, rng)
    assert other[0] == other[2] == other[3] == 1
    assert other[1] in (0, 2)
    ones = torch.ones(4)
    types = torch.tensor([MIXED, ALPHA, NOTHING, ALPHA])
    made = lesson(
        batch, Choices(torch.full((4,), 4), types, ones * 0.7, ones, ones), other, 16, rng
    )
    same = [torch.equal(made.face[n], face[n]) for n in range(4)]
    assert same == [False, True, True, True]
    assert made.label.tolist() == [1, 1, 0, 0]
    assert made.kind.tolist() == [MIXED, 4, NOTHING, NOTHING]
    assert made.mixed.tolist() == [1, 0, 0, 0]
    assert made.mapped.tolist() == [1, 0, 1, 1], "the mask of the forged face is not known"
    assert float(made.map[0].max()) > 0.5
    assert not made.map[1:].any()
    twice = made.twice()
    assert torch.equal(twice.map[4], made.map[0].flip(-1))
    assert twice.label.tolist() == [1, 1, 0, 0] * 2


def test_mirrored_faces_are_refused(method: Method, tmp_path: Path) -> None:
    items = tuple(Item(str(n), str(n), f"{n}.png", "image", n) for n in range(2))
    settings = {"augment": {"flip": 0.5}}
    recipe = Recipe(name="sladd", task="", samples=4, batch=2, validate_every=4, settings=settings)
    with pytest.raises(DataError, match="mirror"):
        method.samples(Manifest(tmp_path, items), "train", recipe)
