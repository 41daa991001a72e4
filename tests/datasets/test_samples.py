"""Items of a manifest as training and evaluation take them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch.utils.data import DataLoader

from make_media import video
from unmask.cards.card import Input
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Draw, Loaded, Reader
from unmask.datasets.samples import Prepared, collate, plainly
from unmask.errors import DataError, MediaError, ModelError
from unmask.media import frames
from unmask.train.recipe import Recipe
from unmask.types import Frame


def part(take: str, shape: list[int | str], **values: object) -> Input:
    about = {"name": "x", "layout": "", "preparation": "", "take": take, "shape": shape}
    return Input.model_validate(about | values)


PICTURE = part("picture", ["batch", 3, 24, 32])


def recipe(**settings: object) -> Recipe:
    return Recipe(
        name="x", task="x:y", samples=40, batch=4, validate_every=40, settings=settings
    )  # fmt: skip


def item(path: str, label: int, **values: object) -> Item:
    about = {"item_id": path, "media_id": path, "path": path, "kind": "image", "label": label}
    return Item(**(about | values))  # type: ignore[arg-type]


def pictures(folder: Path, reals: int = 4, fakes: int = 2) -> Manifest:
    """Each real has its number as red and 0 as green, each fake 255 as green."""
    items = []
    for number in range(reals + fakes):
        label = int(number >= reals)
        pixels = np.zeros((30, 40, 3), np.uint8)
        pixels[..., 0], pixels[..., 1] = number, 255 * label
        pixels[:, 20:, 2] = 255
        Image.fromarray(pixels).save(folder / f"{number}.png")
        items.append(item(f"{number}.png", label))
    return Manifest(folder, tuple(items))


def numbers(dataset: Prepared) -> list[int]:
    return [int(dataset[i]["x"][0].float().mean()) for i in range(len(dataset))]


def test_classes_take_turns_and_every_item_comes_before_any_comes_again(tmp_path: Path) -> None:
    dataset = Prepared(pictures(tmp_path), [PICTURE], recipe())
    entries = [dataset[i] for i in range(16)]
    assert [int(entry["label"]) for entry in entries] == [0, 1] * 8
    seen = [int(entry["index"]) for entry in entries]
    assert sorted(seen[0:8:2]) == sorted(seen[8:16:2]) == [0, 1, 2, 3]
    assert sorted(seen[1:4:2]) == sorted(seen[5:8:2]) == [4, 5]
    assert all((entry["x"][1] == 255 * entry["label"]).all() for entry in entries)
    assert entries[0]["x"].dtype == torch.uint8
    assert len(dataset) == 40


def test_an_entry_depends_on_seed_and_number_alone(tmp_path: Path) -> None:
    manifest = pictures(tmp_path)
    augment = {"flip": 0.5, "launder": 0.7}
    one = Prepared(manifest, [PICTURE], recipe(augment=augment))
    two = Prepared(manifest, [PICTURE], recipe(augment=augment))
    backwards = {i: two[i]["x"] for i in reversed(range(12))}
    assert all(torch.equal(one[i]["x"], backwards[i]) for i in range(12))
    other = recipe(augment=augment).model_copy(update={"seed": 1})
    three = Prepared(manifest, [PICTURE], other)
    assert any(not torch.equal(one[i]["x"], three[i]["x"]) for i in range(12))


def test_changes_by_name_befall_pictures_alone(tmp_path: Path) -> None:
    """Alone, and after a chain of the house's; evaluation sees the pictures as they are."""
    manifest = pictures(tmp_path)
    brighter = {"brightness": [1.0, 0.2, 0.2]}
    dataset = Prepared(manifest, [PICTURE], recipe(augment={"changes": brighter}))
    number = int(dataset[0]["index"])
    assert (dataset[0]["x"][0] == number + 51).all()
    whole = Prepared(manifest, [PICTURE], recipe(augment={"changes": brighter, "launder": 1.0}))
    plain = Prepared(manifest, [PICTURE], recipe(augment={"launder": 1.0}))
    pairs = [(whole[i]["x"].float(), plain[i]["x"].float()) for i in range(8)]
    assert all((a >= b).all() and float((a - b)[0].mean()) > 40 for a, b in pairs)
    seen = Prepared(manifest, [PICTURE], recipe(augment={"changes": brighter}), train=False)
    assert numbers(seen) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(DataError, match="no change 'bluur'"):
        Prepared(manifest, [PICTURE], recipe(augment={"changes": {"bluur": [1, 1, 1]}}))


def test_augmentation_does_not_know_the_class(tmp_path: Path) -> None:
    """The same file as a real and as a fake: entries with one number look the same."""
    manifest = pictures(tmp_path)
    reals = Manifest(tmp_path, (manifest.items[1],))
    fakes = Manifest(tmp_path, (item("1.png", 1),))
    chosen = recipe(balance=False, augment={"flip": 0.5, "launder": 0.8, "strength": 1.5})
    one, two = (Prepared(part_, [PICTURE], chosen) for part_ in (reals, fakes))
    plain = Prepared(reals, [PICTURE], recipe(balance=False))
    changed = 0
    for i in range(16):
        assert torch.equal(one[i]["x"], two[i]["x"])
        changed += not torch.equal(one[i]["x"], plain[i]["x"])
    assert changed > 8


def test_flips_take_mask_and_box_along(tmp_path: Path) -> None:
    pictures(tmp_path)
    mask = np.zeros((30, 40), np.uint8)
    mask[:, 30:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    forged = item("5.png", 1, mask="mask.png", box=(30.0, 0.0, 10.0, 30.0))
    manifest = Manifest(tmp_path, (item("0.png", 0), forged, item("4.png", 1)))
    dataset = Prepared(manifest, [PICTURE], recipe(augment={"flip": 1.0}))
    entries = {int(e["index"]): e for e in (dataset[i] for i in range(4))}
    assert entries[1]["mask"][:, :8].all()
    assert not entries[1]["mask"][:, 8:].any()
    assert entries[1]["box"].tolist() == pytest.approx([0.125, 0.5, 0.25, 1.0])
    assert (entries[1]["x"][2, :, 0] == 255).all()
    assert entries[0]["mask"].sum() == 0
    assert [float(entries[k]["masked"]) for k in (0, 1, 2)] == [1, 1, 0]  # 4.png: not known
    assert entries[2]["box"].tolist() == [0, 0, 0, 0]


def test_forged_items_may_stay_as_they_are(tmp_path: Path) -> None:
    """The same file as a real and as a fake: only the real one is changed."""
    manifest = pictures(tmp_path)
    reals = Manifest(tmp_path, (manifest.items[1],))
    fakes = Manifest(tmp_path, (item("1.png", 1),))
    augment = {"flip": 1.0, "launder": 1.0, "strength": 1.5}
    chosen = recipe(balance=False, augment=augment, augment_fakes=False)
    plain = Prepared(reals, [PICTURE], recipe(balance=False))
    assert torch.equal(Prepared(fakes, [PICTURE], chosen)[0]["x"], plain[0]["x"])
    assert not torch.equal(Prepared(reals, [PICTURE], chosen)[0]["x"], plain[0]["x"])


def test_maps_of_a_method_are_mirrored_too(tmp_path: Path) -> None:
    def targets(item: Item, loaded: Loaded) -> dict[str, np.ndarray[Any, Any]]:
        ramp = np.tile(np.arange(32, dtype=np.float32), (24, 1))
        return {"ramp": ramp, "other": ramp}

    chosen = recipe(augment={"flip": 1.0})
    made = Prepared(pictures(tmp_path), [PICTURE], chosen, targets=targets, maps=["ramp"])[0]
    assert made["ramp"][0, 0] == 31
    assert made["other"][0, 0] == 0


def test_an_original_is_seen_as_its_fake_is(tmp_path: Path) -> None:
    pictures(tmp_path)
    whole = part("picture", ["batch", 3, 15, 20])
    forged = item("5.png", 1, original="0.png")
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "small.png")
    other = item("4.png", 1, original="small.png")
    reader = Reader(Manifest(tmp_path, (forged, other, item("0.png", 0))), [whole])
    seen = reader.original(forged, reader.read(forged, Draw()))
    assert seen is not None
    assert seen.shape == (15, 20, 3)
    assert (seen[..., 0] == 0).all()
    assert reader.original(item("0.png", 0), reader.read(item("0.png", 0), Draw())) is None
    with pytest.raises(MediaError, match="another size"):
        reader.original(other, reader.read(other, Draw()))


def test_evaluation_draws_nothing_and_shows_each_item_once(tmp_path: Path) -> None:
    chosen = recipe(augment={"flip": 1.0, "launder": 1.0})
    dataset = Prepared(pictures(tmp_path), [PICTURE], chosen, train=False)
    assert numbers(dataset) == [0, 1, 2, 3, 4, 5]
    assert (dataset[0]["x"][2, :, -1] == 255).all()


def test_a_broken_file_is_named_counted_and_left_out(tmp_path: Path) -> None:
    manifest = pictures(tmp_path)
    (tmp_path / "2.png").write_bytes(b"\x89PNG broken")
    dataset = Prepared(manifest, [PICTURE], recipe())
    with pytest.warns(UserWarning, match=r"left out, 1 of \d+ so far: 2\.png") as seen:
        entries = [dataset[i] for i in range(40)]
    assert len(seen) == 1
    assert 2 not in {int(entry["index"]) for entry in entries}
    assert [int(entry["label"]) for entry in entries] == [0, 1] * 20
    held = Prepared(manifest, [PICTURE], recipe(), train=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batches = list(DataLoader(held, batch_size=3, collate_fn=collate))
    assert [len(batch["label"]) for batch in batches] == [2, 3]


def test_many_broken_files_are_an_error(tmp_path: Path) -> None:
    manifest = pictures(tmp_path, reals=8, fakes=2)
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(b"no picture")
    dataset = Prepared(manifest, [PICTURE], recipe())
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(DataError, match=r"4 of the first \d+ items cannot be read, allowed are 5%"),
    ):
        numbers(dataset)


@pytest.mark.filterwarnings("ignore:left out")
def test_an_error_of_a_worker_is_one_line(tmp_path: Path) -> None:
    manifest = pictures(tmp_path, reals=8, fakes=2)
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(b"no picture")
    loader = DataLoader(Prepared(manifest, [PICTURE], recipe()), batch_size=4, num_workers=1)
    with pytest.raises(DataError) as caught:
        list(plainly(loader))
    assert str(caught.value).startswith("4 of the first ")
    assert "\n" not in str(caught.value)


def test_one_class_alone_is_an_error_unless_it_is_meant(tmp_path: Path) -> None:
    manifest = pictures(tmp_path, fakes=0)
    with pytest.raises(DataError, match="All items to train on are real"):
        Prepared(manifest, [PICTURE], recipe())
    assert len(Prepared(manifest, [PICTURE], recipe(balance=False))) == 40


def test_unknown_augmentations_and_inputs_are_errors(tmp_path: Path) -> None:
    manifest = pictures(tmp_path)
    with pytest.raises(DataError, match=r"no augmentation 'blurr'\. There are: flip, launder"):
        Prepared(manifest, [PICTURE], recipe(augment={"blurr": 1}))
    with pytest.raises(ModelError, match="does not say how its input 'x' is taken"):
        Prepared(manifest, [part("", ["batch", 4])], recipe())


def test_a_picture_without_a_face_is_left_out(tmp_path: Path) -> None:
    face = part("face", ["batch", 3, 16, 16])
    manifest = pictures(tmp_path)
    given = Manifest(tmp_path, (item("0.png", 0, face=(4.0, 4.0, 20.0, 20.0)), item("5.png", 1)))
    dataset = Prepared(given, [face], recipe(), train=False)
    assert dataset[0]["x"].shape == (3, 16, 16)
    with pytest.warns(UserWarning, match="No face was found"):
        assert dataset[1] == {}
    assert len(manifest) == 6


def wave(folder: Path, seconds: float, name: str = "a.wav", rate: int = 8000) -> None:
    """A ramp: each sample tells its place."""
    soundfile.write(folder / name, np.linspace(0, 0.5, round(seconds * rate)), rate, "FLOAT")


def test_sound_begins_at_the_start_and_in_training_anywhere(tmp_path: Path) -> None:
    wave(tmp_path, 4.0)
    manifest = Manifest(tmp_path, (item("a.wav", 1, kind="audio", segments=((1.0, 2.0),)),))
    sound = part("sound", ["batch", 8000], rate=8000)
    held = Prepared(manifest, [sound], recipe(), train=False)[0]
    assert held["x"].shape == (8000,)
    assert float(held["x"][0]) == pytest.approx(0, abs=1e-3)
    assert held["segments"].tolist() == [[-1, -1]]  # what was taken ends where it begins
    dataset = Prepared(manifest, [sound], recipe(balance=False))
    starts = []
    for i in range(12):
        entry = dataset[i]
        start = float(entry["x"][100]) * 8  # seconds, from the ramp
        starts.append(start)
        begin, end = entry["segments"][0].tolist()
        if begin >= 0:
            assert begin == pytest.approx(max(0, 1 - start), abs=0.05)
            assert end == pytest.approx(min(1, 2 - start), abs=0.05)
    assert min(starts) < 1
    assert max(starts) > 2


def test_short_sound_is_repeated_and_laundered_alike(tmp_path: Path) -> None:
    wave(tmp_path, 0.5)
    manifest = Manifest(tmp_path, (item("a.wav", 1, kind="audio"),))
    sound = part("sound", ["batch", 8000], rate=8000)
    held = Prepared(manifest, [sound], recipe(), train=False)[0]["x"]
    assert torch.allclose(held[:4000], held[4000:])
    chosen = recipe(balance=False, augment={"launder": 1.0})
    one, two = (Prepared(manifest, [sound], chosen) for _ in range(2))
    assert all(torch.equal(one[i]["x"], two[i]["x"]) for i in range(4))
    assert any(not torch.equal(one[i]["x"], held) for i in range(4))


def film(path: Path, frames: int = 50) -> None:
    """Frame k is grey with the level 4 k."""
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "5"}
        for k in range(frames):
            grey = np.full((64, 64, 3), 4 * k, np.uint8)
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        sink.mux(stream.encode(None))


def test_frames_of_a_video_are_spread_and_not_the_first(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    manifest = Manifest(tmp_path, (item("a.mp4", 1, kind="video"),))
    square = part("picture", ["batch", 3, 32, 32])
    held = numbers(Prepared(manifest, [square], recipe(positions=5), train=False))
    assert len(held) == 5
    gaps = np.diff(held)
    assert held[0] < 40
    assert held[-1] > 150
    assert (gaps > 20).all()
    drawn = numbers(Prepared(manifest, [square], recipe(balance=False)))
    assert min(drawn) < 50
    assert max(drawn) > 140
    assert len(set(drawn)) > 10
    whole = part("frames", ["batch", 4, 3, 32, 32])
    entries = Prepared(manifest, [whole], recipe(), train=False)
    assert len(entries) == 1
    levels = entries[0]["x"].float().mean((1, 2, 3)).tolist()
    assert levels[0] < 10
    assert levels[3] > 140
    assert (np.diff(levels) > 40).all()


def test_a_video_is_decoded_once_for_all_its_moments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video(tmp_path / "a.mp4", count=40, paint=lambda i: np.full((48, 64, 3), 6 * i, np.uint8))
    manifest = Manifest(tmp_path, (Item("a", "a", "a.mp4", "video", 1, split="test"),))
    picture = Input(name="p", shape=["batch", 3, 32, 32], layout="", preparation="", take="picture")
    moments = [(k + 0.5) / 8 for k in range(8)]
    alone = [Reader(manifest, [picture]).pixels(manifest.items[0], at) for at in moments]
    passes: list[Path] = []

    def counted(path: Path, *rest: Any, **more: Any) -> Iterator[Frame]:
        passes.append(path)
        return frames(path, *rest, **more)

    monkeypatch.setattr("unmask.datasets.reading.frames", counted)
    reader = Reader(manifest, [picture])
    together = [reader.pixels(manifest.items[0], at) for at in moments]
    assert len(passes) == 1
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
    assert len({one.tobytes() for one in together}) == 8
    again = reader.pixels(manifest.items[0], moments[0])  # backwards: from the start
    assert np.array_equal(again, alone[0])
    assert len(passes) == 2
