"""LSDA's student against DeepfakeBench's (SCLBD/DeepfakeBench 8a4a7bf), and its augmentation."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from official import filled, noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.lsda import latent
from unmask.detectors.image.lsda.groups import Groups
from unmask.detectors.image.lsda.latent import WAYS, mixed, varied
from unmask.detectors.image.lsda.loss import person
from unmask.errors import DataError
from unmask.train.method import Method, method_named
from unmask.train.recipe import Recipe

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("lsda")({"methods": ["Deepfakes"]})


def test_the_student_is_the_benchmarks(method: Method) -> None:
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, gain=1.4)))
    with torch.no_grad():
        logit = network((noise((2, 3, 96, 96), 27) + 1) * 127.5)["logit"]
    real, forged = GOLDEN["classes"].T
    assert abs(float(np.ptp(forged - real))) > 0.01, "the faces must be told apart"
    np.testing.assert_allclose(logit, forged - real, atol=1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_features_are_varied_along_a_line(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent, "WAYS", (way,))
    torch.manual_seed(0)
    features = noise((5, 2, 6, 2, 2), 3)
    step = varied(features) - features
    assert step.shape == features.shape
    mean = features.mean(0, keepdim=True)
    far = (features - mean).flatten(2).norm(dim=2).argmax(0)
    for domain in range(2):
        aim = features[far[domain], domain] - features[:, domain]
        if way == "away":
            aim = features[:, domain] - mean[0, domain]
        if way in ("towards", "away"):
            share = (step[:, domain] * aim).flatten(1).sum(1)
            share = share / aim.flatten(1).square().sum(1).clamp(min=1e-9)
            assert bool(((share >= -1e-5) & (share <= 1 + 1e-5)).all())
            left = step[:, domain] - share[:, None, None, None] * aim
            assert float(left.abs().max()) < 1e-5
    assert float(step.abs().max()) > 0.05


def test_domains_are_mixed_within_their_group() -> None:
    torch.manual_seed(1)
    features = (
        torch.arange(4.0)[None, :, None, None, None]
        + 100 * torch.arange(3.0)[:, None, None, None, None]
    )
    made = mixed(features.expand(3, 4, 2, 1, 1))
    for group in range(3):
        inside = made[group] - 100 * group
        assert float(inside.min()) >= -1e-4
        assert float(inside.max()) <= 3 + 1e-4
        assert float(inside.mean()) == pytest.approx(1.5, abs=1e-4), "each is given once"
    assert not torch.equal(made, features.expand(3, 4, 2, 1, 1))


def test_persons_stay_together_where_a_forgery_leaves_them() -> None:
    real, other = noise((2, 8, 2, 2), 5), noise((2, 8, 2, 2), 6)
    assert float(person(real, [real], [])) == pytest.approx(0.0, abs=1e-5)
    assert float(person(real, [other], [])) > 0
    assert float(person(real, [real], [other])) < 0
    assert float(person(real, [], [-real])) == pytest.approx(-2 * 2 * 4, rel=1e-4)


def written(folder: Path, name: str, label: int, generator: str, group: str) -> Item:
    level = 40 * (label + len(generator) % 5) + 10
    Image.fromarray(np.full((64, 64, 3), level, np.uint8)).save(folder / f"{name}.png")
    return Item(
        name, name, f"{name}.png", "image", label, group=group, generator=generator,
        split="train", face=(8.0, 8.0, 48.0, 48.0),
    )  # fmt: skip


def test_a_group_is_of_one_person(method: Method, tmp_path: Path) -> None:
    items = []
    for person_of in ("a", "b"):
        items.append(written(tmp_path, f"{person_of}-real", 0, "", person_of))
        items += [written(tmp_path, f"{person_of}-{m}", 1, m, person_of) for m in METHODS]
    items.append(written(tmp_path, "c-real", 0, "", "c"))
    recipe = Recipe(name="lsda", task="", samples=4, batch=2, validate_every=4)
    groups = Groups(Manifest(tmp_path, tuple(items)), method.card.inputs, recipe, METHODS)
    assert len(groups) == 4
    for index in range(2):
        places = [groups.base._place(5 * index + domain) for domain in range(5)]
        chosen = [items[place] for place in places]
        assert len({item.group for item in chosen}) == 1
        assert [item.generator for item in chosen] == ["", *METHODS]
    entry = groups[0]
    assert entry["group"].shape == (5, 3, 256, 256)
    assert torch.equal(entry["face"], entry["group"][0])
    assert float(entry["label"]) == 0.0


def test_without_a_whole_group_there_is_an_error(method: Method, tmp_path: Path) -> None:
    items = [written(tmp_path, "a-real", 0, "", "a"), written(tmp_path, "b", 1, METHODS[0], "b")]
    recipe = Recipe(name="lsda", task="", samples=4, batch=2, validate_every=4)
    with pytest.raises(DataError, match="no group"):
        Groups(Manifest(tmp_path, tuple(items)), method.card.inputs, recipe, METHODS[:1])
