"""The detector's research side on a made data folder: packing, pairs, network, loss, export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from face_samples import portrait
from PIL import Image

from unmask import registry
from unmask.detectors.image.unmask_face import model as model_module
from unmask.detectors.image.unmask_face.evaluation import predictions
from unmask.detectors.image.unmask_face.model import GRID, SIZE, FaceNet, forgery_loss
from unmask.detectors.image.unmask_face.packing import Pack, age_band, held_out
from unmask.detectors.image.unmask_face.sampling import Face, Maker, survives
from unmask.detectors.image.unmask_face.training import FaceTask, choose, ranked
from unmask.errors import DataError, MissingExtra
from unmask.forge.operations import tone
from unmask.metrics.predictions import Prediction
from unmask.train.recipe import Recipe, read_recipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty "people" in two real sources and one fake source, and a picture without a face."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for number in range(30):
        source = ("lfw", "ffhq", "omi")[number % 3]
        look = portrait()[:, ::-1] if number % 2 else portrait()
        pixels = tone(np.ascontiguousarray(look), 0.75 + number / 60)
        path = f"images/{source}/{number}.png"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / path)
        rows.append(_row(path, "fake" if source == "omi" else "real", f"{source}:{number}", number))
    Image.new("RGB", (90, 90)).save(folder / "images/lfw/none.png")
    rows.append(_row("images/lfw/none.png", "real", "lfw:none", 0))
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "manifest.jsonl").write_text(lines, encoding="utf-8")
    return folder


def _row(path: str, label: str, group: str, number: int) -> dict[str, object]:
    split = "dev" if number % 5 == 0 else "train"
    return {
        "path": path, "kind": "image", "label": label, "method": "made", "group": group,
        "source": "made", "split": split, "age": 30, "gender": "female",
    }  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def recipe(**changes: object) -> Recipe:
    shipped = read_recipe(registry.recipes()["unmask_face"])
    return shipped.model_copy(update=changes)


def test_pack_keeps_faces_with_their_places(data: Path) -> None:
    pack = Pack(data)
    assert len(pack.items) == 30
    assert {item.age_band for item in pack.items} == {"18-34"}
    for index in (0, 7):
        box, points = pack.box(index), pack.portrait(index).points
        assert pack.pixels(index).shape[2] == 3
        assert (points[:, 0] > box.x).all()
        assert (points[:, 0] < box.x + box.width).all()


def test_parts_do_not_share_people_and_sources_can_be_left_out(data: Path) -> None:
    pack = Pack(data)
    parts = {}
    for part in ("fit", "dev"):
        reals, fakes = choose(pack, part)
        parts[part] = {pack.items[i].group for i in [*reals, *fakes]}
        assert all(pack.items[i].label == 0 for i in reals)
        assert all(pack.items[i].label == 1 for i in fakes)
    assert not parts["fit"] & parts["dev"]
    assert not any(held_out(group) for group in parts["fit"])
    without, no_fakes = choose(pack, "fit", "ffhq, omi")
    assert {pack.items[i].source for i in without} == {"lfw"}
    assert no_fakes == []
    with pytest.raises(DataError, match="real faces"):
        choose(pack, "fit", "lfw,ffhq")


def test_missing_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.jsonl"):
        Pack(tmp_path)


def maker(data: Path, third_party: float = 0.0) -> Maker:
    pack = Pack(data)
    reals, fakes = choose(pack, "fit")
    return Maker(pack, reals, fakes, size=SIZE, grid=GRID, seed=1, third_party=third_party)


def test_pairs_repeat_and_differ_inside_the_mask(data: Path) -> None:
    made = maker(data)
    for number in range(12):
        real, fake = made.face(number, 0), made.face(number, 1)
        again = maker(data).face(number, 1)
        np.testing.assert_array_equal(fake.pixels, again.pixels)
        assert (real.label, fake.label) == (0, 1)
        assert real.mask.max() == 0
        assert fake.mask.max() > 0.3
        assert fake.pixels.shape == (SIZE, SIZE, 3)
        assert fake.mask.shape == (GRID, GRID)
        assert real.masked
        assert fake.masked


def test_a_drawn_mask_lies_where_the_pixels_changed(data: Path) -> None:
    """Without laundering, the change of a swap is inside its mask."""
    pack = Pack(data)
    reals, fakes = choose(pack, "fit")
    made = Maker(
        pack, reals, fakes, size=SIZE, grid=GRID, seed=3, strength=0.0, shares=(0.0, 1.0, 0.0, 0.0)
    )
    inside, outside = [], []
    for number in range(10):
        real, fake = made.face(number, 0), made.face(number, 1)
        gap = np.abs(real.pixels.astype(float) - fake.pixels).mean(-1)
        cells = gap.reshape(GRID, SIZE // GRID, GRID, SIZE // GRID).mean((1, 3))
        inside.append(cells[fake.mask > 0.6].mean())
        outside.append(cells[fake.mask < 0.02].mean())
    assert np.mean(inside) > 4 * np.mean(outside)


def test_laundering_leaves_of_every_fake_what_can_be_learned(data: Path) -> None:
    made = maker(data)
    made.strength = 2.0  # abuse, and still something is left
    assert all(survives(*made.pair(number)) for number in range(12))


def test_a_fake_that_equals_its_real_does_not_survive() -> None:
    pixels, mask = np.full((64, 64, 3), 90, np.uint8), np.zeros((16, 16), np.float32)
    mask[4:8, 4:8] = 1
    real = Face(pixels, mask * 0, 0, True, "swap")
    outside = pixels.copy()
    outside[40:] += 50
    inside = pixels.copy()
    inside[16:32, 16:32] += 2
    assert not survives(real, Face(outside, mask, 1, True, "swap"))
    assert survives(real, Face(inside, mask, 1, True, "swap"))


def test_sources_of_few_faces_are_drawn_more_than_their_share(data: Path) -> None:
    pack = Pack(data)
    reals, fakes = choose(pack, "fit")
    few = [i for i in reals if pack.items[i].source == "ffhq"][:2]
    many = [i for i in reals if pack.items[i].source == "lfw"]
    made = Maker(pack, many + few, fakes, size=SIZE, grid=GRID, seed=1)
    share = dict(zip(made.by_source, made.source_share, strict=True))
    assert len(few) / (len(many) + len(few)) < share["ffhq"] < 0.5


def test_fakes_of_others_have_no_mask(data: Path) -> None:
    made = maker(data, third_party=1.0)
    fake, real = made.face(0, 1), made.face(0, 0)
    assert fake.family == real.family == "omi"
    assert not fake.masked
    assert real.masked


def test_network_shapes_and_loss_fall_when_answers_are_right() -> None:
    network = FaceNet(pretrained=False).eval()
    with torch.no_grad():
        logit, mask = network(torch.rand(3, 3, SIZE, SIZE) * 255)
    assert logit.shape == (3,)
    assert mask.shape == (3, GRID, GRID)
    label = torch.tensor([1.0, 0.0])
    target = torch.zeros(2, GRID, GRID)
    target[0, 4:12, 4:12] = 1
    known = torch.ones(2)
    right, values = forgery_loss(label * 8 - 4, target * 12 - 6, label, target, known, weight=1.0)
    wrong, _ = forgery_loss(4 - label * 8, 6 - target * 12, label, target, known, weight=1.0)
    assert right < 0.3 < wrong
    assert values["right"] == 1.0
    blind, _ = forgery_loss(
        label * 8 - 4, 6 - target * 12, label, target, torch.zeros(2), weight=1.0
    )
    assert blind < 0.3


def test_training_starts_where_the_recipe_says(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    earlier = FaceNet(pretrained=False)
    torch.save(earlier.state_dict(), tmp_path / "best.pt")
    again = FaceTask(recipe(init=str(tmp_path / "best.pt")), data).network()
    for name, value in again.state_dict().items():
        torch.testing.assert_close(value, earlier.state_dict()[name])
    fresh = FaceTask(recipe(init="random"), data).network().state_dict()
    assert not torch.equal(fresh["logit.weight"], earlier.state_dict()["logit.weight"])
    with pytest.raises(DataError, match="no weights"):
        FaceTask(recipe(init=str(tmp_path / "none.pt")), data).network()


def test_missing_pretrained_weights_name_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "PACKAGE", "no_such_package")
    with pytest.raises(MissingExtra, match="no_such_package"):
        FaceNet()


def test_export_gives_what_torch_gives(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = FaceNet(pretrained=False).eval()
    path = tmp_path / "weights.onnx"
    FaceTask(recipe(), data).export(network, path)
    faces = np.random.default_rng(0).uniform(0, 255, (3, 3, SIZE, SIZE)).astype(np.float32)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    logit, mask = session.run(["logit", "mask"], {"face": faces})
    with torch.no_grad():
        expected = network(torch.from_numpy(faces))
    np.testing.assert_allclose(logit, expected[0].numpy(), atol=1e-3)
    np.testing.assert_allclose(mask, expected[1].numpy(), atol=1e-3)
    rows = list(predictions(recipe(), data, path, "dev"))
    assert all(isinstance(row, Prediction) and row.protocol == "dev" for row in rows)
    clean = [row for row in rows if row.condition == "clean"]
    assert sum(row.label for row in clean) == len(clean) / 2
    assert {row.condition for row in rows} >= {"jpeg:50", "h264:36", "matched", "clip"}
    with pytest.raises(DataError, match="no protocol"):
        list(predictions(recipe(), data, path, "nothing"))


def test_ranked_against_hand_worked_values() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    area, _ = ranked(labels, np.array([0.1, 0.4, 0.5, 0.45, 0.9]))
    assert area == pytest.approx(5 / 6)
    assert ranked(labels, np.array([0.1, 0.2, 0.3, 0.4, 0.5])) == (1.0, 1.0)


def test_age_bands() -> None:
    assert [age_band(v) for v in (5, 18, 35, 60, None)] == ["0-17", "18-34", "35-59", "60+", ""]
