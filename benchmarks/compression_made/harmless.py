"""Whole authentic pictures after what anybody does to them: none of it makes a part differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from fact_table import Case
from PIL import Image

from compression_made.pictures import REGION, Photographs, again, named, said

Picture = Image.Image
Change = Callable[[Picture, Path], object]
RIM, SCALES = 0.05, (0.9, 1.8)


def _fine(image: Picture, path: Path) -> None:
    image.save(path, "JPEG", quality=95, subsampling=0)


def _cropped(image: Picture, path: Path) -> None:
    x, y = round(image.width * RIM), round(image.height * RIM)
    _fine(again(image, path, 75).crop((x, y, image.width - x, image.height - y)), path)


def _scaled(by: float) -> Change:
    def change(image: Picture, path: Path) -> None:
        size = round(image.width * by), round(image.height * by)
        _fine(again(image, path, 75).resize(size, Image.Resampling.LANCZOS), path)

    return change


def _preset(name: str, last: int) -> Change:
    def change(image: Picture, path: Path) -> None:
        image.save(path, "JPEG", quality=name)
        with Image.open(path) as saved:
            again(saved.convert("RGB"), path, last)

    return change


def _thrice(image: Picture, path: Path) -> None:
    for quality in (65, 80, 95):
        image = again(image, path, quality)


CHANGES: dict[str, Change] = {
    "saved at 75, cropped by 5 %, saved at 95 in full colour": _cropped,
    **{f"saved at 75, resized by {by}, saved at 95 in full colour": _scaled(by) for by in SCALES},
    "saved by Photoshop for the web, then at 90": _preset("web_medium", 90),
    "saved by Photoshop at medium, then at 95": _preset("medium", 95),
    "saved at 65, at 80 and at 95": _thrice,
}


def cases(data: Path, folder: Path) -> Iterator[Case]:
    """Sixty parts of photographs, each after every change."""
    rng = np.random.default_rng(23)
    photos = Photographs(rng)
    path = folder / "changed.jpg"
    for number in range(60):
        name, photo = photos.crop(int(rng.integers(400, 1200)), int(rng.integers(400, 900)))
        for kind, change in CHANGES.items():
            change(photo, path)
            flagged = named(said(path), REGION) is not None
            yield Case(f"picture {name} {number}", f"photograph {kind}: region", False, flagged)
