"""The laundering detector against the authors' (polimi-ispl/synthetic-image-detection 345fdd8)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from official import filled, noise
from unmask.detectors.image.sd_laundering.convert import PARTS, from_official
from unmask.detectors.image.sd_laundering.method import LaunderingMethod
from unmask.detectors.image.sd_laundering.model import MEAN, STD, judge
from unmask.detectors.image.sd_laundering.patches import cut, highest, places
from unmask.errors import ModelError

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))[
    "shapes"
]
GOLDEN = np.load(HERE / "golden.npz")


def renamed(begun: str) -> dict[str, Tensor]:
    """One of the authors' files under our names, without the network's."""
    theirs = {f"{begun}{name}": value for name, value in filled(NAMES, gain=1.35).items()}
    ours = from_official(theirs)
    return {name.removeprefix(PARTS[begun]): value for name, value in ours.items()}


def test_scores_of_patches_are_the_authors() -> None:
    network = judge(False, "tf_efficientnet_b4.in1k").eval()
    network.load_state_dict(renamed("synth_vs_real."))
    mean, std = (torch.tensor(values)[:, None, None] * 255 for values in (MEAN, STD))
    with torch.no_grad():
        scores = network((noise((3, 3, 96, 96), 6, 0, 255) - mean) / std)
    np.testing.assert_allclose(scores, GOLDEN["scores"], rtol=1e-4, atol=1e-4)
    other = renamed("fully-synth_vs_laundered.")
    assert set(other) == set(network.state_dict())


def test_the_highest_scores_count_as_with_the_authors() -> None:
    scores = noise((1, 800), 3)
    assert highest(scores, 0.75).item() == pytest.approx(GOLDEN["image"].item(), abs=1e-5)
    assert highest(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), 0.5).tolist() == [3.5]
    # Noise around 0 is pulled upwards: a threshold of 0 is not a neutral one.
    assert highest(scores, 0.75) > scores.mean() + 0.1


def test_one_of_the_two_files_alone_is_refused() -> None:
    method = LaunderingMethod(LaunderingMethod.small)
    state = method.network().state_dict()
    half = {name: value for name, value in state.items() if name.startswith("synthetic.")}
    with pytest.raises(ModelError, match=r"lacks 'laundered\."):
        method.convert(half)
    assert set(method.convert(dict(state))) == set(state)


def test_patches_cover_the_picture_and_lie_within() -> None:
    picture = torch.arange(300.0)[:, None] * 1000 + torch.arange(400.0)
    patches = cut(picture[None, None], places(200))[0, :, 0]
    assert patches.shape == (200, 96, 96)
    corner = patches[:, 0, 0]
    rows, columns = corner // 1000, corner % 1000
    assert (patches == corner[:, None, None] + picture[:96, :96]).all()
    for values, room in ((rows, 204), (columns, 304)):
        assert values.min() < 0.05 * room
        assert 0.95 * room < values.max() <= room
    seen = torch.zeros(300, 400)
    for row, column in zip(rows.int().tolist(), columns.int().tolist(), strict=True):
        seen[row : row + 96, column : column + 96] = 1
    assert seen.mean() > 0.9  # corners are seen least, as by random places


def test_of_a_picture_smaller_than_a_patch_the_rim_goes_on() -> None:
    picture = torch.arange(60.0).expand(1, 1, 60, 60)
    patches = cut(picture, places(3))
    assert patches[..., :60, :60].equal(picture[:, None].expand(1, 3, 1, 60, 60))
    assert patches[..., 60:].eq(59).all()


def test_the_second_network_learns_from_synthetic_pictures_alone() -> None:
    method = LaunderingMethod(LaunderingMethod.small)
    network = method.network()
    batch = method.example(batch=4)
    batch["label"] = torch.zeros(4)
    method.loss(network, batch)[0].backward()
    own = [p.grad for p in network.get_submodule("laundered").parameters()]
    assert all(grad is None or not grad.any() for grad in own)
    assert network.get_submodule("synthetic").conv_stem.weight.grad.any()
