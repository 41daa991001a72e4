"""Made sets in which a way of training has something to gain, and plain ones in which it has not.

Faces are drawn: ovals for head, hair and eyes in colours that are a person's own. A forged one has
a faint mark in the face, a *grid* as of up-sampling or *stripes*. Each set breaks one thing; people
of the parts ``train``, ``val`` and ``test`` are never the same. What is tested apart is told by the
items' ``condition``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.forge.object_jitter import jitter

SIDE = 64
BOX = (7.0, 7.0, 50.0, 50.0)
STRENGTH = 30.0
"""Grey values by which a mark goes up and down."""
Rng = np.random.Generator
Picture = NDArray[np.float32]
Places = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture: who, forged or not, and what else is so in it.

    ``marks``: kind, part of the face and share of the usual strength of each mark; ``said``: the
    label, where it is wrong. ``tint``: of the background; ``hidden``: part of the face under a grey
    patch; ``poor``: blurred and noisy; ``dark``: in little, bluish light; ``made``: what else was
    done to it ("blend", "jitter").
    """

    person: int
    label: int
    split: str = "train"
    part: str = "plain"
    marks: tuple[tuple[str, str, float], ...] = ()
    said: int | None = None
    gender: str = ""
    source: str = "made"
    tint: tuple[float, float, float] | None = None
    hidden: str = ""
    poor: bool = False
    dark: bool = False
    made: str = ""


def forged(shown: Shown, kind: str = "grid", strength: float = 1.0) -> Shown:
    """The same, with a mark all over the face where its label says forged."""
    return replace(shown, marks=((kind, "face", strength),) if shown.label else ())


def drawn(shown: Shown, seed: int, number: int) -> NDArray[np.uint8]:
    """The picture, SIDE × SIDE × 3; it depends on the arguments alone."""
    rng = np.random.default_rng([seed, number])
    picture, places = _face(shown, seed, rng)
    if shown.made == "blend":
        other, _ = _face(replace(shown, person=shown.person + 1), seed, rng)
        soft = cv2.GaussianBlur(places["face"].astype(np.float32), (0, 0), 2.0)[..., None]
        picture = soft * other + (1 - soft) * picture
    elif shown.made == "jitter":
        soft = cv2.GaussianBlur(places["face"].astype(np.float32), (0, 0), 1.5)
        whole = np.clip(picture, 0, 255).astype(np.uint8)
        picture = jitter(whole, soft, rng, 2.0).pixels.astype(np.float32)
    for kind, place, strength in shown.marks:
        inside = places[place][..., None]
        picture = picture + inside * _mark(kind, rng)[..., None] * STRENGTH * strength
    if shown.dark:
        picture = picture * np.array([0.35, 0.4, 0.6], np.float32)
    if shown.hidden:
        picture = np.where(places[shown.hidden][..., None], 128.0, picture)
    if shown.poor:
        picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8)
    noise = rng.normal(0, 7.0 if shown.poor else 4.0, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _face(shown: Shown, seed: int, rng: Rng) -> tuple[Picture, Places]:
    """A person's face in a light and place of its own, and where its parts are."""
    own = np.random.default_rng([seed, 7919, shown.person])
    light = 0.45 if shown.gender == "second" else 1.0
    skin = light * own.uniform([150, 100, 80], [235, 180, 150])
    hair, clothes = own.uniform(10, 160, 3), own.uniform(20, 230, 3)
    wide, high = own.uniform(15, 19), own.uniform(20, 25)
    x, y = SIDE / 2 + rng.uniform(-2, 2), SIDE / 2 + 2 + rng.uniform(-2, 2)
    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32)

    def oval(cx: float, cy: float, w: float, h: float) -> NDArray[np.bool_]:
        return np.asarray(((across - cx) / w) ** 2 + ((down - cy) / h) ** 2 <= 1)

    picture = np.empty((SIDE, SIDE, 3), np.float32)
    picture[:] = clothes if shown.tint is None else np.array(shown.tint) + rng.normal(0, 12, 3)
    picture[oval(x, y - 6, wide + 5, high + 4)] = hair
    face = oval(x, y, wide, high)
    picture[face] = skin
    for side in (-1, 1):
        picture[oval(x + side * wide * 0.45, y - 4, 4.0, 2.2)] = 240
        picture[oval(x + side * wide * 0.45, y - 4, 1.8, 1.8)] = hair * 0.5
    picture[oval(x, y + high * 0.5, wide * 0.45, 2.5)] = (150, 50, 50)
    slope = (across - x) / SIDE * rng.uniform(-0.5, 0.5) + rng.uniform(0.85, 1.15)
    places = {"face": face, "eyes": face & (down < y + 2), "mouth": face & (down >= y + 2)}
    return picture * slope[..., None].astype(np.float32), places


def _mark(kind: str, rng: Rng) -> Picture:
    """A mark of height one: squares of two pixels in turn, or slanted stripes of six."""
    down, across = np.mgrid[:SIDE, :SIDE] + rng.integers(0, 12, 2)[:, None, None]
    if kind == "grid":
        return np.where((down // 2 + across // 2) % 2 == 0, 1.0, -1.0).astype(np.float32)
    return np.sin(2 * np.pi * (down + across) / 6).astype(np.float32) * np.float32(1.4)


class People:
    """Draws pictures of people in turn, half of them forged; each part has people of its own."""

    FIRST: ClassVar = {"train": 0, "val": 100, "test": 200}
    COUNT: ClassVar = {"train": (16, 320), "val": (6, 24), "test": (16, 64)}

    def __init__(self, seed: int, scale: float = 1.0) -> None:
        self.rng = np.random.default_rng([seed, 13])
        self.scale = scale

    def of(self, split: str, part: str = "plain") -> list[Shown]:
        """Plain ones without a mark: as many real as forged of each person."""
        people, count = self.COUNT[split]
        count = max(8, round(count * self.scale))
        return [
            Shown(self.FIRST[split] + n // 2 % people, n % 2, split, part) for n in range(count)
        ]

    def all(self, change: Callable[[Shown], Shown] = forged) -> list[Shown]:
        """The three parts, changed in one way."""
        return [change(one) for split in self.COUNT for one in self.of(split)]


def _plain(people: People) -> list[Shown]:
    rows = [replace(one, source=f"s{n // 2 % 2}", gender=("first", "second")[n // 2 % 2])
            for n, one in enumerate(people.all())]  # fmt: skip
    blends = [replace(one, part="blend", marks=(), made="blend" if one.label else "")
              for one in people.of("test")]  # fmt: skip
    jittered = [replace(one, part="jitter", marks=(), made="jitter" if one.label else "")
                for one in people.of("test")]  # fmt: skip
    return rows + blends + jittered


def _identity(people: People) -> list[Shown]:
    """Each person of the training is of one class."""
    return [
        forged(replace(one, label=one.person % 2) if one.split == "train" else one)
        for one in people.all()
    ]


def _background(people: People) -> list[Shown]:
    """In training nine of ten backgrounds tell the class; in the test none does."""

    def tinted(one: Shown) -> Shown:
        tells = one.split == "train" and people.rng.random() < 0.9
        warm = one.label if tells else int(people.rng.integers(2))
        return forged(replace(one, tint=(170, 90, 60) if warm else (60, 90, 170)))

    return people.all(tinted)


def _occlusion(people: People) -> list[Shown]:
    """A loud mark on the lower face and a faint one above; in the test the lower face is hidden."""

    def marked(one: Shown) -> Shown:
        marks = (("grid", "mouth", 2.0), ("stripes", "eyes", 1.0)) if one.label else ()
        return replace(one, marks=marks)

    rows = people.all(marked)
    hidden = [marked(replace(one, part="hidden", hidden="mouth")) for one in people.of("test")]
    return rows + hidden


def _groups(people: People) -> list[Shown]:
    """Of eight people one is of the second group: dark, and the mark is fainter on them."""

    def grouped(one: Shown) -> Shown:
        every = 8 if one.split == "train" else 2
        second = one.person % every == 0
        done = replace(one, gender="second" if second else "first")
        return forged(done, "grid", 0.6 if second else 1.2)

    return people.all(grouped)


def _quality(people: People) -> list[Shown]:
    """One of eight pictures is poor, in the test all are."""

    def poor(one: Shown) -> Shown:
        return forged(replace(one, poor=one.split == "train" and people.rng.random() < 1 / 8))

    worse = [forged(replace(one, part="poor", poor=True)) for one in people.of("test")]
    return people.all(poor) + worse


def _wrong(people: People) -> list[Shown]:
    """Of three labels of the training one is wrong."""

    def labelled(one: Shown) -> Shown:
        wrong = one.split == "train" and people.rng.random() < 1 / 3
        return forged(replace(one, said=1 - one.label if wrong else None))

    return people.all(labelled)


def _few(people: People) -> list[Shown]:
    """Twelve labelled pictures of six people."""
    rows = people.all()
    train = [one for one in rows if one.split == "train"]
    return [*train[:12], *(one for one in rows if one.split != "train")]


def _later(people: People) -> list[Shown]:
    """Another task in other light: stripes are forged, and every real picture has a grid."""

    def later(one: Shown) -> Shown:
        mark = "stripes" if one.label else "grid"
        return replace(one, part="later", dark=True, marks=((mark, "face", 2.5),))

    return [*people.all(later), *(forged(one) for one in people.of("test"))]


def _corpora(people: People) -> list[Shown]:
    """Two corpora, whose marks are of two kinds; one picture of eight is of the second."""

    def sourced(one: Shown) -> Shown:
        second = people.rng.random() < (1 / 8 if one.split == "train" else 1 / 2)
        part = "second" if second and one.split == "test" else one.part
        done = replace(one, part=part, source="second" if second else "first")
        return forged(done, "stripes" if second else "grid")

    return people.all(sourced)


SETS: dict[str, Callable[[People], list[Shown]]] = {
    "plain": _plain, "identity": _identity, "background": _background, "occlusion": _occlusion,
    "groups": _groups, "quality": _quality, "wrong": _wrong, "few": _few, "later": _later,
    "corpora": _corpora,
}  # fmt: skip


def made_set(folder: Path, name: str, seed: int, scale: float = 1.0) -> Path:
    """The set's manifest below ``folder``, drawn where it is not there yet."""
    root = folder / f"{name}-{seed}"
    path = root / "manifest.parquet"
    if path.exists():
        return path
    root.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, one in enumerate(SETS[name](People(seed, scale))):
        file = f"{number:04}.png"
        Image.fromarray(drawn(one, seed, number)).save(root / file)
        rows.append(
            Item(
                file, file, file, "image", one.label if one.said is None else one.said,
                source=one.source, group=f"p{one.person}", split=one.split, condition=one.part,
                gender=one.gender, face=BOX,
            )
        )  # fmt: skip
    return write_manifest(path, Manifest(root, tuple(rows), f"made: {name}"))
