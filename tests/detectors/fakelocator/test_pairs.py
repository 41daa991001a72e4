"""FakeLocator: maps from pairs, where it looks, what it learns, and judging by one sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.fakelocator.clustering import judged_by_one
from unmask.detectors.image.fakelocator.loss import map_loss, parse_loss
from unmask.detectors.image.fakelocator.model import FakeLocator
from unmask.detectors.image.fakelocator.parts import PARTS, UNKNOWN, parts_of
from unmask.errors import DataError, ModelError
from unmask.faces.mesh import model as mesh_room
from unmask.faces.mesh.model import Mesh
from unmask.faces.mesh.regions import RINGS
from unmask.media.luma import luma
from unmask.metrics import pixels as figures
from unmask.registry import recipes
from unmask.runtime import preparation
from unmask.train.method import Batch, Method, method_named
from unmask.train.recipe import Recipe, read_recipe
from unmask.types import Box, Face

SIDE = 256


def made(**settings: Any) -> Method:
    kind = method_named("fakelocator")
    return kind({**kind.small, **settings})


def recipe(**settings: Any) -> Recipe:
    known = read_recipe(recipes()["fakelocator"])
    return known.model_copy(
        update={"samples": 16, "settings": {**known.settings, "parse_weight": 0, **settings}}
    )


def entries(folder: Path, *items: Item, **settings: Any) -> dict[str, Batch]:
    """The entries of the items as training sees them, by number."""
    chosen = recipe(**settings)
    base: Any = made(**chosen.settings).samples(Manifest(folder, items), "train", chosen)
    seen = (base[i] for i in range(16))
    return {items[int(entry["index"])].item_id: entry for entry in seen}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    real = rng.integers(60, 200, (SIDE, SIDE, 3), np.uint8)
    fake = real.copy()
    fake[100:140, 30:90] = 255 - fake[100:140, 30:90] // 2
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, :50] = 255
    for name, pixels in (("real", real), ("fake", fake), ("mask", mask)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return tmp_path


def face(number: str, label: int, path: str = "fake.png", **more: Any) -> Item:
    about = {"media_id": number, "path": path, "kind": "image", "face": (30.0, 30.0, 196.0, 196.0)}
    return Item(item_id=number, label=label, **(about | more))


REAL = face("real", 0, "real.png")


def test_the_map_is_the_difference_of_the_pair_in_grey(folder: Path) -> None:
    seen = entries(folder, REAL, face("fake", 1, original="real.png"), augment={})
    pair = [seen[name]["face"].permute(1, 2, 0).numpy().astype(float) for name in ("fake", "real")]
    wanted = np.abs(luma(pair[0]) - luma(pair[1])) / 255
    assert wanted.max() > 0.2
    assert (wanted == 0).mean() > 0.9
    np.testing.assert_allclose(seen["fake"]["fakeness"], wanted, atol=1e-5)
    assert not seen["real"]["fakeness"].any()
    assert [float(seen[name]["mapped"]) for name in ("fake", "real")] == [1, 1]


def test_without_an_original_the_mask_counts_or_nothing_is_known(folder: Path) -> None:
    seen = entries(
        folder,
        REAL,
        face("pair", 1, original="real.png"),
        face("masked", 1, mask="mask.png"),
        face("whole", 1, family="generated"),
        face("unknown", 1),
    )
    assert {name: float(entry["mapped"]) for name, entry in seen.items()} == {
        "real": 1, "pair": 1, "masked": 1, "whole": 1, "unknown": 0,
    }  # fmt: skip
    assert (seen["whole"]["fakeness"] == 1).all()
    assert 0.1 < float(seen["masked"]["fakeness"].mean()) < 0.25
    assert set(seen["masked"]["fakeness"].unique().tolist()) == {0, 1}
    with pytest.raises(DataError, match="how much of a face was made"):
        entries(folder, REAL, face("unknown", 1))


def test_only_real_faces_are_changed(folder: Path) -> None:
    both = (REAL, face("fake", 1, original="real.png"))
    plain = entries(folder, *both, augment={})
    changed = entries(folder, *both, augment={"flip": 1.0, "launder": 1.0})
    assert torch.equal(changed["fake"]["face"], plain["fake"]["face"])
    assert not torch.equal(changed["real"]["face"], plain["real"]["face"])


BOXES = {
    "face": (20, 20, 80, 90), "lips": (40, 70, 60, 80), "mouth": (45, 73, 55, 77),
    "left-eye": (28, 40, 42, 46), "right-eye": (58, 40, 72, 46),
}  # fmt: skip


class Ovals:
    """A mesh whose regions are ovals in boxes of ours."""

    def __init__(self, confidence: float) -> None:
        self.confidence = confidence

    def mesh(self, pixels: np.ndarray[Any, Any], found: Face) -> Mesh:
        points = np.full((468, 2), -50, np.float32)
        for name, (left, top, right, bottom) in BOXES.items():
            turn = np.linspace(0, 2 * np.pi, len(RINGS[name]), endpoint=False)
            middle = ((left + right) / 2, (top + bottom) / 2)
            half = ((right - left) / 2, (bottom - top) / 2)
            ring = np.column_stack([np.cos(turn), np.sin(turn)])
            points[list(RINGS[name])] = ring * half + middle
        return Mesh(points, np.zeros(468, np.float32), self.confidence)


def test_parts_lie_over_each_other_as_in_a_face(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    found = [Face(Box(20, 20, 60, 70), 0.9, np.zeros((5, 2), np.float32))]
    monkeypatch.setattr(preparation, "detect", lambda _: found)
    monkeypatch.setattr(mesh_room, "load_mesh", lambda: Ovals(0.9))
    parts = parts_of(picture)
    for row, column, name in (
        (5, 5, "background"), (60, 30, "skin"), (43, 35, "eyes"), (43, 65, "eyes"),
        (72, 50, "lips"), (75, 50, "mouth"),
    ):  # fmt: skip
        assert PARTS[parts[row, column]] == name
    monkeypatch.setattr(mesh_room, "load_mesh", lambda: Ovals(0.05))
    assert (parts_of(picture) == UNKNOWN).all()
    found.clear()
    assert (parts_of(picture) == UNKNOWN).all()


def test_training_with_parts_asks_for_the_mesh(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    mesh_room.load_mesh.cache_clear()
    both = (REAL, face("fake", 1, original="real.png"))
    with pytest.raises(ModelError, match="unmask models pull face-mesh"):
        entries(folder, *both, parse_weight=1.0)


def test_losses_count_only_what_is_known() -> None:
    found = torch.full((2, 4, 4), 0.5)
    target = torch.zeros(2, 4, 4)
    assert float(map_loss(found, target, torch.tensor([1.0, 0.0]))) == pytest.approx(0.5)
    assert float(map_loss(found, target, torch.zeros(2))) == 0
    parts = torch.randn(1, len(PARTS), 2, 2, generator=torch.Generator().manual_seed(0))
    known = torch.tensor([[[0, UNKNOWN], [3, UNKNOWN]]])
    chances = parts.log_softmax(1)[0]
    wanted = -(chances[0, 0, 0] + chances[3, 1, 0]) / 2
    torch.testing.assert_close(parse_loss(parts, known), wanted)
    assert float(parse_loss(parts, torch.full_like(known, UNKNOWN))) == 0


def test_a_part_to_which_no_attention_is_paid_is_not_seen() -> None:
    torch.manual_seed(0)
    network = cast(FakeLocator, made().network().eval())
    one = torch.rand(2, 3, 64, 64) * 255
    with torch.no_grad():
        seen = network(one)["features"]
        assert not torch.allclose(seen[0], seen[1])
        network.attention.bias.fill_(-200)  # type: ignore[union-attr]
        shut = network(one)["features"]
    torch.testing.assert_close(shut[0], shut[1])


def pasted(seed: int, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Noise, of every second picture a part scaled down and up again; labels and maps."""
    rng = torch.Generator().manual_seed(seed)
    real = torch.rand(number, 3, 64, 64, generator=rng) * 255
    face, label = real.clone(), (torch.arange(number) % 2).float()
    for i in range(1, number, 2):
        top, left = (8 * int(torch.randint(0, 5, (1,), generator=rng)) for _ in range(2))
        part = real[i : i + 1, :, top : top + 32, left : left + 32]
        larger = F.interpolate(F.avg_pool2d(part, 2), scale_factor=2.0, mode="nearest")
        face[i, :, top : top + 32, left : left + 32] = larger[0]
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    return face, label, ((face - real) * weights).sum(1).abs() / 255


def test_it_finds_on_new_faces_what_was_enlarged() -> None:
    method = made(parse_weight=0)
    torch.manual_seed(0)
    network = method.network().train()
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    new, _, truth = pasted(99, 8)
    errors = []
    for step in range(40):
        faces, label, target = pasted(step, 8)
        batch = {"face": faces, "label": label, "fakeness": target, "mapped": torch.ones(8)}
        loss, said = method.loss(network, batch)
        errors.append(said["map"])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert np.mean(errors[-5:]) < 0.5 * np.mean(errors[:5])
    with torch.no_grad():
        found = network.eval()(new)
    forged = slice(1, None, 2)
    measured = method.measured(
        found,
        {"fakeness": truth, "mapped": torch.ones(8), "label": (torch.arange(8) % 2).float()},
    )
    assert len(measured["map_likeness"]) == 4
    assert float(measured["map_likeness"].min()) > 0.5
    counts = [
        figures.counts(one.numpy() > 0, shown.numpy())
        for one, shown in zip(truth[forged], found["fakeness"][forged], strict=True)
    ]
    assert figures.pixel_auc(counts) > 0.9


def test_the_mask_is_the_map_from_the_cut_on() -> None:
    torch.manual_seed(0)
    method = made(cut=0.4)
    with torch.no_grad():
        found = method.network().eval()(method.example()["face"])
    assert torch.equal(found["mask"] > 0, found["fakeness"] > 0.4)
    with pytest.raises(ModelError, match="cut"):
        made(cut=1)


def test_one_label_names_two_clusters() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(24) % 2
    features = rng.normal(0, 1, (24, 16)) + 8 * truth[:, None]
    np.testing.assert_array_equal(judged_by_one(features, 3, 1), truth)
    np.testing.assert_array_equal(judged_by_one(features, 4, 0), truth)
    np.testing.assert_array_equal(judged_by_one(features, 4, 1), 1 - truth)
    with pytest.raises(DataError, match="8 are needed"):
        judged_by_one(features[:7], 0, 1)
