"""Made sets in which a way of training has something to gain, and plain ones in which it has not.

Each set breaks one thing; people of the parts ``train``, ``val`` and ``test`` are never the same.
What is tested apart is told by the items' ``condition``. Pictures: ``strategies_drawn``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import strategies_pages
from PIL import Image
from strategies_drawn import BOX, PAGES, Shown, drawn, forged

from unmask.datasets.manifest import Item, Manifest, write_manifest


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


def _pages(people: People) -> list[Shown]:
    """Pages of text, whose forged ones have a mark; in another test a line of them is edited."""
    rows = people.all(lambda one: forged(replace(one, made="page")))
    edited = [replace(one, part="edited", made="edited" if one.label else "page")
              for one in people.of("test")]  # fmt: skip
    return rows + edited


SETS: dict[str, Callable[[People], list[Shown]]] = {
    "plain": _plain, "identity": _identity, "background": _background, "occlusion": _occlusion,
    "groups": _groups, "quality": _quality, "wrong": _wrong, "few": _few, "later": _later,
    "corpora": _corpora, "pages": _pages,
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
                gender=one.gender, face=strategies_pages.BOX if one.made in PAGES else BOX,
            )
        )  # fmt: skip
    return write_manifest(path, Manifest(root, tuple(rows), f"made: {name}"))
