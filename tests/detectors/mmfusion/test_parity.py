"""MMFusion against the authors' network (IDT-ITI/MMFusion-IML 33c1730)."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.mmfusion.convert import renamed
from unmask.detectors.image.mmfusion.filters import WIDTHS, Bayar, Srm
from unmask.detectors.image.mmfusion.loss import confidence_loss, localisation_loss
from unmask.detectors.image.mmfusion.method import MMFusionMethod
from unmask.detectors.image.mmfusion.model import misread
from unmask.errors import ModelError
from unmask.nn.noiseprint import LAYERS
from unmask.train.method import fitted, read_checkpoint

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)["shapes"]
GOLDEN = np.load(HERE / "golden.npz")
NARROW: dict[str, Any] = {
    **MMFusionMethod.small,
    "backbone_config": {
        "widths": (16, 32, 40, 64),
        "depths": (1, 2, 1, 1),
        "heads": (1, 2, 5, 8),
        "decoder": 24,
    },
    "second_depths": None,
    "noiseprint_layers": LAYERS,
    "mixer": WIDTHS,
}
"""All stages and layers, narrow."""
KERNEL = "extractor_state_dict.bayar.kernel"


def checkpoint() -> dict[str, torch.Tensor]:
    return dict(_checkpoint())


@cache
def _checkpoint() -> dict[str, torch.Tensor]:
    made = filled(NAMES["small"], gain=1.4)
    made[KERNEL] = made[KERNEL].abs() + 0.1  # a sum that can be divided by
    return made


def off(ours: torch.Tensor, theirs: Any) -> float:
    """Largest difference, relative where numbers are large."""
    gap = np.abs(ours.detach().numpy() - theirs)
    return float((gap / np.maximum(1, np.abs(theirs))).max())


@pytest.fixture(scope="module")
def given() -> dict[str, torch.Tensor]:
    method = MMFusionMethod(NARROW)
    network: Any = method.network().eval()
    network.load_state_dict(method.convert(checkpoint()))
    picture = noise((2, 3, 72, 100), 4, 0, 255)
    with torch.no_grad():
        pixels = picture / 256
        filters = {
            "np": network.noiseprint(pixels)[:, 0],
            "bayar": network.bayar(pixels),
            "srm": network.srm(pixels),
        }
        return {**network(picture), **filters}


def test_made_weights(given: dict[str, torch.Tensor]) -> None:
    for name in ("np", "bayar", "srm"):
        assert off(given[name][..., ::6, ::6], GOLDEN[name]) < 1e-4
    assert off(given["mask"][:, ::3, ::3], GOLDEN["mask"]) < 1e-4
    assert off(given["confidence"][:, ::3, ::3], GOLDEN["conf"]) < 1e-4
    assert off(given["logit"], GOLDEN["det"]) < 1e-4


def test_losses(given: dict[str, torch.Tensor]) -> None:
    target, known = torch.zeros(2, 72, 100), torch.ones(2, 72, 100)
    target[1, 10:40, 20:70] = 1
    known[:, :, 90:] = 0
    mask, confidence = given["mask"], given["confidence"]
    assert off(localisation_loss(mask, target, known), GOLDEN["loss1"]) < 1e-4
    label = torch.tensor([0.0, 1.0])
    detection = torch.nn.functional.binary_cross_entropy_with_logits(given["logit"], label)
    second = confidence_loss(confidence, mask, target, known) + 0.5 * detection
    assert off(second, GOLDEN["loss2"]) < 1e-4


def test_an_authentic_picture_teaches_through_cross_entropy_alone() -> None:
    mask = torch.zeros(1, 4, 4, requires_grad=True)
    nothing, known = torch.zeros(1, 4, 4), torch.ones(1, 4, 4)
    dice = localisation_loss(mask, nothing, known, share=0.0)
    assert dice == 1
    assert not torch.autograd.grad(dice, mask)[0].any()
    assert torch.autograd.grad(localisation_loss(mask, nothing, known), mask)[0].gt(0).all()


def test_patches_go_on_scrambled_as_in_the_authors_program() -> None:
    map_ = torch.arange(24.0).reshape(1, 4, 2, 3)
    scrambled = misread(map_)
    assert scrambled.shape == map_.shape
    assert scrambled.flatten().sort().values.equal(map_.flatten())
    assert scrambled[0, :, 0, 0].tolist() == [0, 1, 2, 3]  # a row of places, not of channels


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = MMFusionMethod().network()
        assert set(fitted(network, renamed(theirs), "mmfusion")) == set(network.state_dict())


def test_filters_beside_the_network_are_read_and_needed(tmp_path: Path) -> None:
    made = checkpoint()
    start = "extractor_state_dict."
    inside = {n: v for n, v in made.items() if not n.startswith(start)}
    beside = {n.removeprefix(start): v for n, v in made.items() if n.startswith(start)}
    whole = {"state_dict": inside, "extractor_state_dict": beside, "epoch": 3}
    torch.save(whole, tmp_path / "best.pth")
    assert set(read_checkpoint(tmp_path / "best.pth")) == set(made)
    torch.save({"state_dict": inside}, tmp_path / "half.pth")
    with pytest.raises(ModelError, match=r"lacks 'bayar\.kernel'"):
        MMFusionMethod(NARROW).convert(read_checkpoint(tmp_path / "half.pth"))


def test_a_detector_that_was_never_trained_is_refused() -> None:
    first = checkpoint()
    for name in ("detection.0.bias", "detection.3.bias"):
        first[name] = torch.zeros_like(first[name])
    with pytest.raises(ModelError, match="never trained"):
        MMFusionMethod(NARROW).convert(first)
    second_phase = MMFusionMethod({**NARROW, "phase": "detection"})
    assert not second_phase.convert(first)["detect.0.bias"].any()


def test_filters_are_blind_to_what_a_photo_shows_and_see_what_made_it() -> None:
    """A slope gives them nothing; a pasted part with other noise stands out in each."""
    rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    slope = (rows + 2 * columns).expand(1, 3, 48, 48) / 200
    bayar = Bayar()
    with torch.no_grad():
        bayar.kernel.fill_(0.2)
    pasted = slope + noise((1, 3, 48, 48), 7) * 0.01
    pasted[..., 12:36, 12:36] = slope[..., 12:36, 12:36]
    for filter_ in (Srm(), bayar):
        with torch.no_grad():
            assert filter_(slope)[..., 3:-3, 3:-3].abs().max() < 1e-4
            energy = filter_(pasted)[..., 3:-3, 3:-3].square().sum(1)[0]
        assert energy[12:30, 12:30].mean() * 20 < energy[:6].mean()


@pytest.mark.parametrize(
    ("settings", "moving"),
    [
        (
            {"phase": "localisation"},
            {"rgb", "noise", "rectify", "fuse", "mask_head", "mixer"},
        ),
        (
            {"phase": "localisation", "learn_bayar": True},
            {"rgb", "noise", "rectify", "fuse", "mask_head", "mixer", "bayar"},
        ),
        ({"phase": "detection"}, {"confidence_head", "detect"}),
    ],
)
def test_each_phase_trains_its_own_parts(settings: dict[str, Any], moving: set[str]) -> None:
    method = MMFusionMethod({**MMFusionMethod.small, **settings})
    network = method.network().train()
    before = {name: value.clone() for name, value in network.named_buffers()}
    method.loss(network, method.example())[0].backward()
    reached = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert reached == moving
    moved = {n.split(".")[0] for n, b in network.named_buffers() if not torch.equal(b, before[n])}
    assert moved <= moving


def test_a_pretrained_start_needs_the_filters() -> None:
    with pytest.raises(ModelError, match="filters"):
        MMFusionMethod({"phase": "localisation"}).network(pretrained=True)
