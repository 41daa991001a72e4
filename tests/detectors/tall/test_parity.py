"""TALL against the authors' network (rainy-xu/TALL4Deepfake 96d28d1), in a narrow form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from official import filled, noise
from unmask.detectors.video.tall.model import thumbnail
from unmask.detectors.video.tall.sampling import MEAN, Masked, holed, part
from unmask.errors import ModelError
from unmask.train.method import Batch, Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
FRAMES = noise((2, 4, 3, 112, 112), 9, 0, 1)


@pytest.fixture(scope="module")
def method() -> Method:
    narrow = {"width": 32, "depths": (2, 2, 2, 2), "heads": (1, 2, 4, 8)}
    return method_named("tall")(narrow)


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Tensor]:
    return filled(json.loads((HERE / "names.json").read_text()), gain=1.5)


def test_the_network_is_the_authors(method: Method, checkpoint: dict[str, Tensor]) -> None:
    buffers = {
        "layers.0.blocks.1.attn_mask": torch.zeros(16, 196, 196),
        "layers.0.blocks.0.attn.relative_position_index": torch.zeros(196, 196),
    }
    network = method.network().eval()
    network.load_state_dict(method.convert(checkpoint | buffers))
    with torch.no_grad():
        ours = network(FRAMES * 255)["logit"]
    np.testing.assert_allclose(ours, GOLDEN["logit"], rtol=1e-4, atol=1e-4)


def test_a_checkpoint_of_another_width_is_refused(checkpoint: dict[str, Tensor]) -> None:
    with pytest.raises(ModelError, match="does not fit TALL"):
        method_named("tall")({"width": 16, "heads": (1, 1, 2, 2)}).convert(checkpoint)


def test_the_thumbnail_is_the_authors() -> None:
    mean, spread = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
    ours = thumbnail((FRAMES - mean) / spread)
    np.testing.assert_allclose(ours[0, :, ::14, ::14], GOLDEN["thumbnail"], atol=1e-5)


def test_frames_lie_row_by_row() -> None:
    frames = torch.arange(4.0).view(1, 4, 1, 1, 1).expand(1, 4, 3, 112, 112)
    corners = thumbnail(frames)[0, 0, ::223, ::223]
    assert corners.tolist() == [[0, 1], [2, 3]]


def test_the_hole_is_at_one_place_in_all_frames() -> None:
    frames = torch.full((4, 3, 112, 112), 7, dtype=torch.uint8)
    for seed in range(5):
        made = holed(frames, 16, np.random.default_rng(seed))
        gone = (made != 7).all(1)
        assert 64 <= int(gone[0].sum()) <= 256
        assert all(gone[0].equal(other) for other in gone)
        assert made[0, :, gone[0]].float().mean(1).tolist() == list(MEAN)
    assert int(frames.max()) == 7


def test_a_part_of_a_slope_is_a_slope() -> None:
    slope = torch.arange(112.0).expand(4, 3, 112, 112)
    for seed in range(8):
        made = part(slope, np.random.default_rng(seed))
        assert made.shape == slope.shape
        assert made.equal(made[:1, :1, :1].expand_as(made))
        assert (made[0, 0, 0].diff() >= 0).all()
        assert 0.6 * 111 <= float(made.max() - made.min()) <= 111


class Clips(Dataset[Batch]):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Batch:
        return {"frames": torch.full((4, 3, 112, 112), index, dtype=torch.uint8)}


def test_training_clips_are_the_same_again() -> None:
    one, other = Masked(Clips(), 16, seed=4), Masked(Clips(), 16, seed=4)
    assert len(one) == 2
    other[0]
    assert one[1]["frames"].equal(other[1]["frames"])
    assert one[1]["frames"].dtype == torch.uint8
