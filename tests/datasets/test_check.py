"""Every planted fault is found and named, and a clean dataset is left in peace."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from leak_samples import PER_SIDE, RATE, clean, jpeg, picture, png, sound, wav
from PIL import Image

from make_media import video
from unmask.datasets.check import Checked, check
from unmask.datasets.fingerprints import NEAR, fingerprints, near_pairs, of_picture, of_sound
from unmask.datasets.leaks import FEWEST, LEAST
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.datasets.parallel import ahead, spread
from unmask.datasets.traits import sound_traits, traits
from unmask.errors import DataError, MediaError


def kinds(found: Checked) -> set[str]:
    return {fault.kind for fault in found.faults}


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_a_clean_dataset_is_left_in_peace(tmp_path: Path, kind: str) -> None:
    found = check(clean(tmp_path, kind).manifest())
    assert found.faults == ()
    assert found.fingerprints == found.traits == 2 * PER_SIDE
    assert [(pair.real, pair.fake) for pair in found.pairs] == [("camera", "gan")]
    assert found.pairs[0].auc < LEAST + 2 * found.pairs[0].se


def test_variants_of_a_few_photographs_are_counted(tmp_path: Path) -> None:
    made = folder_of_variants(tmp_path, photographs=3, variants=8)
    found = check(made)
    faults = {fault.kind: fault for fault in found.faults}
    assert faults["variants"].count == 24
    assert "real pictures of groups of their own show only 3 pictures" in faults["variants"].what
    grouped = tuple(replace(i, group=i.item_id[0], split="train") for i in made)
    assert check(replace(made, items=grouped)).faults == ()


def folder_of_variants(root: Path, photographs: int, variants: int) -> Manifest:
    """Crops of made scenes, some mirrored, saved at several qualities."""
    rng = np.random.default_rng(5)
    items = []
    for number in range(photographs):
        scene = rng.integers(0, 255, (26, 32, 3), np.uint8)
        whole = Image.fromarray(scene).resize((384, 312), Image.Resampling.BICUBIC)
        for variant in range(variants):
            x, y = (int(v) for v in rng.integers(0, 60, 2))
            part = whole.crop((x, y, x + 320, y + 250))
            if variant % 2:
                part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            name = f"{number}-{variant}.jpg"
            part.save(root / name, quality=60 + 4 * variant)
            items.append(Item(name, name, name, "image", 0, group=name))
    return Manifest(root, tuple(items))


def test_the_same_file_in_two_splits(tmp_path: Path) -> None:
    made = clean(tmp_path)
    one, two = made.first("train", 0), made.first("test", 0)
    made.write[made.items[two].item_id] = made.write[made.items[one].item_id]
    found = check(made.manifest())
    assert kinds(found) == {"duplicate"}
    assert set(found.faults[0].items[0]) == {made.items[one].item_id, made.items[two].item_id}


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_the_same_content_saved_again(tmp_path: Path, kind: str) -> None:
    made = clean(tmp_path, kind)
    one, two = made.first("train", 1), made.first("test", 1)
    again: Callable[[Path], None] = jpeg(1000, quality=60)
    if kind == "audio":
        padded = np.concatenate([np.zeros(900, np.float32), 0.6 * sound(1000)])
        again = wav(padded.astype(np.float32))
    assert made.items[one].group == "g1000"
    made.write[made.items[two].item_id] = again
    found = check(made.manifest())
    assert kinds(found) == {"near-duplicate"}
    assert set(found.faults[0].items[0]) == {made.items[one].item_id, made.items[two].item_id}


def test_a_group_in_two_splits(tmp_path: Path) -> None:
    made = clean(tmp_path)
    made.change(made.first("test", 0), group=made.items[made.first("train", 0)].group)
    found = check(made.manifest())
    assert kinds(found) == {"group"}
    assert "train and test" in found.faults[0].what


def test_a_person_in_two_splits(tmp_path: Path) -> None:
    made = clean(tmp_path)
    made.change(made.first("val", 1), subject=made.items[made.first("train", 0)].subject)
    found = check(made.manifest())
    assert kinds(found) == {"identity"}
    assert made.items[made.first("train", 0)].subject in found.faults[0].what


def test_frames_of_one_video_in_two_splits(tmp_path: Path) -> None:
    made = clean(tmp_path)
    made.change(made.first("val", 1), media_id=made.items[made.first("test", 1)].media_id)
    assert kinds(check(made.manifest())) == {"medium"}


def test_three_frames_of_a_video_are_enough(tmp_path: Path) -> None:
    made = clean(tmp_path)
    for number in range(3 * PER_SIDE // 4):
        made.change(number, media_id="video", split="train")
    assert check(made.manifest()).fingerprints == 2 * PER_SIDE - 3 * PER_SIDE // 4 + 3


def test_a_file_called_real_and_forged(tmp_path: Path) -> None:
    made = clean(tmp_path)
    one, two = made.first("train", 0), made.first("train", 1)
    made.write[made.items[two].item_id] = made.write[made.items[one].item_id]
    assert kinds(check(made.manifest())) == {"contradiction"}


@pytest.mark.parametrize(
    ("leak", "names"),
    [
        (png, {"container", "JPEG tables", "JPEG coarseness"}),
        (lambda seed: jpeg(seed, quality=70), {"JPEG tables", "JPEG coarseness"}),
        (lambda seed: jpeg(seed, side=56), {"width", "height"}),
    ],
    ids=["png", "quality", "size"],
)
def test_a_format_leak_of_pictures(
    tmp_path: Path, leak: Callable[[int], Callable[[Path], None]], names: set[str]
) -> None:
    made = clean(tmp_path)
    for number, item in enumerate(made.items[:PER_SIDE]):
        made.write[item.item_id] = leak(number)
    found = check(made.manifest())
    assert kinds(found) == {"format"}
    assert found.pairs[0].auc > 0.95
    assert found.pairs[0].features[0][0] in names
    assert any(name in found.faults[0].what for name in names)


def quiet(seed: int) -> np.ndarray[Any, Any]:
    return 0.25 * sound(seed)


def late(seed: int) -> np.ndarray[Any, Any]:
    return np.concatenate([np.zeros(RATE // 4, np.float32), sound(seed, 0.75)])


def early(seed: int) -> np.ndarray[Any, Any]:
    return np.concatenate([sound(seed, 0.75), np.zeros(RATE // 4, np.float32)])


def narrow(seed: int) -> np.ndarray[Any, Any]:
    spectrum = np.fft.rfft(sound(seed))
    spectrum[2000:] = 0  # over 2 kHz: one second of sound
    return np.fft.irfft(spectrum, RATE).astype(np.float32)


@pytest.mark.parametrize(
    ("leak", "name"),
    [
        (quiet, "loudness"),
        (late, "silence at start"),
        (early, "silence at end"),
        (narrow, "bandwidth"),
    ],
)
def test_a_format_leak_of_recordings(
    tmp_path: Path, leak: Callable[[int], np.ndarray[Any, Any]], name: str
) -> None:
    made = clean(tmp_path, "audio")
    for number, item in enumerate(made.items[PER_SIDE:]):
        made.write[item.item_id] = wav(leak(1000 + number))
    found = check(made.manifest())
    assert kinds(found) == {"format"}
    assert name in dict(found.pairs[0].features[:2])
    assert dict(found.pairs[0].features)[name] > 0.9


def test_a_source_with_few_files_is_not_judged(tmp_path: Path) -> None:
    made = clean(tmp_path)
    made.items = made.items[: PER_SIDE + FEWEST - 1]
    assert check(made.manifest()).pairs == ()


def test_a_source_is_looked_at_whole_and_by_generator(tmp_path: Path) -> None:
    made = clean(tmp_path)
    for number in range(PER_SIDE, 2 * PER_SIDE):
        made.change(number, source="lab", generator=("gan", "blend", "rare")[min(number % 12, 2)])
    for number in range(PER_SIDE, PER_SIDE + 14):
        made.change(number, generator="gan")
    found = {pair.fake for pair in check(made.manifest()).pairs}
    assert found == {"lab", "lab: gan", "lab: rare"}


def test_a_broken_file_is_a_fault(tmp_path: Path) -> None:
    made = clean(tmp_path)
    made.write[made.items[5].item_id] = lambda path: path.write_bytes(b"no picture") and None
    found = check(made.manifest())
    assert kinds(found) == {"unreadable"}
    assert made.items[5].item_id in found.faults[0].what


def test_the_command_ends_in_its_verdict(tmp_path: Path, call: Callable[..., Any]) -> None:
    made = clean(tmp_path)
    write_manifest(tmp_path / "manifest.parquet", made.manifest())
    code, said = call("data", "check", tmp_path)
    assert (code, said["clean"], said["faults"]) == (0, True, [])
    made.change(made.first("test", 0), group=made.items[made.first("train", 0)].group)
    write_manifest(tmp_path / "manifest.parquet", made.manifest())
    code, said = call("data", "check", tmp_path)
    assert (code, said["clean"], said["faults"][0]["kind"]) == (1, False, "group")
    code, said = call("data", "check", tmp_path / "none.parquet")
    assert code == 4


def test_fingerprints_survive_what_they_should() -> None:
    pixels = picture(1, 160, 24)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((120, 120)).save(buffer, "JPEG", quality=40)
    again = of_picture(np.asarray(Image.open(buffer)))
    one, other = of_picture(pixels), of_picture(picture(2, 160, 24))
    assert one is not None
    assert again is not None
    assert other is not None
    assert [pair[:2] for pair in near_pairs([one], [other, again], NEAR["picture"])] == [(0, 1)]
    assert list(near_pairs([one], [other], NEAR["picture"])) == []
    assert of_picture(np.full((32, 32, 3), 90, np.uint8)) is None
    assert of_sound(np.zeros(16_000, np.float32)) is None
    assert of_sound(np.zeros(100, np.float32)) is None


def test_pairs_are_those_of_plain_counting() -> None:
    rng = np.random.default_rng(0)
    left = [rng.integers(0, 2**63, 4).astype(np.uint64) for _ in range(40)]
    right = [word ^ np.uint64(1 << i % 40) for i, word in enumerate(left[:20])]
    for most in (0, 4, 110):
        plain = {
            (i, j, gap)
            for i, a in enumerate(left)
            for j, b in enumerate(right)
            if (gap := int(np.bitwise_count(a ^ b).sum())) <= most
        }
        assert set(near_pairs(left, right, most)) == plain
    assert list(near_pairs([], right, 3)) == []


def test_traits_of_sound_are_right() -> None:
    time = np.arange(RATE) / RATE
    tone = (0.5 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)
    gap = np.zeros(RATE // 2, np.float32)
    found = sound_traits(np.concatenate([gap, tone, gap[: RATE // 4]]), RATE)
    assert found["loudness"] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)
    assert found["peak"] == pytest.approx(20 * np.log10(0.5), abs=0.01)
    assert found["silence at start"] == pytest.approx(0.5, abs=0.03)
    assert found["silence at end"] == pytest.approx(0.25, abs=0.03)
    assert sound_traits(np.zeros(RATE, np.float32), RATE) == {"silent": 1.0}


def test_traits_of_a_video(tmp_path: Path) -> None:
    found = traits(video(tmp_path / "v.mp4"))
    assert found["container"] == "MP4"
    assert {"video codec", "frame rate", "seconds", "width"} <= set(found)


@pytest.mark.parametrize("again", ["again.mkv", "again.webp"])
def test_a_video_saved_again_has_the_same_fingerprints(tmp_path: Path, again: str) -> None:
    shots = [picture(seed, 160, 24) for seed in range(3)]
    others = [picture(seed, 160, 24) for seed in range(10, 13)]

    def film(name: str, scenes: list[Any], **options: Any) -> tuple[Any, ...]:
        paint = lambda i: scenes[i // 7]  # noqa: E731
        path = video(tmp_path / name, count=21, size=(160, 160), paint=paint, **options)
        return fingerprints(path)

    first, other = film("a.mp4", shots), film("b.mp4", others)
    if again.endswith("webp"):
        pictures = [Image.fromarray(shot) for shot in shots]
        pictures[0].save(tmp_path / again, save_all=True, append_images=pictures[1:], quality=60)
        second = fingerprints(tmp_path / again)
    else:
        second = film(again, shots, options={"crf": "35"})
    assert len(first) == len(second) == len(other) == 3
    same = {(i, j) for i, j, _ in near_pairs(first, second, NEAR["picture"])}
    assert same == {(0, 0), (1, 1), (2, 2)}
    assert not list(near_pairs(first, other, NEAR["picture"]))


def heavy(number: int) -> int:
    if number == 3:
        raise DataError("three is not allowed")
    return number**2


def test_work_is_spread_and_failures_are_lines() -> None:
    numbers = [1, 2, 3, 4]
    wanted = [(1, 1), (2, 4), (3, "three is not allowed"), (4, 16)]
    assert list(spread(heavy, numbers)) == wanted
    assert list(spread(heavy, numbers, processes=2)) == wanted


def test_traits_refuse_what_is_no_medium(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x" * 100)
    with pytest.raises(MediaError):
        traits(tmp_path / "a.jpg")


def test_getting_ahead_keeps_order_and_passes_errors_on() -> None:
    def numbers() -> Iterator[int]:
        yield from (3, 1, 2)
        raise ValueError("torn")

    got: list[int] = []
    with pytest.raises(ValueError, match="torn"):
        got.extend(ahead(numbers()))
    assert list(ahead(iter((3, 1, 2)))) == [3, 1, 2]
    assert next(ahead(iter("ab"))) == "a"  # and may be left early
