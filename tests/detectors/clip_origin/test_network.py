"""Attribution by CLIP: the authors' features, scikit-learn's head, and sources left unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.linear_model import LogisticRegression

from official import noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.clip_origin.method import ClipOriginMethod
from unmask.detectors.image.clip_origin.model import BACKBONE, ClipOrigin
from unmask.errors import DataError, ModelError
from unmask.train.backbones import timm_model
from unmask.train.recipe import Recipe

SMALL = ClipOriginMethod.small["backbone_config"]


@torch.no_grad()
def test_features_are_what_the_authors_ask_of_the_library() -> None:
    torch.manual_seed(0)
    whole: Any = timm_model(BACKBONE, False, num_classes=0, **SMALL).eval()
    ours = ClipOrigin(1, 3, **SMALL).eval()
    state = {n: v for n, v in whole.state_dict().items() if n in ours.vit.state_dict()}
    ours.vit.load_state_dict(state)
    picture = noise((2, 3, 32, 32), 1, 0, 255)
    pixels = (picture - ours.mean) / ours.std
    _, between = whole.forward_intermediates(pixels, return_prefix_tokens=True, indices=[1])
    token = between[0][1][:, 0]
    torch.testing.assert_close(ours(picture)["features"], F.normalize(token, dim=-1))
    assert len(ours.vit.blocks) == 2


def clusters(seed: int, centres: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    label = torch.arange(120) % len(centres)
    near = centres[label] + torch.randn(120, 48, generator=rng) * 0.05
    return F.normalize(near, dim=1), label


def test_the_head_is_a_logistic_regression_and_a_strange_source_is_less_sure() -> None:
    centres = F.normalize(noise((6, 48), 3), dim=1)
    features, label = clusters(1, centres[:5])
    fitted = LogisticRegression(C=100.0, max_iter=500).fit(features.numpy(), label.numpy())
    method = ClipOriginMethod(ClipOriginMethod.small)
    network = method.network()
    state = dict(network.state_dict()) | {
        "coef_": torch.from_numpy(fitted.coef_),
        "intercept_": torch.from_numpy(fitted.intercept_),
    }
    del state["head.weight"], state["head.bias"]
    network.load_state_dict(method.convert(state))
    unseen, truth = clusters(2, centres[:5])
    strange, _ = clusters(4, centres[5:])
    with torch.no_grad():
        chances, others = (network.head(x).softmax(1) for x in (unseen, strange))
    np.testing.assert_allclose(chances, fitted.predict_proba(unseen.numpy()), atol=1e-4)
    assert chances.argmax(1).eq(truth).float().mean() > 0.95
    assert chances.amax(1).quantile(0.1) > others.amax(1).quantile(0.9)


def test_score_and_sources_agree() -> None:
    network = ClipOrigin(0, 3, **SMALL).eval()
    with torch.no_grad():
        given = network(noise((2, 3, 32, 32), 1, 0, 255))
    real = given["sources"][:, 0]
    torch.testing.assert_close(given["logit"], ((1 - real) / real).log(), rtol=1e-4, atol=1e-4)


def test_clip_stands_still() -> None:
    method = ClipOriginMethod(ClipOriginMethod.small)
    network = method.network().train()
    method.loss(network, method.example(batch=4))[0].backward()
    reached = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert reached == {"head"}
    with pytest.raises(ModelError, match="backbone_config"):
        method.network(pretrained=True)
    assert ClipOriginMethod({"generators": ["a"]}).described()["classes"] == ["real", "a"]


def test_a_source_that_is_not_named_must_not_be_learnt(tmp_path: Path) -> None:
    items = []
    for number, generator in enumerate(("", "b", "", "a")):
        pixels = np.full((40, 40, 3), 60 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        items.append(
            Item(
                f"{number}",
                f"{number}",
                f"{number}.png",
                "image",
                int(bool(generator)),
                generator=generator,
                split="train",
            )
        )
    manifest = Manifest(tmp_path, tuple(items))
    recipe = Recipe(name="c", task="a:b", samples=8, batch=2, validate_every=2)
    knows = ClipOriginMethod({**ClipOriginMethod.small, "generators": ["a", "b"]})
    entries = knows.samples(manifest, "train", recipe)
    seen = {
        (int(one["source"]), int(one["picture"][0, 0, 0]))
        for one in map(entries.__getitem__, range(8))
    }
    assert seen == {(0, 0), (0, 120), (2, 60), (1, 180)}
    less = ClipOriginMethod({**ClipOriginMethod.small, "generators": ["a"]})
    with pytest.raises(DataError, match="'b'"):
        less.samples(manifest, "train", recipe)
