"""Forged whole files made from authentic ones, and both classes saved alike.

Each photograph gives pairs: itself and an edit of it, scaled and saved in one way, so that nothing
but the forgery tells them apart. Faces are blended into photographs that show one. What a maker
gave whole (generated pictures, speech) is saved in the same ways. True clips are few, so portraits
are filmed by a made camera (``forge.clip``), as they are and with a face blended in.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import soundfile as sf
import soxr
from PIL import Image

from unmask.datasets.whole_files.listing import GATHERED, Whole
from unmask.errors import MediaError
from unmask.faces.detect import detect
from unmask.forge import blend, splice
from unmask.forge.clip import filmed
from unmask.forge.launder_sound import apply
from unmask.media import Limits, read_image
from unmask.types import Face, Pixels, Samples

Rng = np.random.Generator
LONGEST = 1024
"""Pixels of the longer side of what is made."""
SIDES = (1024, 640, 384)
QUALITIES = (95, 85, 75, 60)
EDITS = {
    "splice": "parts from another picture",
    "poisson": "parts from another picture",
    "copy-move": "copied parts",
    "fill": "filled-in parts",
    "pull-push": "filled-in parts",
}
FACES = ("self-blend", "swap", "part")
LEAST_FACE = 64
SOUNDS = ("mp3:32", "lowpass:3400", "noise:20dB")
RATE = 16000
SPARED = 3
"""One recording in so many is saved anew."""
FILMED = 6
"""One authentic portrait in so many is filmed."""
FORGED_CLIPS = 2
"""One filmed portrait in so many is filmed again with a blended face."""
_PER_FACE = 2
_FPS = 5


def drawn(*parts: str) -> Rng:
    """A random generator that depends on these names alone."""
    return np.random.default_rng([zlib.crc32(part.encode()) for part in parts])


def made(files: Sequence[Whole], out: Path, said: Callable[[int, int], None]) -> Iterator[Whole]:
    """Everything that is made of the files of part ``new``, written under ``out``."""
    photos = [one for one in files if one.part == "new" and one.kind == "image"]
    photos = [one for one in photos if not one.item.startswith(GATHERED)]
    sounds = [one for one in files if one.part == "new" and one.kind == "audio"][::SPARED]
    hosts = [one for one in photos if one.label == "real"]
    done = 0
    for number, one in enumerate(photos):
        done += 1
        said(done, len(photos) + len(sounds))
        pixels = _read(one.path, SIDES[number % len(SIDES)])
        if pixels is None:
            continue
        if one.label == "fake":
            for quality in QUALITIES[::2]:
                yield saved(one, pixels, quality, out)
            continue
        donor = hosts[int(drawn(one.item, "donor").integers(len(hosts)))]
        yield from _edited(one, donor, pixels, number, out)
        yield from _blended(one, donor, pixels, number, out)
    for number, one in enumerate(sounds):
        done += 1
        said(done, len(photos) + len(sounds))
        yield _spoken(one, SOUNDS[number % len(SOUNDS)], out)
    portraits = [one for one in files if one.part == "fit" and one.kind == "image"]
    portraits = [one for one in portraits if one.label == "real"][::FILMED]
    for number, one in enumerate(portraits):
        yield from _filmed(one, number, out)


def _read(path: Path, side: int) -> Pixels | None:
    try:
        picture = Image.fromarray(read_image(path, Limits()))
    except MediaError:
        return None
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _edited(one: Whole, other: Whole, pixels: Pixels, number: int, out: Path) -> Iterator[Whole]:
    family = tuple(EDITS)[number % len(EDITS)]
    quality = QUALITIES[number // len(EDITS) % len(QUALITIES)]
    donor = _read(other.path, LONGEST)
    edit = splice.edit(pixels, pixels if donor is None else donor, drawn(one.item, family), family)
    yield saved(one, pixels, quality, out)
    yield saved(forged(one, EDITS[family], family), edit.pixels, quality, out)


def _blended(one: Whole, other: Whole, pixels: Pixels, number: int, out: Path) -> Iterator[Whole]:
    face = largest_face(pixels)
    if face is None:
        return
    quality = QUALITIES[number % len(QUALITIES)]
    donor_pixels = _read(other.path, LONGEST)
    donor_face = None if donor_pixels is None else largest_face(donor_pixels)
    target = blend.Portrait(pixels, face.points)
    for turn in range(_PER_FACE):
        family = FACES[(number + turn) % len(FACES)]
        donor = target
        if family != "self-blend":
            if donor_pixels is None or donor_face is None:
                family = "self-blend"
            else:
                donor = blend.Portrait(donor_pixels, donor_face.points)
        done = blend.forge(family, target, donor, drawn(one.item, family, str(turn)))
        named = forged(one, "blended faces", f"{family} {turn}")
        yield saved(named, done.pixels, quality, out)


def _filmed(one: Whole, number: int, out: Path) -> Iterator[Whole]:
    """A portrait as a short clip, and of some the same with a face blended in."""
    pixels = _read(one.path, LONGEST)
    face = None if pixels is None else largest_face(pixels)
    if pixels is None or face is None:
        return
    named = replace(one, kind="video", source=f"filmed {one.source}", item=f"{one.item} filmed")
    takes = [(named, pixels)]
    if number % FORGED_CLIPS == 0:
        target = blend.Portrait(pixels, face.points)
        made = blend.forge("self-blend", target, target, drawn(one.item, "self-blend"))
        takes.append((forged(named, "blended faces", "self-blend"), made.pixels))
    for whole, shown in takes:
        frames, _ = filmed(shown, face.box, drawn(one.item, "camera"))
        path = _place(out, whole, "filmed", ".mp4")
        _write_clip(path, frames)
        yield replace(whole, path=path, condition="filmed")


def _write_clip(path: Path, frames: Sequence[Pixels]) -> None:
    height, width = (side - side % 2 for side in frames[0].shape[:2])
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=_FPS, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels[:height, :width].copy(), format="rgb24")
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())


def largest_face(pixels: Pixels) -> Face | None:
    """The largest face that is large enough to be forged."""
    faces = [f for f in detect(pixels, 1280) if min(f.box.width, f.box.height) >= LEAST_FACE]
    return max(faces, key=lambda face: face.box.area, default=None)


def forged(one: Whole, family: str, maker: str) -> Whole:
    """What a forgery of a file is called."""
    return replace(one, label="fake", family=family, maker=maker, item=f"{one.item} {maker}")


def saved(one: Whole, pixels: Pixels, quality: int, out: Path, size: str = "") -> Whole:
    """A picture written as JPEG of a quality; ``size``: what its size is called."""
    condition = f"{size or f'{max(pixels.shape[:2])} px'}, JPEG {quality}"
    path = _place(out, one, condition, ".jpg")
    Image.fromarray(pixels).save(path, quality=quality)
    return replace(one, path=path, condition=condition, item=f"{one.item} {condition}")


def _spoken(one: Whole, condition: str, out: Path) -> Whole:
    samples, rate = sf.read(one.path, dtype="float32", always_2d=True)
    mono: Samples = samples.mean(axis=1)[: 20 * rate]
    mono = soxr.resample(mono, rate, RATE) if rate != RATE else mono
    changed = apply(condition, mono.astype(np.float32), RATE, zlib.crc32(one.item.encode()))
    path = _place(out, one, condition, ".flac")
    sf.write(path, np.clip(changed, -1, 1), RATE)
    return replace(one, path=path, condition=condition, item=f"{one.item} {condition}")


def _place(out: Path, one: Whole, condition: str, ending: str) -> Path:
    """A file name that is the item's and no other's."""
    name = f"{zlib.crc32(f'{one.item} {condition}'.encode()):08x}"
    folder = out / one.source.replace("/", "_")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}{ending}"
