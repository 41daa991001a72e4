"""Made cases for `identity_drift.py`: recordings with a stretch of another voice, videos with a
stretch of another face, and the same ones untouched.

Voices are utterances of one speaker joined without a pause. Faces are clips of people, played to
and fro until they are long enough, or photographs moved by small smooth warps; the other face is
cut in (another film for three seconds) or swapped in (pasted on the face, feathered, in its
colours).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import soundfile as sf

from unmask.faces.detect import detect
from unmask.media import frames, probe, read_image

RATE = 16000
FPS = 10
SIDE = 256
SECONDS, INSERT = 10.0, 3.0
VOICE_INSERT = 2.0
_COUNT = round(SECONDS * FPS)
CORPORA = ("libri_", "vctk_p", "mlspt_", "cv_", "Chinese_MST:")


@dataclass(frozen=True)
class Case:
    """One file: whose, what was put in where (``None``: untouched), and how."""

    name: str
    person: str
    other: str
    kind: str
    base: str
    span: tuple[float, float] | None
    make: Any = field(compare=False, repr=False)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The file, and the folder of its references."""
        return self.make(folder)


def rows(data: Path) -> list[dict[str, Any]]:
    text = (data / "manifest.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def voice_cases(data: Path, part: str, seed: int) -> Iterator[Case]:
    """Cases of the speakers of one part: every third for calibration, the others for the test."""
    pages: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows(data):
        who = row.get("subject") or ""
        if row["kind"] != "audio" or row["label"] != "real":
            continue
        if "LJ" in who:
            who = "LJ"
        elif not who.startswith(CORPORA):
            continue
        if row["seconds"] > 2.1:
            files = pages.setdefault(who, {}).setdefault(row["source"], {})
            files.setdefault(row.get("group") or row["path"], row["path"])
    # The recordings of one page only: another page handled its recordings otherwise.
    speakers = {who: max(some.values(), key=len) for who, some in pages.items()}
    names = sorted(name for name, files in speakers.items() if len(files) >= 6)
    calibrating = set(names[::3])
    own = [name for name in names if (name in calibrating) == (part == "calibrate")]
    for name in own:
        for turn in range(6):
            random = np.random.default_rng([seed, names.index(name), turn])
            files = list(speakers[name].values())
            order = [files[i] for i in random.permutation(len(files))]
            count = min(4, len(order) - 3)
            inside, known = order[:count], order[count : count + 6]
            like = [n for n in own if n != name and n.split("_")[0] == name.split("_")[0]]
            far = [n for n in own if n.split("_")[0] != name.split("_")[0]]
            near = bool(like) and turn % 2 == 0
            pool = like if near else far
            other = pool[int(random.integers(len(pool)))]
            stranger = list(speakers[other].values())
            put = stranger[int(random.integers(len(stranger)))]
            at = int(random.integers(1, count))
            pieces = [_sound(data / path) for path in inside]
            extra = _sound(data / put)[: round(VOICE_INSERT * RATE)]
            start = sum(len(piece) for piece in pieces[:at]) / RATE
            base = name.split("_")[0].split(":")[0]
            yield Case(
                f"voice-{name}-{turn}-made",
                name,
                other,
                f"2 s of another speaker of {'the same' if near else 'another'} corpus",
                base,
                (start, start + len(extra) / RATE),
                _VoiceFile(data, [*pieces[:at], extra, *pieces[at:]], known),
            )
            yield Case(
                f"voice-{name}-{turn}-untouched",
                name,
                "",
                "untouched",
                base,
                None,
                _VoiceFile(data, pieces, known),
            )


@dataclass
class _VoiceFile:
    data: Path
    pieces: list[np.ndarray]
    known: list[str]

    def __call__(self, folder: Path) -> tuple[Path, Path]:
        references = folder / "references"
        references.mkdir()
        for i, path in enumerate(self.known):
            sf.write(references / f"{i}.wav", _sound(self.data / path), RATE)
        target = folder / "suspect.wav"
        sf.write(target, np.concatenate(self.pieces), RATE)
        return target, references


def _sound(path: Path) -> np.ndarray:
    return sf.read(path, dtype="float32")[0]


def face_cases(data: Path, part: str, seed: int) -> Iterator[Case]:
    """London people and clips of real people, both by thirds, as above."""
    people: dict[str, list[str]] = {}
    clips: list[tuple[str, str]] = []
    for row in rows(data):
        if "london" in row["path"]:
            people.setdefault(row["group"], []).append(row["path"])
        elif row["kind"] == "video" and row["label"] == "real":
            clips.append((row["group"], row["path"]))
    names = sorted(name for name, files in people.items() if len(files) == 2)
    calibrating = set(names[::3])
    own = [name for name in names if (name in calibrating) == (part == "calibrate")]
    hosts = [(name, "", sorted(people[name])) for name in own]
    clips.sort()
    for i, (group, path) in enumerate(clips):
        if (i % 3 == 0) == (part == "calibrate"):
            hosts += [(f"{group}/{Path(path).stem}", path, [])] * (1 if i % 3 == 0 else 2)
    for number, (name, clip, photos) in enumerate(hosts):
        random = np.random.default_rng([seed, number])
        others = [one for one in own if one != name]
        other = others[int(random.integers(len(others)))]
        start = round(float(random.uniform(1.5, SECONDS - INSERT - 1.5)), 1)
        kind = "cut" if number % 2 == 0 else "swap"
        base = "clip" if clip else "photo"
        film = _Film(data, clip, photos, sorted(people[other]), int(random.integers(1 << 30)))
        said = {
            "cut": "3 s of another person cut in",
            "swap": "3 s with another face swapped in",
        }[kind]
        span = (start, start + INSERT)
        yield Case(
            f"face-{number}-made", name, other, said, base, span, _FaceFile(film, kind, start)
        )
        if part == "calibrate" or (kind == "cut" if clip else number % 3 == 0):
            yield Case(
                f"face-{number}-untouched", name, "", "untouched", base, None,
                _FaceFile(film, "", 0.0),
            )  # fmt: skip


@dataclass
class _Film:
    """Ten seconds of one person, and references of that person that are not in it."""

    data: Path
    clip: str
    photos: list[str]
    other: list[str]
    seed: int

    def host(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Frames of the film, and reference pictures."""
        if not self.clip:
            known = _moved(_photo(self.data / self.photos[0]), 4, 1.5, self.seed + 1)
            film = _moved(_photo(self.data / self.photos[1]), _COUNT, 1 / FPS, self.seed)
            return film, known
        path = self.data / self.clip
        own = [_small(f.pixels) for f in frames(path, probe(path), fps=FPS)]
        cut = round(1.2 * FPS)
        rest = own[cut:]
        way = [*rest, *rest[-2:0:-1]]
        film = [way[i % len(way)] for i in range(_COUNT)]
        return film, own[:cut:4]

    def stranger(self) -> list[np.ndarray]:
        """Frames of the other person."""
        photo = _photo(self.data / self.other[1])
        return _moved(photo, round(INSERT * FPS), 1 / FPS, self.seed + 2)


@dataclass
class _FaceFile:
    film: _Film
    kind: str
    start: float

    def __call__(self, folder: Path) -> tuple[Path, Path]:
        shown, known = self.film.host()
        references = folder / "references"
        references.mkdir()
        for i, pixels in enumerate(known):
            cv2.imwrite(str(references / f"{i}.png"), pixels[:, :, ::-1])
        if self.kind:
            first = round(self.start * FPS)
            stranger = self.film.stranger()
            own = shown[first : first + len(stranger)]
            if self.kind == "cut":
                size = (own[0].shape[1], own[0].shape[0])
                put = [cv2.resize(pixels, size) for pixels in stranger]
            else:
                put = _swapped(own, stranger)
            shown[first : first + len(put)] = put
        target = folder / "suspect.mp4"
        _encode(target, shown)
        return target, references


def _photo(path: Path) -> np.ndarray:
    return _small(read_image(path))


def _small(pixels: np.ndarray) -> np.ndarray:
    scale = SIDE / max(pixels.shape[:2])
    size = (round(pixels.shape[1] * scale) // 2 * 2, round(pixels.shape[0] * scale) // 2 * 2)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _moved(photo: np.ndarray, count: int, step: float, seed: int) -> list[np.ndarray]:
    """A photograph that sways, turns, breathes and bends a little, with sensor noise."""
    random = np.random.default_rng(seed)
    height, width = photo.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    phase, speed = random.uniform(0, 6.28, 8), random.uniform(0.15, 0.6, 8) * 6.28
    bends = [
        cv2.GaussianBlur(random.normal(size=(height, width)).astype(np.float32), (0, 0), 28)
        for _ in range(4)
    ]
    bends = [bend / np.abs(bend).max() for bend in bends]
    noise = random.normal(0, 2, (4, *photo.shape)).astype(np.float32)
    shown = []
    for i in range(count):
        s = np.sin(phase + speed * i * step)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 4 * s[0], 1.04 + 0.04 * s[1])
        u = x + 3 * (s[4] * bends[0] + s[5] * bends[1]) - 6 * s[2]
        v = y + 3 * (s[6] * bends[2] + s[7] * bends[3]) - 6 * s[3]
        a = turn[0, 0] * u + turn[0, 1] * v + turn[0, 2]
        b = turn[1, 0] * u + turn[1, 1] * v + turn[1, 2]
        warped = cv2.remap(
            photo, a.astype(np.float32), b.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        shown.append(np.clip(warped + noise[i % 4], 0, 255).astype(np.uint8))
    return shown


def _swapped(own: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
    """The faces of ``other`` on those of ``own``: five points laid on five points, feathered."""
    made = []
    for picture, stranger, mine, theirs in zip(
        own, other, _followed(own), _followed(other), strict=True
    ):
        height, width = picture.shape[:2]
        map_, _ = cv2.estimateAffinePartial2D(theirs[:5], mine[:5], method=cv2.LMEDS)
        laid = cv2.warpAffine(stranger, map_, (width, height), borderMode=cv2.BORDER_REPLICATE)
        (x, y), (wide, high) = mine[5], mine[6]
        mask = np.zeros((height, width), np.float32)
        centre = (round(float(x + wide / 2)), round(float(y + high * 0.52)))
        axes = (round(float(wide * 0.48)), round(float(high * 0.5)))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
        inside = mask > 0.5
        colour = picture[inside].mean(0) - laid[inside].mean(0)
        mask = cv2.GaussianBlur(mask, (0, 0), max(2.0, float(wide) / 25))[:, :, None]
        mixed = picture * (1 - mask) + np.clip(laid + colour, 0, 255) * mask
        made.append(np.clip(mixed, 0, 255).astype(np.uint8))
    return made


def _followed(film: list[np.ndarray]) -> np.ndarray:
    """Five points, place and size of the largest face of each frame: every third is searched."""
    found: dict[int, np.ndarray] = {}
    for i in [*range(0, len(film), 3), len(film) - 1]:
        faces = detect(film[i], SIDE)
        if faces:
            box = faces[0].box
            size = [[box.x, box.y], [box.width, box.height]]
            found[i] = np.concatenate([faces[0].points, np.array(size, np.float32)])
    known = sorted(found)
    flat = np.stack([found[i].ravel() for i in known])
    columns = [np.interp(range(len(film)), known, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(len(film), 7, 2).astype(np.float32)


def _encode(path: Path, shown: list[np.ndarray]) -> None:
    with av.open(str(path), "w") as media:
        stream = media.add_stream("libx264", rate=FPS, options={"crf": "23", "preset": "ultrafast"})
        stream.height, stream.width = shown[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        for i, pixels in enumerate(shown):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            media.mux(stream.encode(frame))
        media.mux(stream.encode())
