"""Pairs of a real face and the same face blended with itself."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.sbi.sampling import SelfBlended
from unmask.errors import DataError


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    root = tmp_path_factory.mktemp("faces")
    face = Image.fromarray(data.astronaut()[:300, 80:380])
    face.save(root / "face.png")
    Image.new("RGB", (200, 200)).save(root / "nothing.png")
    (root / "torn.png").write_bytes(b"\x89PNG")
    items = [("face", 0), ("nothing", 0), ("torn", 0), ("face", 1)]
    return Manifest(
        root,
        tuple(
            Item(f"{i}", f"{i}", f"{name}.png", "image", label)
            for i, (name, label) in enumerate(items)
        ),
    )


def test_pairs_are_one_face_twice(manifest: Manifest) -> None:
    pairs = SelfBlended(manifest, 8, seed=1, train=True)
    assert len(pairs) == 8
    for index in (0, 2, 4):
        real, fake = pairs[index], pairs[index + 1]
        assert (float(real["label"]), float(fake["label"])) == (0.0, 1.0)
        assert real["face"].shape == (3, 380, 380)
        gap = np.abs(real["face"].numpy().astype(int) - fake["face"].numpy()).mean()
        assert 0.1 < gap < 40


def test_an_entry_depends_on_seed_and_number_alone(manifest: Manifest) -> None:
    one, other = (SelfBlended(manifest, 8, seed=1, train=True) for _ in range(2))
    other[4]
    assert one[3]["face"].equal(other[3]["face"])
    assert not one[3]["face"].equal(SelfBlended(manifest, 8, seed=2, train=True)[3]["face"])


def test_validation_shows_each_real_once(manifest: Manifest) -> None:
    held = SelfBlended(manifest, 8, seed=1, train=False)
    assert len(held) == 6
    assert held[0]["face"].equal(SelfBlended(manifest, 8, seed=9, train=False)[0]["face"])


def test_without_reals_or_faces_it_says_so(manifest: Manifest) -> None:
    with pytest.raises(DataError, match="no real picture"):
        SelfBlended(manifest.select(label=1), 4, seed=0, train=True)
    faceless = manifest.where(lambda item: item.path != "face.png")
    with pytest.raises(DataError, match="20 files in a row"):
        SelfBlended(faceless, 4, seed=0, train=True)[0]
