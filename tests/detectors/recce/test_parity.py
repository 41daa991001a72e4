"""RECCE against DeepfakeBench's detector (SCLBD/DeepfakeBench 8a4a7bf) and the authors' losses
(VISION-SJTU/RECCE 58cabeb)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from official import filled, noise
from unmask.detectors.image.recce.blocks import GuidedAttention, patches
from unmask.detectors.image.recce.loss import metric, reconstruction
from unmask.detectors.image.recce.model import Recce
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FACE = noise((3, 3, 96, 96), 17)
LABEL = torch.tensor([0.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("recce")()


@pytest.fixture(scope="module")
def outputs(method: Method) -> dict[str, Tensor]:
    network = cast(Recce, method.network().eval())
    checkpoint = filled(NAMES, gain=1.05)
    with torch.device("meta"):  # the names are compared with those of a second network
        state = method.convert(checkpoint)
    network.load_state_dict(state)
    with torch.no_grad():
        return network((FACE + 1) * 127.5)


def test_drawn_faces_and_classes_are_the_benchmarks(outputs: dict[str, Tensor]) -> None:
    np.testing.assert_allclose(outputs["drawn"][:, :, ::12, ::12], GOLDEN["drawn"], atol=1e-4)
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(outputs["logit"], forged - real, atol=1e-4)


def test_both_further_losses_are_the_authors(outputs: dict[str, Tensor]) -> None:
    drawn = reconstruction(outputs["drawn"], FACE, LABEL)
    np.testing.assert_allclose(drawn, GOLDEN["reconstruction"], rtol=1e-4)
    near = metric(noise((3, 6, 8), 5).unbind(), torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0, 1.0]))
    np.testing.assert_allclose(near, GOLDEN["metric"], rtol=1e-5)


def test_only_real_faces_teach_the_decoder() -> None:
    drawn = torch.zeros_like(FACE, requires_grad=True)
    reconstruction(drawn, FACE, LABEL).backward()
    assert drawn.grad is not None
    assert not drawn.grad[1].any()
    assert drawn.grad[0].any()
    assert drawn.grad[2].any()
    assert float(reconstruction(FACE, -FACE, torch.ones(3))) == 0.0


def test_forged_faces_may_lie_anywhere_but_near_real_ones() -> None:
    real, away = torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 0.0])
    label = torch.tensor([0.0, 0.0, 1.0, 1.0])
    apart = metric([torch.stack([real, real, away, away])], label)
    spread = metric([torch.stack([real, real, away, torch.tensor([-0.8, 0.6])])], label)
    assert float(apart) == pytest.approx(0.0, abs=1e-5)
    assert float(spread) < 0.2
    assert float(metric([torch.stack([real, away, real, away])], label)) > 1.0


def test_patches_are_what_torch_unfolds() -> None:
    finer = noise((2, 5, 12, 8), 3)
    theirs = torch.nn.functional.unfold(finer, 4, stride=4).reshape(2, 5, 16, -1)
    assert torch.equal(patches(finer, 4), theirs.permute(0, 2, 3, 1))


@torch.no_grad()
def test_attention_looks_where_the_drawn_face_is_wrong() -> None:
    torch.manual_seed(0)
    attention = GuidedAttention(0.2, width=8).eval()
    face, seen = noise((1, 3, 64, 64), 4), noise((1, 8, 16, 16), 5)
    wrong = face.clone()
    wrong[..., 32:, 32:] *= -1
    change = (attention(face, wrong, seen) - attention(face, face, seen)).abs()[0].mean(0)
    assert float(change[10:, 10:].mean()) > 0
    assert float(change[:7, :7].max()) == 0.0
