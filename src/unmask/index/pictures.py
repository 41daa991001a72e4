"""Finding the known picture that a suspect was made from.

Candidates come from the hash of the whole picture in its eight turns (with plain borders cut off
too), and from marks of the suspect, as it is and mirrored, that lie as those of a known picture do.
A candidate counts only when the two, laid over each other, are one photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from unmask.index.align import Fit, Laid, Likeness, laid, likeness, refined, shrunk, whole
from unmask.index.difference import recoloured
from unmask.index.hamming import near_pairs
from unmask.index.hashes import (
    LEAST_QUALITY,
    TURNS,
    Words,
    distances,
    packed,
    spectrum,
    turned_spectrum,
)
from unmask.index.keypoints import Points, find_points
from unmask.index.keys import small_luma
from unmask.index.store import Entry
from unmask.media.image import turned
from unmask.types import Pixels, Tensor

MOST_BITS = 72
"""Bits of 256 in which the hash of a candidate may differ; random pictures differ in 128."""
_QUERY_SIDE, _QUERY_MARKS = 384, 200
_MARK_BITS = 14
_LEAST_MARKS = 5
_TRIED = 6
_MIRRORED = 2
_NEAR, _SCALES = 6.0, 0.3
_PLAIN = 12.0


@dataclass(frozen=True, slots=True)
class Lead:
    """A guess: this item, after turning the suspect so, laid so (None: edge to edge)."""

    owner: int
    turn: int
    rank: float
    bits: int | None = None
    fit: Fit | None = None
    trimmed: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A known picture found in a suspect. ``bits``: the distance of the hashes, where they led."""

    owner: int
    turn: int
    bits: int | None
    likeness: Likeness
    both: Laid


class Pictures:
    """The known still pictures, ready to be searched."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        keys = [entry.keys for entry in entries]
        self.hashes: Words = np.concatenate(
            [np.zeros((0, 4), np.uint64), *(k.hashes for k in keys)]
        )
        self.owners = np.repeat(np.arange(len(keys)), [len(k.hashes) for k in keys])
        marks = [k.marks for k in keys if len(k.marks)]
        self._marks = np.concatenate(marks) if marks else np.zeros(0, [("bits", "<u8")])
        self._mark_owners = np.repeat(np.arange(len(keys)), [len(k.marks) for k in keys])
        self._bits = np.ascontiguousarray(self._marks["bits"])

    def find(
        self, pixels: Pixels, known: Callable[[int], Pixels | None], most: int = 5
    ) -> list[Seen]:
        """The items that the picture shows, the most alike first. ``known`` gives their pixels."""
        found: dict[int, Seen] = {}
        leads = sorted(self._leads(pixels), key=lambda lead: lead.rank)
        tried: dict[int, int] = {}
        for lead in leads:
            if lead.owner in found or tried.get(lead.owner, 0) >= 3 or len(tried) >= _TRIED:
                continue
            tried[lead.owner] = tried.get(lead.owner, 0) + 1
            kept = known(lead.owner)
            seen = None if kept is None else examined(kept, pixels, lead)
            if seen is not None:
                found[lead.owner] = seen
                if len(found) >= most:
                    break
        return sorted(found.values(), key=lambda seen: -seen.likeness.share)

    def _leads(self, pixels: Pixels) -> Iterator[Lead]:
        yield from self._by_hash(pixels, None)
        if (box := inner(pixels)) is not None:
            left, top, right, bottom = box
            cut = np.ascontiguousarray(pixels[top:bottom, left:right])
            yield from self._by_hash(cut, box)
        if len(self._bits):
            yield from self._by_marks(pixels)

    def _by_hash(self, pixels: Pixels, box: tuple[int, int, int, int] | None) -> Iterator[Lead]:
        coefficients, quality = spectrum(pixels)
        if quality < LEAST_QUALITY or not len(self.hashes):
            return
        for turn in TURNS:
            away = distances(self.hashes, packed(turned_spectrum(coefficients, turn)))
            near = np.nonzero(away <= MOST_BITS)[0]
            for index in near[np.argsort(away[near], kind="stable")][:_TRIED]:
                bits = int(away[index])
                yield Lead(int(self.owners[index]), turn, bits / 256, bits, trimmed=box)

    def _by_marks(self, pixels: Pixels) -> Iterator[Lead]:
        grey = small_luma(pixels, _QUERY_SIDE)
        points = find_points(grey, _QUERY_MARKS)
        if not len(points.places):
            return
        ratio = pixels.shape[1] / grey.shape[1], pixels.shape[0] / grey.shape[0]
        mirrored = points.mirrored(grey.shape[1])
        for turn, seen in ((1, points), (_MIRRORED, mirrored)):
            for owner, fit, count in self._voted(seen):
                scaled = Fit(
                    fit.au * ratio[0], fit.bu * ratio[0], fit.av * ratio[1], fit.bv * ratio[1]
                )
                yield Lead(owner, turn, 1 / (1 + count), fit=scaled)

    def _voted(self, points: Points) -> Iterator[tuple[int, Fit, int]]:
        """Items whose marks lie as some of these do, with the fit and the number of marks."""
        mine, theirs = near_pairs(points.bits(), self._bits, _MARK_BITS)
        owners = self._mark_owners[theirs]
        counts = np.bincount(owners, minlength=1)
        for owner in np.argsort(-counts, kind="stable")[:_TRIED]:
            if counts[owner] < _LEAST_MARKS:
                return
            chosen = owners == owner
            marks = self._marks[theirs[chosen]]
            places = np.column_stack([marks["x"], marks["y"], marks["scale"]]).astype(np.float32)
            fit, count = _agreed(places, points.places[mine[chosen]])
            if fit is not None and count >= _LEAST_MARKS:
                yield int(owner), fit, count


def _agreed(known: Tensor, seen: Tensor) -> tuple[Fit | None, int]:
    """The scale and shift that most pairs (x, y, scale) agree on, and how many places they have."""
    slopes = seen[:, 2] / known[:, 2]
    shift_x, shift_y = seen[:, 0] - slopes * known[:, 0], seen[:, 1] - slopes * known[:, 1]
    best, members = 0, np.zeros(len(known), bool)
    for slope, bx, by in zip(slopes[:400], shift_x, shift_y, strict=False):
        away = np.hypot(
            slope * known[:, 0] + bx - seen[:, 0], slope * known[:, 1] + by - seen[:, 1]
        )
        near = (away < _NEAR * np.maximum(1.0, slope)) & (np.abs(np.log(slopes / slope)) < _SCALES)
        count = len({(round(float(x)), round(float(y))) for x, y in known[near, :2]})
        if count > best:
            best, members = count, near
    if best < _LEAST_MARKS:
        return None, best
    fit = _fitted(known[members], seen[members])
    for _ in range(2):
        away = np.hypot(
            fit.au * known[:, 0] + fit.bu - seen[:, 0], fit.av * known[:, 1] + fit.bv - seen[:, 1]
        )
        members = away < _NEAR * max(1.0, fit.au) / 2
        if members.sum() < _LEAST_MARKS:
            return None, 0
        fit = _fitted(known[members], seen[members])
    return fit, len({(round(float(x)), round(float(y))) for x, y in known[members, :2]})


def _fitted(known: Tensor, seen: Tensor) -> Fit:
    """Least squares for one scale and two shifts."""
    middle_k, middle_s = known[:, :2].mean(0), seen[:, :2].mean(0)
    a, b = known[:, :2] - middle_k, seen[:, :2] - middle_s
    slope = float((a * b).sum() / max(1e-6, float((a * a).sum())))
    shift = middle_s - slope * middle_k
    # Marks count from the middle of a pixel, fits from its edge.
    half = (1 - slope) / 2
    return Fit(slope, float(shift[0]) + half, slope, float(shift[1]) + half)


def examined(known: Pixels, suspect: Pixels, lead: Lead) -> Seen | None:
    """A lead followed: the pictures laid over each other, or None when they are not one."""
    upright = np.ascontiguousarray(turned(suspect, lead.turn))
    fit = lead.fit
    if fit is None and lead.trimmed is not None:
        left, top, right, bottom = turned_box(lead.trimmed, suspect.shape, lead.turn)
        height, width = known.shape[:2]
        fit = Fit((right - left) / width, left, (bottom - top) / height, top)
    small, begun = shrunk(upright, fit or whole(known, upright))
    better = refined(known, small, begun)
    both = None if better is None else laid(known, small, better, 256)
    if both is None:
        return None
    both = replace(both, known=recoloured(both.known, both.suspect))
    found = likeness(both.known, both.suspect)
    if not found.one:
        return None
    kx, ky = upright.shape[1] / small.shape[1], upright.shape[0] / small.shape[0]
    f = both.fit
    both = replace(both, fit=Fit(f.au * kx, f.bu * kx, f.av * ky, f.bv * ky))
    return Seen(lead.owner, lead.turn, lead.bits, found, both)


def turned_box(
    box: tuple[float, float, float, float], shape: tuple[int, ...], turn: int
) -> tuple[float, float, float, float]:
    """A box (left, top, right, bottom) of a picture after turning it."""
    left, top, right, bottom = box
    height, width = shape[:2]
    if turn in (5, 6, 7, 8):
        left, top, right, bottom = top, left, bottom, right
        height, width = width, height
    if turn in (2, 3, 6, 7):
        left, right = width - right, width - left
    if turn in (3, 4, 7, 8):
        top, bottom = height - bottom, height - top
    return left, top, right, bottom


def inner(pixels: Pixels) -> tuple[int, int, int, int] | None:
    """The picture inside plain borders (left, top, right, bottom); None where there are none."""
    height, width = pixels.shape[:2]
    step = max(1, max(height, width) // 512)
    small = pixels[::step, ::step].astype(np.int16)
    left, top, right, bottom = 0, 0, small.shape[1], small.shape[0]
    for _ in range(2):
        part = small[top:bottom, left:right]
        rows = np.nonzero(np.ptp(part, axis=1).max(1) > _PLAIN)[0]
        columns = np.nonzero(np.ptp(part, axis=0).max(1) > _PLAIN)[0]
        if not len(rows) or not len(columns):
            return None
        top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
        left, right = left + int(columns[0]), left + int(columns[-1]) + 1
    if (right - left) * (bottom - top) > 0.98 * small.shape[0] * small.shape[1]:
        return None
    if min(right - left, bottom - top) < 16:
        return None
    return left * step, top * step, min(width, right * step), min(height, bottom * step)
