"""CORE against DeepfakeBench's detector (SCLBD/DeepfakeBench 8a4a7bf), and its views."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.core.loss import inconsistency
from unmask.detectors.image.core.views import TwoViews, view
from unmask.train.method import Batch, Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FACES = (noise((4, 3, 96, 96), 16) + 1) * 127.5


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("core")({"rate": 1.0, "real": 1.0})


@torch.no_grad()
def test_classes_features_and_loss_are_the_benchmarks(method: Method) -> None:
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, gain=1.05)))
    seen = network(FACES)
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(seen["logit"], forged - real, atol=1e-4)
    np.testing.assert_allclose(seen["features"][:, ::64], GOLDEN["features"], atol=1e-4)
    label = torch.tensor([0.0, 1.0])
    loss, _ = method.loss(network, {"face": FACES[:2], "second": FACES[2:], "label": label})
    np.testing.assert_allclose(loss, GOLDEN["loss"], rtol=1e-4)


def test_inconsistency_is_none_for_features_of_one_direction() -> None:
    first = noise((5, 8), 1)
    assert float(inconsistency(first, 3 * first)) < 1e-10
    assert float(inconsistency(first, -first)) == pytest.approx(4.0)


def test_the_weight_of_a_real_face_counts() -> None:
    """With features that agree only cross-entropy is left, and a wrong real face costs more."""

    class Fixed(torch.nn.Module):
        def forward(self, face: torch.Tensor) -> Batch:
            return {"logit": torch.tensor([2.0, 2.0, 2.0, 2.0]), "features": torch.ones(4, 3)}

    batch = {"face": FACES[:2], "second": FACES[:2], "label": torch.tensor([0.0, 1.0])}
    even, _ = method_named("core")({"real": 1.0}).loss(Fixed(), batch)
    strict, _ = method_named("core")({"real": 4.0}).loss(Fixed(), batch)
    wrong, right = np.log1p(np.exp(2.0)), np.log1p(np.exp(-2.0))
    assert float(even) == pytest.approx((wrong + right) / 2, rel=1e-5)
    assert float(strict) == pytest.approx((4 * wrong + right) / 5, rel=1e-5)


class Ramp(torch.utils.data.Dataset[Batch]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Batch:
        face = torch.arange(1, 65, dtype=torch.uint8).expand(3, 64, 64).clone()
        return {"face": face, "label": torch.tensor(1.0)}


def test_two_views_of_one_face_are_drawn_anew_and_again_alike() -> None:
    views = TwoViews(Ramp(), seed=3)
    assert len(views) == 4
    first, again = views[1], views[1]
    assert all(torch.equal(first[name], again[name]) for name in first)
    pairs = [views[index] for index in range(4)]
    assert any(not torch.equal(pair["face"], pair["second"]) for pair in pairs)


def test_a_view_is_mirrored_blackened_or_cut_within_its_bounds() -> None:
    face = Ramp()[0]["face"]
    found = {"left": 0, "mirrored": 0, "erased": 0, "cut": 0}
    for seed in range(60):
        seen = view(face, np.random.default_rng(seed))
        assert seen.shape == face.shape
        assert seen.dtype == torch.uint8
        rising = bool(seen[0, 0, -1] > seen[0, 0, 0]) or bool(seen[0, -1, -1] > seen[0, -1, 0])
        hole = float((seen == 0).float().mean())
        if hole:
            assert 0.015 < hole < 0.21
            found["erased"] += 1
        elif torch.equal(seen, face):
            found["left"] += 1
        elif torch.equal(seen, face.flip(-1)):
            found["mirrored"] += 1
        else:
            levels = seen[0, 0].float()
            assert float(levels.max() - levels.min()) > 0.8 * 63
            found["cut"] += 1
            assert rising or bool(levels[0] > levels[-1])
    assert all(number >= 5 for number in found.values()), found
