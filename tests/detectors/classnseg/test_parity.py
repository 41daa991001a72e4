"""ClassNSeg against the authors' networks (nii-yamagishilab/ClassNSeg 87e506f)."""

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
from unmask.detectors.image.classnseg.loss import segmentation
from unmask.detectors.image.classnseg.model import ClassNSeg
from unmask.errors import DataError
from unmask.train.method import Method, method_named
from unmask.train.recipe import Recipe

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FACE = noise((3, 3, 64, 64), 19, 0, 255)


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("classnseg")()


@pytest.fixture(scope="module")
def network(method: Method) -> ClassNSeg:
    made = cast(ClassNSeg, method.network().eval())
    made.load_state_dict(method.convert(filled(NAMES, gain=1.6)))
    return made


@torch.no_grad()
def test_activity_and_mask_are_the_authors(network: ClassNSeg) -> None:
    seen = network(FACE)
    np.testing.assert_allclose(seen["logit"], GOLDEN["zero"] - GOLDEN["one"], atol=1e-5)
    altered = seen["mask"][:, ::6, ::6].sigmoid()
    np.testing.assert_allclose(altered, GOLDEN["mask"], atol=1e-4)


@torch.no_grad()
def test_the_losses_are_the_authors(method: Method, network: ClassNSeg) -> None:
    mask = torch.zeros(3, 64, 64)
    mask[1, 10:40, 20:50] = 1
    batch = {"face": FACE, "label": torch.tensor([0.0, 1.0, 0.0]), "mask": mask}
    total, parts = method.loss(network, batch)
    for name, value in parts.items():
        assert value == pytest.approx(float(GOLDEN[name]), rel=1e-4), name
    assert float(total) == pytest.approx(sum(parts.values()), rel=1e-5)


def test_a_face_whose_mask_is_unknown_does_not_count() -> None:
    mask, target = noise((2, 8, 8), 1), torch.ones(2, 8, 8)
    both = segmentation(mask, target, torch.ones(2))
    first = segmentation(mask, target, torch.tensor([1.0, 0.0]))
    assert float(first) == pytest.approx(
        float(segmentation(mask[:1], target[:1], torch.ones(1))), rel=1e-6
    )
    assert float(both) != pytest.approx(float(first), rel=1e-3)
    assert float(segmentation(mask, target, torch.zeros(2))) == 0.0


def test_training_finds_where_a_face_was_altered(method: Method) -> None:
    """A bright square is pasted at a random place; class and place are learnt together."""
    torch.manual_seed(0)
    network = cast(ClassNSeg, method.network().train())
    rule = torch.optim.Adam(network.parameters(), lr=5e-3)
    rng = np.random.default_rng(0)

    def batch(number: int) -> dict[str, torch.Tensor]:
        face = torch.from_numpy(rng.uniform(60, 120, (number, 3, 32, 32)).astype(np.float32))
        mask = torch.zeros(number, 32, 32)
        for item in range(1, number, 2):
            y, x = rng.integers(0, 16, 2)
            mask[item, y : y + 16, x : x + 16] = 1
        face += 130 * mask[:, None]
        return {"face": face, "mask": mask, "label": (torch.arange(number) % 2).float()}

    for _ in range(45):
        loss, _ = method.loss(network, batch(16))
        rule.zero_grad()
        loss.backward()
        rule.step()
    unseen = batch(32)
    with torch.no_grad():
        for _ in range(10):
            network(batch(32)["face"])  # running statistics follow the weights
        seen = network.eval()(unseen["face"])
    assert bool(((seen["logit"] > 0) == (unseen["label"] > 0)).all())
    right = ((seen["mask"] > 0) == (unseen["mask"] > 0)).float().mean((1, 2))
    assert float(right.mean()) > 0.9


def test_masks_are_needed(method: Method, tmp_path: Path) -> None:
    items = tuple(Item(str(n), str(n), f"{n}.png", "image", n) for n in range(2))
    recipe = Recipe(name="classnseg", task="", samples=4, batch=2, validate_every=4)
    with pytest.raises(DataError, match="mask"):
        method.samples(Manifest(tmp_path, items), "train", recipe)
