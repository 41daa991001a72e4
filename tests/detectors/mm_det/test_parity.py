"""MM-Det without words, against the authors' networks (SparkleXFantasy/MM-Det 7790ecd), narrow."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from official import filled, noise
from unmask.detectors.video.mm_det.method import MMDetMethod
from unmask.detectors.video.mm_det.model import Alternating, MMDet
from unmask.detectors.video.mm_det.residual import KERNELS, Blur
from unmask.errors import ModelError

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)
FRAMES = noise((2, 3, 3, 64, 64), 21, 0, 1) * 255
NARROW: dict[str, Any] = {
    **MMDetMethod.small, "side": 64, "layers": (1, 1, 1), "kernels": KERNELS, "blocks": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def method(tmp_path_factory: pytest.TempPathFactory) -> MMDetMethod:
    path = tmp_path_factory.mktemp("book") / "model.pt"
    torch.save(filled(NAMES["codebook"], 1.4), path)
    return MMDetMethod({**NARROW, "codebook": str(path)})


@pytest.fixture(scope="module")
def whole() -> dict[str, Tensor]:
    """A checkpoint of their network without the codebook."""
    return filled(NAMES["whole"], 1.4)


@pytest.fixture(scope="module")
def network(method: MMDetMethod, whole: dict[str, Tensor]) -> MMDet:
    made = cast(MMDet, method.network().eval())
    made.load_state_dict(method.convert(whole))
    return made


@torch.no_grad()
def test_the_codebook_is_the_authors(network: MMDet) -> None:
    drawn = network.codebook(network.around_zero(FRAMES.flatten(0, 1))) * 0.5 + 0.5
    np.testing.assert_allclose(drawn[:, :, ::8, ::8], GOLDEN["drawn"], atol=1e-4)


@torch.no_grad()
def test_the_branch_and_the_fusion_are_the_authors(network: MMDet) -> None:
    flat = FRAMES.flatten(0, 1)
    drawn = (network.codebook(network.around_zero(flat)) + 1) * 127.5
    tokens = network.tokens(network.pixels(flat), network.pixels(drawn))
    np.testing.assert_allclose(tokens, GOLDEN["tokens"], rtol=1e-4, atol=1e-4)
    real, made = GOLDEN["classes"].T
    np.testing.assert_allclose(network(FRAMES)["logit"], made - real, rtol=1e-4, atol=1e-4)


def test_a_pretrained_start_has_the_authors_words(method: MMDetMethod) -> None:
    network = cast(MMDet, method.network(pretrained=True))
    words = filled(NAMES["codebook"], 1.4)["codebook.embedding.weight"]
    assert network.codebook.words.weight.equal(words)


def test_one_file_may_hold_both(method: MMDetMethod, whole: dict[str, Tensor]) -> None:
    words = filled(NAMES["codebook"], 1.4)
    both = whole | {f"vqvae.{name}": value for name, value in words.items()}
    alone = MMDetMethod(NARROW).convert(both)
    expected = method.convert(whole)
    assert set(alone) == set(expected)
    assert all(alone[name].equal(expected[name]) for name in both if name in alone)
    assert alone["codebook.words.weight"].equal(expected["codebook.words.weight"])


def test_random_words_are_refused(whole: dict[str, Tensor]) -> None:
    plain = MMDetMethod(MMDetMethod.small)
    with pytest.raises(ModelError, match="'codebook' must name"):
        plain.convert(whole)
    with pytest.raises(ModelError, match="'codebook' must name"):
        plain.network(pretrained=True)


def test_the_codebook_never_learns() -> None:
    method = MMDetMethod(MMDetMethod.small)
    network = cast(MMDet, method.network().train())
    before = {n: v.clone() for n, v in network.codebook.state_dict().items()}
    loss, _ = method.loss(network, method.example())
    loss.backward()
    assert all(v.equal(before[n]) for n, v in network.codebook.state_dict().items())
    assert all(value.grad is None for value in network.codebook.parameters())


def test_the_nearest_word_is_the_nearest(network: MMDet) -> None:
    seen = noise((2, 8, 3, 3), 4)
    found = network.codebook.nearest(seen)
    flat: Tensor = seen.permute(0, 2, 3, 1)[:, :, :, None]
    apart = (flat - network.codebook.words.weight).square().sum(-1)
    assert found.equal(apart.argmin(-1))


def test_a_blur_keeps_what_is_flat_and_takes_what_is_fine() -> None:
    flat = torch.full((1, 2, 9, 9), 3.0)
    torch.testing.assert_close(Blur(2, 5)(flat), flat)
    point = torch.zeros(1, 1, 9, 9)
    point[..., 4, 4] = 1
    spread = [float(Blur(1, size)(point)[..., 4, 4]) for size in (3, 5, 7)]
    assert spread == sorted(spread, reverse=True)
    assert float(Blur(1, 7)(point).sum()) == pytest.approx(1, abs=1e-5)


def test_every_tenth_patch_is_read_beside_a_frames_token() -> None:
    torch.manual_seed(0)
    block = Alternating(width=8, heads=2, frames=2).eval()
    for value in block.all_patches.parameters():
        value.requires_grad_(False).zero_()  # what is left of it is its bypass
    tokens = noise((1, 2 + 6, 8), 5)
    other = tokens.clone()
    other[:, 2 + 1, 0] += 3  # the second patch, of the first frame, goes to the second token
    with torch.no_grad():
        before, after = block(tokens), block(other)
    assert torch.allclose(before[:, 0], after[:, 0], atol=1e-6)
    assert not torch.allclose(before[:, 1], after[:, 1], atol=1e-4)
