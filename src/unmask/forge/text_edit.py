"""Edits of text in a picture, in five kinds, with the exact mask of what was changed.

Copy-move, splice, removal, insertion and replacement are the kinds of Yu et al. 2025 (FSTS); how
each is done is drawn from a table of habits (``text_habits``).
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from unmask.errors import DataError
from unmask.forge.operations import jpeg
from unmask.forge.text_habits import Habit, Population, population
from unmask.forge.text_lines import Line, ink, lines
from unmask.types import Pixels

Rng = np.random.Generator
_TRIES, _CHANGED = 8, 0.02
"""An edit that changes a smaller share of its place (ground over ground) is drawn again."""


@dataclass(frozen=True, slots=True)
class TextEdit:
    """The edited picture, where something was laid in (height × width, 0 or 1), and how."""

    pixels: Pixels
    mask: NDArray[np.uint8]
    habit: Habit


def edit_text(
    host: Pixels,
    rng: Rng,
    kind: str = "",
    donor: Pixels | None = None,
    ways: Population | None = None,
    fonts: Sequence[Path] = (),
) -> TextEdit:
    """One edit of a line, by ``ways`` (of one person, or of all).

    ``donor``: another picture with text, for a splice; without one a splice is a copy-move.
    ``fonts``: files of letters that may be set; otherwise Pillow's own. Where no line is found, a
    strip of the picture is taken for one. Raises DataError when the picture is too small.
    """
    if min(host.shape[:2]) < 24:
        raise DataError("A picture below 24 pixels has no room for an edit of text.")
    for _ in range(_TRIES):
        made = _once(host, rng, kind, donor, ways or population(), fonts)
        if (made.pixels != host).any(-1).mean() >= _CHANGED * made.mask.mean():
            break
    return made


def _once(
    host: Pixels,
    rng: Rng,
    kind: str,
    donor: Pixels | None,
    ways: Population,
    fonts: Sequence[Path],
) -> TextEdit:
    habit = ways.edit(rng, kind)
    line = _drawn(host, rng)
    place = _part(line, habit.width, host.shape, rng)
    if habit.kind == "insertion":
        place = _beside(host, line, place, rng)
    if habit.kind == "removal":
        piece = _ground(host, place, habit, rng)
    elif habit.kind in ("copy-move", "splice"):
        source = donor if habit.kind == "splice" and donor is not None else host
        piece = _taken(source, place, habit, rng)
    else:
        ground = host if habit.kind == "insertion" else _covered(host, place, habit, rng)
        piece = _lettered(ground, host, line, place, habit, rng, fonts)
    return _laid(host, piece, place, habit, rng)


def _drawn(host: Pixels, rng: Rng) -> Line:
    found = lines(host)
    if found:
        return found[int(rng.integers(len(found)))]
    height, width = host.shape[:2]
    high = int(rng.integers(max(8, height // 16), max(9, height // 6)))
    wide = min(width, high * int(rng.integers(2, 8)))
    left, top = int(rng.integers(width - wide + 1)), int(rng.integers(height - high + 1))
    return Line(left, top, wide, high)


def _part(line: Line, width: float, shape: tuple[int, ...], rng: Rng) -> Line:
    """A part of a line, ``width`` of its heights wide."""
    wide = min(line.width, max(6, round(width * line.height)))
    left = line.left + int(rng.integers(line.width - wide + 1))
    return Line(left, line.top, min(wide, shape[1] - left), min(line.height, shape[0] - line.top))


def _beside(host: Pixels, line: Line, place: Line, rng: Rng) -> Line:
    """A place with little ink, level with the line if there is one; else where ``place`` is."""
    marks = ink(host)
    height, width = marks.shape
    for _ in range(20):
        left = int(rng.integers(width - place.width + 1))
        top = line.top if rng.random() < 0.6 else int(rng.integers(height - place.height + 1))
        free = Line(left, min(top, height - place.height), place.width, place.height)
        if float(free.of(marks).mean()) < 0.02:
            return free
    return place


def _ground(host: Pixels, place: Line, habit: Habit, rng: Rng) -> Pixels:
    """The place without its letters: an even colour, filled from around, or a piece of ground."""
    box = place.of(host)
    if habit.ground == 1:
        inside = np.zeros(host.shape[:2], np.uint8)
        place.of(inside)[:] = 1
        rim = 12
        top, left = max(0, place.top - rim), max(0, place.left - rim)
        around = np.s_[top : place.top + place.height + rim, left : place.left + place.width + rim]
        filled = cv2.inpaint(
            np.ascontiguousarray(host[around]), inside[around], 3, cv2.INPAINT_TELEA
        )
        there = Line(place.left - left, place.top - top, place.width, place.height)
        return np.asarray(there.of(filled), np.uint8)
    if habit.ground == 2:
        free = _beside(host, place, place, rng)
        if free is not place:
            return np.asarray(free.of(host), np.uint8)
    colour = np.median(np.asarray(box).reshape(-1, 3), axis=0)
    return np.broadcast_to(colour.astype(np.uint8), box.shape).copy()


def _covered(host: Pixels, place: Line, habit: Habit, rng: Rng) -> Pixels:
    covered = host.copy()
    place.of(covered)[:] = _ground(host, place, habit, rng)
    return covered


def _taken(source: Pixels, place: Line, habit: Habit, rng: Rng) -> Pixels:
    """A piece of a line of ``source``, scaled and turned, of the size of the place."""
    line = _drawn(source, rng)
    scale = habit.scale * place.height / line.height
    wide = max(2, min(source.shape[1], round(place.width / scale)))
    left = min(line.left + int(rng.integers(max(1, line.width - wide + 1))), source.shape[1] - wide)
    high = max(2, min(source.shape[0], round(place.height / scale)))
    middle = line.top + line.height // 2
    top = int(np.clip(middle - high // 2, 0, source.shape[0] - high))
    piece = np.ascontiguousarray(source[top : top + high, left : left + wide])
    size = (place.width, place.height)
    if piece.shape[:2] != size[::-1]:
        piece = cv2.resize(piece, size, interpolation=cv2.INTER_CUBIC)
    return _turned(np.asarray(piece, np.uint8), habit)


def _turned(piece: Pixels, habit: Habit) -> Pixels:
    shift = habit.shift * piece.shape[0]
    if habit.angle == 0 and abs(shift) < 0.5:
        return piece
    height, width = piece.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), habit.angle, 1)
    turn[1, 2] += round(shift)
    turned = cv2.warpAffine(
        piece, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(turned, np.uint8)


def _lettered(
    ground: Pixels,
    host: Pixels,
    line: Line,
    place: Line,
    habit: Habit,
    rng: Rng,
    fonts: Sequence[Path],
) -> Pixels:
    """New digits or letters on the ground, as high and as dark as those of the line."""
    marks = line.of(ink(host))
    box = np.asarray(line.of(host))
    colour = box[marks].mean(0) if marks.any() else np.array([30.0, 30.0, 30.0])
    size = max(6, round(0.8 * place.height * habit.scale))
    letters = string.digits if rng.random() < 0.6 else string.ascii_letters
    count = max(1, round(place.width / (0.6 * size)))
    text = "".join(rng.choice(list(letters), count))
    font = (
        ImageFont.truetype(str(fonts[int(rng.integers(len(fonts)))]), size)
        if fonts
        else ImageFont.load_default(size)
    )
    piece = Image.fromarray(np.ascontiguousarray(place.of(ground)))
    ink_colour = tuple(int(v) for v in np.clip(colour, 0, 255))
    drop = place.height / 2 + habit.shift * place.height
    ImageDraw.Draw(piece).text((1, drop), text, fill=ink_colour, font=font, anchor="lm")
    return np.asarray(piece, np.uint8)


def _laid(host: Pixels, piece: Pixels, place: Line, habit: Habit, rng: Rng) -> TextEdit:
    """The piece with a history of its own, laid in; outside the mask nothing changes."""
    value = piece.astype(np.float32) + habit.tone
    if habit.blur:
        value = cv2.GaussianBlur(value, (0, 0), habit.blur)
    if habit.noise:
        value = value + rng.normal(0, habit.noise, value.shape)
    done = np.clip(value + 0.5, 0, 255).astype(np.uint8)
    if habit.saved:
        done = jpeg(np.ascontiguousarray(done), round(habit.saved))
    soft = np.ones(done.shape[:2], np.float32)
    if habit.feather:
        rim = round(habit.feather)
        soft = np.pad(soft[rim:-rim, rim:-rim], rim)
        soft = cv2.GaussianBlur(soft, (0, 0), habit.feather)
    pixels = host.copy()
    before = np.asarray(place.of(host)).astype(np.float32)
    mixed = before * (1 - soft[..., None]) + done * soft[..., None]
    place.of(pixels)[:] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    mask = np.zeros(host.shape[:2], np.uint8)
    place.of(mask)[:] = soft > 0
    return TextEdit(pixels, mask, habit)
