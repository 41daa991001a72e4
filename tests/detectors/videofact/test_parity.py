"""VideoFACT against the authors' network (ductai199x/videofact-wacv-2024 b928ec9), narrow."""

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
from unmask.detectors.video.videofact.method import VideoFACTMethod
from unmask.detectors.video.videofact.model import Context, VideoFACT
from unmask.errors import ModelError

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FRAMES = noise((2, 3, 264, 256), 6, 0, 255)
NARROW = {"height": 264, "wide": 256, "width": 256, "depth": 1, "heads": 2}


def narrow() -> VideoFACTMethod:
    return VideoFACTMethod(NARROW)


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Tensor]:
    return filled(NAMES, 0.8)


@pytest.fixture(scope="module")
def network(checkpoint: dict[str, Tensor]) -> VideoFACT:
    method = narrow()
    made = cast(VideoFACT, method.network().eval())
    made.load_state_dict(method.convert(checkpoint))
    return made


@pytest.fixture(scope="module")
def given(network: VideoFACT) -> dict[str, Tensor]:
    with torch.no_grad():
        return cast(dict[str, Tensor], network(FRAMES))


def test_the_network_is_the_authors(given: dict[str, Tensor]) -> None:
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(given["logit"], forged - real, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(given["patches"].flatten(1), GOLDEN["patches"], atol=1e-4)


def test_the_mask_lies_over_the_frame(given: dict[str, Tensor]) -> None:
    mask = given["mask"]
    assert mask.shape == (2, 33, 32)
    assert (mask[:, :16, 16:] == given["patches"][:, :1, 1:]).all()
    assert (mask[:, 32] == -10).all(), "what no patch covers is not marked"


@torch.no_grad()
def test_a_patch_is_judged_in_its_scene(network: VideoFACT, given: dict[str, Tensor]) -> None:
    """The same patch beside others has another weight; without templates nothing is said."""
    other = FRAMES[:1].clone()
    other[:, :, :, 128:] = 20
    before, after = given["patches"][:1], network(other)["patches"]
    assert (before[:, 0, 0] - after[:, 0, 0]).abs().min() > 1e-4
    kept = network.context.templates.clone()
    network.context.templates.zero_()
    silent = network(FRAMES)
    network.context.templates.copy_(kept)
    assert silent["patches"].abs().max() == 0
    assert silent["logit"][0] == silent["logit"][1]


@torch.no_grad()
def test_a_template_weighs_most_what_looks_like_it() -> None:
    torch.manual_seed(0)
    context = Context(patches=6, width=16, depth=1, heads=2, templates=1).eval()
    embeddings = noise((1, 6, 16), 4)
    latent: Tensor = context.norm(context.blocks(embeddings + context.places))
    context.templates.copy_(latent[0, 2:3])
    assert int(context(embeddings).argmax()) == 2
    turned = context(embeddings.flip(1))
    assert not torch.allclose(turned.flip(1), context(embeddings), atol=1e-5), "places count"


def fixed(logit: Tensor, patches: Tensor) -> torch.nn.Module:
    network = torch.nn.Module()
    network.forward = lambda _: {"logit": logit, "patches": patches}  # type: ignore[method-assign]
    return network


def test_the_truth_of_a_patch_is_the_share_that_was_edited() -> None:
    method = narrow()
    batch = method.example()
    batch["mask"] = torch.zeros(2, 264, 256)
    batch["mask"][1, :64, :128] = 1
    right = torch.full((2, 2, 2), -30.0)
    right[1, 0, 0] = 0
    _, parts = method.loss(fixed(torch.tensor([-30.0, 30.0]), right), batch)
    assert parts["patches"] == pytest.approx(np.log(2) / 8, abs=1e-5)
    loss, _ = method.loss(fixed(torch.zeros(2), right), batch)
    assert float(loss) == pytest.approx(0.4 * np.log(2) + 0.6 * np.log(2) / 8, abs=1e-5)
    batch["masked"] = torch.tensor([1.0, 0.0])
    _, parts = method.loss(fixed(torch.zeros(2), right), batch)
    assert parts["patches"] == pytest.approx(0, abs=1e-6), "an unknown mask says nothing"


def test_the_start_that_nobody_published_is_refused() -> None:
    with pytest.raises(ModelError, match="not published"):
        narrow().network(pretrained=True)


def test_a_checkpoint_of_another_size_is_refused(checkpoint: dict[str, Tensor]) -> None:
    with pytest.raises(ModelError, match="does not fit VideoFACT"):
        narrow().convert({**checkpoint, "model.classifier.7.weight": torch.zeros(2, 240)})
