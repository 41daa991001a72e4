"""Made pictures of text: receipts, letters, tables, forms, chats and invoices, and their saving.

They show nobody's data: words and numbers are drawn. Layouts and fonts of ``UNSEEN`` are kept for
testing. What a phone, an editor and a messenger do to a picture when they save it stands here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from unmask.errors import UnknownName
from unmask.forge.operations import jpeg
from unmask.types import Pixels

Rng = np.random.Generator
SEEN = ("receipt", "letter", "table", "form")
UNSEEN = ("chat", "invoice")
SAVES = ("clean", "phone", "editor", "messenger")
_SEEN_FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSans-Bold.ttf", "cmr10.ttf")
_UNSEEN_FONTS = ("STIXGeneral.ttf", "DejaVuSansMono.ttf", "cmss10.ttf")


def fonts(unseen: bool = False) -> tuple[Path, ...]:
    """Files of letters that come with matplotlib: those to train on, or those kept for testing."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return tuple(folder / name for name in (_UNSEEN_FONTS if unseen else _SEEN_FONTS))


def page(layout: str, letters: Sequence[Path], rng: Rng, side: int = 384) -> Pixels:
    """A made picture of text, ``side`` pixels wide and about as high. Raises UnknownName."""
    if layout not in (*SEEN, *UNSEEN):
        raise UnknownName("layout", layout, (*SEEN, *UNSEEN))
    height = int(side * rng.uniform(0.9, 1.2))
    light = rng.uniform(215, 255, 3) if layout != "chat" else rng.uniform(180, 250, 3)
    ground = Image.new("RGB", (side, height), tuple(int(v) for v in light))
    pen = ImageDraw.Draw(ground)
    font = str(letters[int(rng.integers(len(letters)))])
    dark = tuple(int(v) for v in rng.uniform(0, 70, 3))
    size = int(rng.integers(13, 21))
    step = round(size * rng.uniform(1.4, 2.0))
    top = int(rng.integers(8, 24))
    face = ImageFont.truetype(font, size)
    while top + step < height:
        for left, text in _row(layout, side, size, rng):
            if layout == "chat":
                box = (
                    left - 6,
                    top - 3,
                    left + int(pen.textlength(text, face)) + 6,
                    top + size + 5,
                )
                tint = tuple(int(v) for v in rng.uniform(200, 255, 3))
                pen.rounded_rectangle(box, 6, fill=tint)
            pen.text((left, top), text, fill=dark, font=face)
        if layout in ("table", "form", "invoice") and rng.random() < 0.7:
            pen.line((10, top + step - 3, side - 10, top + step - 3), fill=dark)
        top += step + (step // 2 if rng.random() < 0.15 else 0)
    return _photographed(np.asarray(ground, np.uint8), rng) if rng.random() < 0.6 else _flat(ground)


def _flat(ground: Image.Image) -> Pixels:
    return np.asarray(ground, np.uint8).copy()


def _row(layout: str, side: int, size: int, rng: Rng) -> list[tuple[int, str]]:
    """Pieces of text of one row, and where they begin."""
    price = f"{rng.integers(1, 999)}.{rng.integers(10, 99)}"
    if layout == "receipt":
        return [(12, _words(rng, 1, 2)), (side - 5 * size, price)]
    if layout == "letter":
        return [(14, _words(rng, 3, max(4, round(side / size / 4))))]
    if layout == "table":
        quarter = side // 4
        return [(10 + i * quarter, str(rng.integers(10, 99999))) for i in range(4)]
    if layout == "form":
        return [(10, _words(rng, 1, 1) + ":"), (side // 3, _words(rng, 1, 3))]
    if layout == "chat":
        own = rng.random() < 0.5
        return [(14 if own else side // 3, _words(rng, 1, 3))]
    third = side // 3
    return [
        (10, str(rng.integers(1000, 9999))),
        (third, _words(rng, 1, 1)),
        (2 * third + 30, price),
    ]


def _words(rng: Rng, least: int, most: int) -> str:
    alphabet = list("aaabcdeeeefghiiijklmnnooprrsssttuvwy")
    words = [
        "".join(rng.choice(alphabet, int(rng.integers(3, 9))))
        for _ in range(int(rng.integers(least, most + 1)))
    ]
    if rng.random() < 0.3:
        words.append(str(rng.integers(1, 9999)))
    return " ".join(words).capitalize()


def _photographed(pixels: Pixels, rng: Rng) -> Pixels:
    """As a camera sees it: light from one side, a little blur, noise."""
    height, width = pixels.shape[:2]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    turn = rng.uniform(0, 2 * np.pi)
    light = 1 - rng.uniform(0, 0.25) * (np.cos(turn) * down + np.sin(turn) * across + 1) / 2
    value = cv2.GaussianBlur(
        pixels.astype(np.float32) * light[..., None], (0, 0), rng.uniform(0.4, 0.9)
    )
    grain = cv2.GaussianBlur(rng.normal(0, 1, pixels.shape), (0, 0), 0.5) * rng.uniform(2, 7)
    return np.asarray(np.clip(value + grain + 0.5, 0, 255), np.uint8)


def saved(
    pixels: Pixels, mask: NDArray[np.uint8], by: str, rng: Rng
) -> tuple[Pixels, NDArray[np.uint8]]:
    """Picture and mask as a phone, an editor or a messenger saves them (``clean``: as they are).

    A phone saves well; an editor saves with any quality; a messenger also makes it smaller half the
    time and saves hard. Raises UnknownName.
    """
    if by == "clean":
        return pixels, mask
    if by == "phone":
        return jpeg(pixels, int(rng.integers(88, 97))), mask
    if by == "editor":
        return jpeg(pixels, int(rng.integers(75, 96)), int(rng.choice([0, 2]))), mask
    if by != "messenger":
        raise UnknownName("way to save", by, SAVES)
    if rng.random() < 0.5:
        factor = rng.uniform(0.7, 0.95)
        size = tuple(max(32, round(s * factor)) for s in pixels.shape[1::-1])
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    return jpeg(pixels, int(rng.integers(60, 86))), mask
