"""CoDE against the authors' networks and loss (aimagelab/CoDE f1c0566)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from official import filled, noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.code.loss import contrast, info_nce
from unmask.detectors.image.code.method import VIEWS, CodeMethod
from unmask.detectors.image.code.views import PART, WHOLE, cut
from unmask.errors import ModelError, UnknownName
from unmask.train.recipe import Recipe

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())["shapes"]
GOLDEN = np.load(HERE / "golden.npz")
HEAD = {"coef_": noise((1, 48), 8), "intercept_": noise((1,), 9)}


def today(name: str) -> str:
    """A name of the hub's file as transformers calls it since version 5."""
    for old, new in (
        (r"^encoder\.layer\.", "layers."),
        (r"attention\.attention\.(q|k|v)\w+\.", r"attention.\1_proj."),
        (r"attention\.output\.dense", "attention.o_proj"),
        (r"intermediate\.dense", "mlp.fc1"),
        (r"output\.dense", "mlp.fc2"),
    ):
        name = re.sub(old, new, name)
    return name


def test_features_are_the_authors_in_the_names_of_both_generations() -> None:
    method = CodeMethod(CodeMethod.small)
    network = method.network().eval()
    theirs = filled(NAMES, 1.4) | HEAD
    network.load_state_dict(method.convert(theirs))
    picture = noise((2, 3, 32, 32), 5, 0, 255)
    with torch.no_grad():
        given = network(picture)
    np.testing.assert_allclose(given["features"], GOLDEN["features"], rtol=1e-4, atol=1e-4)
    logit = GOLDEN["features"] @ HEAD["coef_"].numpy()[0] + HEAD["intercept_"].numpy()
    np.testing.assert_allclose(given["logit"], logit, rtol=1e-3, atol=1e-3)
    renamed = method.convert({today(name): value for name, value in theirs.items()})
    assert all(value.equal(renamed[name]) for name, value in method.convert(theirs).items())


def test_an_encoder_without_a_classifier_starts_a_head_and_is_no_detector() -> None:
    with pytest.raises(ModelError, match=r"lacks 'head\.bias'"):
        CodeMethod(CodeMethod.small).convert(filled(NAMES))
    method = CodeMethod({**CodeMethod.small, "learn": "head"})
    network = method.network()
    network.load_state_dict(method.convert(filled(NAMES)))
    method.loss(network, method.example())[0].backward()
    assert {n for n, p in network.named_parameters() if p.grad is not None} == {
        "head.weight",
        "head.bias",
    }
    with pytest.raises(UnknownName):
        CodeMethod({"learn": "tail"})


def test_the_contrast_is_the_authors_and_counts_forged_pictures_too() -> None:
    views = {name: noise((6, 8), place) for place, name in enumerate(VIEWS)}
    label = torch.tensor([0.0, 1, 0, 1, 0, 1])
    real, forged = contrast(views, label)
    assert float(real) == pytest.approx(float(GOLDEN["real"]), abs=1e-5)
    assert float(forged) == pytest.approx(float(GOLDEN["forged"]), abs=1e-5)
    # The authors' program adds the first term twice where it does not accumulate.
    method = CodeMethod(CodeMethod.small)
    network = method.network()
    loss, parts = method.loss(network, method.example(batch=4))
    assert loss.item() == pytest.approx(sum(parts.values()), abs=1e-5)
    assert parts["forged"] != parts["real"]


def test_likeness_of_pairs_is_rewarded() -> None:
    axes = torch.eye(8)
    near = info_nce(axes[:2], axes[:2], axes[4:6], 0.1)
    far = info_nce(axes[:2], axes[2:4], axes[4:6], 0.1)
    wrong = info_nce(axes[:2], axes[2:4], axes[:2], 0.1)
    assert near < 0.01
    assert float(far) == pytest.approx(np.log(3), abs=1e-5)
    assert wrong > 9
    one_class = {name: noise((2, 8), 1) for name in VIEWS}
    assert contrast(one_class, torch.zeros(2))[1] == 0


def test_the_head_does_not_move_the_features() -> None:
    method = CodeMethod(CodeMethod.small)
    network = method.network()
    batch = method.example(batch=4)
    views = {name: network(batch[name])["features"] for name in VIEWS}
    sum(contrast(views, batch["label"])).backward()
    alone = network.vit.patch_embed.proj.weight.grad.clone()
    network.zero_grad()
    method.loss(network, batch)[0].backward()
    torch.testing.assert_close(network.vit.patch_embed.proj.weight.grad, alone)


def test_views_are_cut_as_said_and_the_same_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    items = []
    for number in range(2):
        pixels = rng.integers(0, 255, (60, 80, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        items.append(
            Item(f"{number}", f"{number}", f"{number}.png", "image", number, split="train")
        )
    for share in (WHOLE, PART):
        parts = [cut(np.zeros((60, 80, 3), np.uint8), share, rng).shape for _ in range(50)]
        areas = [high * wide / 4800 for high, wide, _ in parts]
        assert share[0] * 0.8 <= min(areas) <= max(areas) <= share[1] * 1.1
    recipe = Recipe(name="code", task="a:b", samples=4, batch=2, validate_every=2)
    manifest = Manifest(tmp_path, tuple(items))
    views = CodeMethod(CodeMethod.small).samples(manifest, "train", recipe)
    first, again = views[1], views[1]
    assert {name: tuple(first[name].shape) for name in VIEWS} == dict.fromkeys(VIEWS, (3, 32, 32))
    assert all(first[name].equal(again[name]) for name in first)
    assert not first["whole"].equal(first["part"])
