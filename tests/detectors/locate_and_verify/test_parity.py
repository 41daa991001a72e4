"""Locate and Verify against the authors' network (sccsok/Locate-and-Verify bb13f08)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.locate_and_verify.method import LocateAndVerifyMethod, places
from unmask.detectors.image.locate_and_verify.parts import agree, fused, pooled

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
GOLDEN = np.load(HERE / "golden.npz")


@pytest.fixture(scope="module")
def network() -> Any:
    made = filled(NAMES)
    for name in made:
        if name.endswith("gamma"):
            made[name] = torch.tensor([0.4])  # attention that says something
    method = LocateAndVerifyMethod({"side": 75})
    network = method.network().eval()
    network.load_state_dict(method.convert(made))
    return network


@torch.no_grad()
def test_made_weights(network: Any) -> None:
    """A face of 75 pixels, at which every pooling has to fill up its map."""
    face = noise((2, 3, 75, 75), 71, 0, 255)
    given = network(face)
    real, forged = GOLDEN["cls"].T
    np.testing.assert_allclose(given["logit"], forged - real, atol=1e-4)
    places = GOLDEN["seg"]
    np.testing.assert_allclose(given["patches"], places[:, 1] - places[:, 0], atol=1e-4)


def test_streams_that_disagree_tell_each_other_nothing() -> None:
    first, second = torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 3, 3)
    first[:, 0], second[:, 1] = 1, 2  # at right angles
    one, other = agree(first, second)
    assert torch.equal(one, first)
    assert torch.equal(other, second)
    one, other = agree(first, first.clone())
    assert torch.equal(one, 2 * first)
    assert torch.equal(other, 3 * first)  # it hears the first as it has become


def test_a_fine_map_is_compared_cell_by_cell() -> None:
    fine = torch.zeros(1, 1, 4, 4)
    fine[0, 0, 0, 1] = 3
    coarse = torch.ones(1, 1, 2, 2)
    together = fused(fine, coarse)
    assert together.shape == (1, 4, 2, 2)
    assert together[0, :, 0, 0].tolist() == pytest.approx([0, float(np.tanh(3)), 0, 0])
    assert together[0, :, 1, 1].abs().max() == 0
    assert pooled(torch.arange(25.0).reshape(1, 1, 5, 5), 3).shape == (1, 1, 3, 3)


def test_a_real_face_has_no_forged_patch_and_an_unknown_mask_counts_for_nothing() -> None:
    """Real faces come without a mask: all their patches are real."""
    batch = {
        "mask": torch.ones(2, 8, 8),
        "label": torch.tensor([0.0, 1.0]),
    }
    target = LocateAndVerifyMethod.target(batch, torch.zeros(2, 4, 4))
    assert target[0].max() == 0
    assert target[1].min() == 1
    patches = torch.zeros(2, 4, 4, requires_grad=True)
    places(patches, target, torch.tensor([1.0, 0.0])).backward()
    assert patches.grad is not None
    assert patches.grad[0].abs().min() > 0
    assert patches.grad[1].abs().max() == 0


def test_one_forged_pixel_makes_a_patch_forged() -> None:
    batch = {"mask": torch.zeros(1, 75, 75), "label": torch.ones(1)}
    batch["mask"][0, 74, 74] = 1  # their pooling leaves out the last pixels; here all count
    target = LocateAndVerifyMethod.target(batch, torch.zeros(1, 5, 5))
    assert target[0, 4, 4] == 1
    assert target.sum() == 1


def test_mixed_faces_are_judged_by_their_parts() -> None:
    torch.manual_seed(0)
    method = LocateAndVerifyMethod({**LocateAndVerifyMethod.small, "mixup": True})
    network = method.network().train()
    batch = method.example()
    torch.manual_seed(4)
    loss, parts = method.loss(network, batch)
    assert loss.item() == pytest.approx(sum(parts.values()), rel=1e-5)
    plain = LocateAndVerifyMethod(LocateAndVerifyMethod.small)
    torch.manual_seed(4)
    assert plain.loss(network, batch)[0].item() != pytest.approx(loss.item())
