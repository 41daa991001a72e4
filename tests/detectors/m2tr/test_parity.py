"""M2TR against the authors' network (wdrink/M2TR 6471c0f)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.m2tr.blocks import SCALES, Patches, SpectralFilter, patches, whole
from unmask.detectors.image.m2tr.convert import from_official
from unmask.detectors.image.m2tr.method import M2TRMethod, focal_loss
from unmask.errors import ModelError
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)["shapes"]
GOLDEN = np.load(HERE / "golden.npz")


def test_made_weights() -> None:
    method = M2TRMethod({"side": 64, "depth": 1})
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES["small"], gain=1.3)))
    with torch.no_grad():
        classes = network(noise((2, 3, 64, 64), 6, 0, 255))["classes"]
    theirs = GOLDEN["classes"]  # before the sigmoid that they add in judging
    assert np.abs(theirs[0] - theirs[1]).max() > 0.01
    assert (np.abs(classes.numpy() - theirs) / np.maximum(1, np.abs(theirs))).max() < 1e-4


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = M2TRMethod().network()
        assert set(fitted(network, from_official(theirs), "it")) == set(network.state_dict())
        with pytest.raises(ModelError, match="does not fit m2tr"):
            M2TRMethod({"side": 320, "depth": 3}).convert(theirs)


def test_the_loss_is_the_authors() -> None:
    label = torch.tensor([0.0, 1.0, 1.0, 0.0])
    loss = focal_loss(noise((4, 2), 3, -3, 3), label)
    assert loss.item() == pytest.approx(GOLDEN["focal"].item(), abs=1e-5)
    right, wrong = torch.tensor([[5.0, -5.0]]), torch.tensor([[-5.0, 5.0]])
    assert focal_loss(right, label[:1]) * 1e4 < focal_loss(wrong, label[:1])


def test_patches_of_every_size_become_the_map_again() -> None:
    map_ = noise((2, 3, 16, 16), 1)
    for scale in SCALES:
        parts = patches(map_, scale)
        assert parts.shape == (2, scale**2, 3 * (16 // scale) ** 2)
        assert whole(parts, scale, 3).equal(map_)
    side = 16 // 4
    assert patches(map_, 4)[0, 6].equal(map_[0, :, side : 2 * side, 2 * side : 3 * side].flatten())


def test_a_shuffled_patch_is_heard_all_the_same() -> None:
    """Attention knows no places: patches moved about give their answers moved about."""
    block = Patches(8).eval()
    with torch.no_grad():
        block.out[0].weight.zero_()
        block.out[0].weight[:, :, 1, 1] = torch.eye(8)  # each cell as it is
    map_ = noise((1, 8, 8, 8), 2)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    moved = whole(patches(map_, 8)[:, order], 8, 8)
    with torch.no_grad():
        plain, shuffled = block(map_)[:, 6:], block(moved)[:, 6:]  # the finest size's channels
    expected = whole(patches(plain, 8)[:, order], 8, 2)
    torch.testing.assert_close(shuffled, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [8, 9])
def test_the_spectral_filter_is_a_product_of_fourier_transforms(side: int) -> None:
    layer = SpectralFilter(3, side)
    map_ = noise((2, 3, side, side), 4)
    with torch.no_grad():
        layer.weight.copy_(noise(tuple(layer.weight.shape), 5))
        ours = layer(map_)
        spectrum = torch.fft.rfft2(map_, norm="ortho")
        weight = torch.view_as_complex(layer.weight.contiguous()).permute(2, 0, 1)
        theirs = torch.fft.irfft2(spectrum * weight, s=(side, side), norm="ortho")
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        layer.weight.zero_()
        layer.weight[..., 0] = 1
        torch.testing.assert_close(layer(map_), map_, rtol=1e-4, atol=1e-5)
