"""OmniFD against the authors' parts (haotianll/OmniFD 4aa16ec), in a narrow form."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from official import filled, noise
from unmask.detectors.video.omnifd.loss import along_time, distance, focal, wanted
from unmask.detectors.video.omnifd.method import OmniFDMethod
from unmask.detectors.video.omnifd.model import OmniFD
from unmask.detectors.video.omnifd.sampling import Beside
from unmask.detectors.video.omnifd.stretches import ends, points
from unmask.errors import ModelError
from unmask.train.method import Batch

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
NARROW: dict[str, Any] = {
    "width": 8, "depths": (2, 1, 2, 1), "heads": (1, 2, 2, 4), "known": 32, "latents": 6,
    "places": 16, "drop_path": 0.0,
}  # fmt: skip
SEGMENTS = [torch.tensor([[2.0, 9.0], [12.5, 30.0]]), torch.zeros(0, 2)]


@pytest.fixture(scope="module")
def network() -> OmniFD:
    method = OmniFDMethod(NARROW)
    made = cast(OmniFD, method.network().eval())
    made.load_state_dict(method.convert(filled(NAMES, 1.5)))
    return made


@torch.no_grad()
def test_pictures_and_places_are_the_authors(network: OmniFD) -> None:
    given = network.of_pictures(noise((2, 3, 64, 64), 31, 0, 1) * 255)
    real, forged = GOLDEN["image"].T
    np.testing.assert_allclose(given["logit"], forged - real, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(given["places"], GOLDEN["places"], rtol=1e-4, atol=2e-4)


@torch.no_grad()
def test_clips_and_stretches_are_the_authors(network: OmniFD) -> None:
    given = network.of_clips(noise((2, 32, 3, 64, 64), 32, 0, 1) * 255)
    real, forged = GOLDEN["video"].T
    np.testing.assert_allclose(given["logit"], forged - real, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(given["chances"].sigmoid(), GOLDEN["chances"], atol=1e-4)
    np.testing.assert_allclose(ends(given["reaches"]), GOLDEN["stretches"], rtol=1e-4, atol=1e-4)
    normaliser = torch.tensor(100.0)
    with torch.enable_grad():
        told, reached = along_time(given["chances"], given["reaches"], SEGMENTS, normaliser)
    assert float(told) * 0.25 == pytest.approx(float(GOLDEN["told"]), rel=1e-4)
    assert float(reached) * 0.25 == pytest.approx(float(GOLDEN["reached"]), rel=1e-4)
    assert float(normaliser) == pytest.approx(float(GOLDEN["normaliser"]))


def test_points_that_speak_for_a_stretch_lie_near_its_middle_and_reach_its_ends() -> None:
    speaks, reaches = wanted(SEGMENTS[0])
    at = points()[speaks > 0]
    assert len(at) > 3
    found = ends(reaches[None])[0, speaks > 0]
    for one, (place, stride) in zip(found.tolist(), at.tolist(), strict=True):
        assert one in [[2.0, 9.0], [12.5, 30.0]]
        assert abs(place - sum(one) / 2) < 1.5 * stride
    assert not wanted(SEGMENTS[1])[0].any()


def test_no_stretch_costs_no_distance() -> None:
    chances, reaches = torch.zeros(1, 63), torch.ones(1, 63, 2)
    told, reached = along_time(chances, reaches, [SEGMENTS[1]])
    assert float(reached) == 0
    assert float(told) == pytest.approx(63 * 0.75 * 0.25 * np.log(2), rel=1e-5)


def test_distance_and_focal_loss_by_hand() -> None:
    given, true = torch.tensor([[0.0, 4.0], [1.0, 2.0]]), torch.tensor([[2.0, 6.0], [1.0, 2.0]])
    torch.testing.assert_close(distance(given, true), torch.tensor([1 - 2 / 6 + 4 / 36, 0.0]))
    sure = focal(torch.tensor([2.0]), torch.tensor([1.0]))
    chance = 1 / (1 + np.exp(-2))
    assert float(sure) == pytest.approx(-0.25 * (1 - chance) ** 2 * np.log(chance), rel=1e-5)


def test_stretches_come_out_in_seconds() -> None:
    method = OmniFDMethod(NARROW)
    times = torch.zeros(1, 63, 3)
    times[0, 5] = torch.tensor([0.9, -3.0, 10.0])
    found = method.completed({"times": times}, {})["proposals"]
    assert found[0, 0].tolist() == pytest.approx([0.9, 0.0, 1.6])


class Parts(Dataset[Batch]):
    def __init__(self, name: str, count: int, masked: bool) -> None:
        self.name, self.count, self.masked = name, count, masked

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        row = {self.name: torch.full((3, 8, 8), index), "label": torch.tensor(index % 2.0)}
        if self.masked:
            row |= {"mask": torch.ones(8, 8), "masked": torch.tensor(1.0)}
        return row


def test_every_clip_has_pictures_of_its_own_beside_it() -> None:
    both = Beside(Parts("frames", 2, False), Parts("picture", 6, True), 3)
    assert len(both) == 2
    entry = both[1]
    assert entry["pictures"][:, 0, 0, 0].tolist() == [3, 4, 5]
    assert entry["picture_label"].tolist() == [1, 0, 1]
    assert entry["picture_masked"].tolist() == [1, 1, 1]
    unknown = Beside(Parts("frames", 2, False), Parts("picture", 6, False), 2)[0]
    assert unknown["picture_masked"].tolist() == [0, 0]
    assert unknown["picture_mask"].shape == (2, 8, 8)


def test_each_task_is_learnt_where_it_is_known() -> None:
    method = OmniFDMethod(OmniFDMethod.small)
    network = method.network().eval()
    batch = method.example()
    _, parts = method.loss(network, batch)
    assert set(parts) == {"video", "when", "ends", "picture", "where"}
    alone: dict[str, Tensor] = {name: batch[name] for name in ("frames", "label")}
    _, fewer = method.loss(network, alone)
    assert set(fewer) == {"video", "when", "ends"}
    batch["picture_masked"] = torch.zeros(2, 2)
    assert method.loss(network, batch)[1]["where"] == 0


def test_other_weights_are_refused() -> None:
    with pytest.raises(ModelError, match="Omnivore"):
        OmniFDMethod().network(pretrained=True)
    with pytest.raises(ModelError, match="does not fit OmniFD"):
        OmniFDMethod(OmniFDMethod.small).convert(nn.Linear(2, 2).state_dict())
