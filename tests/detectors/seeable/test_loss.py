"""SeeABLE: loss and grid against the authors' (anonymous-author-sub/seeable 729fc22)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from official import noise
from unmask.detectors.image.seeable.discrepancy import KINDS, TYPES, altered, cell, discrepant
from unmask.detectors.image.seeable.loss import bounded_contrast, prototypes
from unmask.forge.blend import Portrait

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")


def test_the_loss_is_the_authors() -> None:
    features = F.normalize(noise((12, 8), 41))
    kind = torch.tensor([0, 1, 2, 0, 4, 1])
    points = torch.from_numpy(GOLDEN["points"]).float()
    loss = bounded_contrast(features, kind, points)
    np.testing.assert_allclose(loss, GOLDEN["loss"], rtol=1e-5)


def test_the_authors_prototypes_are_as_far_apart_as_ours() -> None:
    for points in (torch.from_numpy(GOLDEN["points"]).float(), prototypes(6, 8, 3)):
        cosines = points @ points.T
        expected = torch.eye(6) * 1.2 - 0.2
        torch.testing.assert_close(cosines, expected, atol=1e-5, rtol=0)


def test_the_cells_are_the_authors() -> None:
    outline = GOLDEN["outline"].astype(np.float32)
    found = np.stack([cell(outline, number) for number in range(16)])
    assert np.array_equal(found > 0, GOLDEN["cells"] > 0)


def test_features_come_to_their_prototypes() -> None:
    torch.manual_seed(0)
    points = prototypes(KINDS, 128, 0)
    kind = torch.arange(16) % 8
    free = torch.nn.Parameter(torch.randn(32, 128))
    rule = torch.optim.Adam([free], lr=0.05)
    for _ in range(150):
        rule.zero_grad()
        bounded_contrast(F.normalize(free), kind, points).backward()
        rule.step()
    near = F.normalize(free.detach()) @ points.T
    assert torch.equal(near.argmax(1), kind.repeat(2))
    assert float(near.amax(1).min()) > 0.45
    aimless = F.normalize(torch.randn(32, 128)) @ points.T
    assert float(aimless.amax(1).max()) < 0.4, "a face that goes nowhere is far from all"


def portrait() -> Portrait:
    rng = np.random.default_rng(5)
    pixels = rng.integers(60, 200, (240, 240, 3), np.uint8)
    points = np.array([[85, 95], [155, 95], [120, 135], [92, 165], [148, 165]], np.float32)
    return Portrait(pixels, points)


@pytest.mark.parametrize("kind", [0, 11, 21, 30])
def test_a_change_stays_in_its_cell(kind: int) -> None:
    face = portrait()
    changed, mask = discrepant(face, kind, np.random.default_rng(kind))
    apart = np.abs(changed.astype(int) - face.pixels).max(2)
    row, column = divmod(kind // len(TYPES), 4)
    middle = np.array([np.average(np.arange(240), weights=mask.sum(axis)) for axis in (1, 0)])
    whole = np.zeros((240, 240), np.float32)
    whole[48:210, 53:188] = 1
    assert abs(middle[0] - (60 + 39 * (row + 0.5))) < 45
    assert abs(middle[1] - (53 + 33 * (column + 0.5))) < 35
    assert mask.sum() > 100
    below_is_altered = apart[mask < 0.001].max() > 0
    inside = apart[mask > 0.5].mean()
    assert inside > 1 or below_is_altered


def test_colour_leaves_edges_and_sharpness_leaves_tone() -> None:
    pixels = portrait().pixels
    for seed in range(4):
        rng = np.random.default_rng(seed)
        tone = altered(pixels, "colour", rng).astype(float) - pixels
        edge = altered(pixels, "frequency", rng).astype(float) - pixels
        assert tone.std((0, 1)).max() < 12
        assert np.abs(edge.mean((0, 1))).max() < 3
        assert edge.std() > 12
