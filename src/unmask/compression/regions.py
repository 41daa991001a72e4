"""The part of a picture whose blocks tell of another earlier saving than the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.compression.history import QUALITIES, History, Ratios

TILE = 8
"""Blocks along a side of a tile in which other earlier savings are looked for; at least."""
MOST_TILES = 196
HINT = 15.0
"""Nats by which another past must fit a tile better to be tried on every block."""
MOST_PASTS = 6
BOND = 2.0
"""Nats that a block pays for each neighbour of the other side (Potts model)."""
ROUNDS = 12
GAIN, SHARE = 150.0, 40.0
"""Nats of evidence that a region must have in one part, and that each further part must have."""
DENSITY = 1.5
"""Nats a block that it must have on average: weak evidence spread wide is a wrong model."""
VARIED, _TOP = 60.0, 6
"""Nats that must be left without the most telling outcomes, and how many these are."""
MOST_PARTS = 12
_CLIP = 8.0
"""Nats that one block may add: one odd block must not make a region."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Region:
    """Blocks that belong together. ``gain``: nats by which their own past fits better than the
    past of the rest. ``quality``: of their own earlier saving; 0: none on the grid of the file."""

    blocks: Flags
    gain: float
    quality: int


def tiles(rows: int, columns: int) -> tuple[NDArray[np.int64], int]:
    """The number of the tile of each block, and how many tiles there are."""
    side = max(TILE, round((rows * columns / MOST_TILES) ** 0.5))
    across = -(-columns // side)
    down = np.arange(rows) // side
    return down[:, None] * across + np.arange(columns) // side, across * -(-rows // side)


def candidates(fits: Ratios, base: int) -> tuple[int, ...]:
    """Earlier qualities that fit some tile clearly better than ``base``; 0: none.

    ``fits``: tiles × qualities. The strongest first, and no two neighbours.
    """
    padded = np.concatenate([np.zeros((len(fits), 1), np.float32), fits], axis=1)
    names = [0, *QUALITIES.tolist()]
    gain = (padded - padded[:, [names.index(base)]]).max(axis=0)
    found: list[int] = []
    for at in np.argsort(-gain)[:24]:
        near = any(abs(names[at] - other) < 3 for other in found)
        if gain[at] > HINT and not near and names[at] != base and len(found) < MOST_PASTS:
            found.append(names[at])
    return tuple(found) if 0 in found or not base else (*found, 0)


def settled(gain: Ratios) -> Flags:
    """Which blocks are better told by the other past, neighbours together (iterated modes).

    ``gain``: nats a block (Besag 1986, "On the statistical analysis of dirty pictures").
    """
    gain = np.clip(gain, -_CLIP, _CLIP)
    inside = box_sum(gain, 1) > 0
    for _ in range(ROUNDS):
        around = box_sum(np.where(inside, 1.0, -1.0).astype(np.float32), 1)
        now = gain + BOND * (around - np.where(inside, 1, -1)) > 0
        if (now == inside).all():
            break
        inside = now
    return inside


def box_sum(values: Ratios, radius: int) -> Ratios:
    """The sum over the square of ``radius`` blocks around each."""
    size = 2 * radius + 1
    padded = np.pad(values, radius)
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=axis)
        padded = windows.sum(axis=-1)
    return padded


def parts(flags: Flags) -> Iterator[Flags]:
    """Each connected part (by edges), largest first; at most ``MOST_PARTS``."""
    left = flags.copy()
    found: list[Flags] = []
    while left.any() and len(found) < MOST_PARTS:
        seed = np.zeros_like(left)
        seed[
            np.unravel_index(int(np.argmax(box_sum(left.astype(np.float32), 2) * left)), left.shape)
        ] = True
        grown = flood(left, seed)
        found.append(grown)
        left &= ~grown
    yield from sorted(found, key=lambda part: -int(part.sum()))


def flood(free: Flags, seed: Flags) -> Flags:
    """All of ``free`` that can be reached from ``seed`` over edges."""
    while True:
        wider = seed.copy()
        wider[1:] |= seed[:-1]
        wider[:-1] |= seed[1:]
        wider[:, 1:] |= seed[:, :-1]
        wider[:, :-1] |= seed[:, 1:]
        wider &= free
        if (wider == seed).all():
            return seed
        seed = wider


def filled(flags: Flags) -> Flags:
    """The same without holes."""
    outside = np.pad(~flags, 1, constant_values=True)
    seed = np.zeros_like(outside)
    seed[0, 0] = True
    return ~flood(outside, seed)[1:-1, 1:-1]


def find(history: History, base: int, others: Sequence[int]) -> Region | None:
    """The region whose blocks another past tells best, or None if none is clear enough.

    ``base``: the earlier quality of the whole picture (0: none); ``others``: those to be tried.
    """
    blank = np.zeros((history.rows, history.columns), np.float32)
    rest = history.of_blocks(base) if base else blank
    best: Region | None = None
    for other in others:
        gain = (history.of_blocks(other) if other else blank) - rest
        region = _joined(gain, settled(gain), other)
        if region and _varied(history, base, region) < VARIED:
            continue
        if region and (best is None or region.gain > best.gain):
            best = region
    return best


def _varied(history: History, base: int, region: Region) -> float:
    """Nats of a region without its few most telling outcomes.

    In smooth parts neighbouring blocks are alike, and rounding to whole pixels moves all of them
    by the same amount: one outcome of one frequency then speaks many times.
    """
    own = history.cells(region.quality, region.blocks) - history.cells(base, region.blocks)
    return float(np.sort(own, axis=None)[:-_TOP].sum())


def _joined(gain: Ratios, flags: Flags, quality: int) -> Region | None:
    clipped = np.clip(gain, -_CLIP, _CLIP)
    inside, total, largest = np.zeros_like(flags), 0.0, 0.0
    for part in parts(flags):
        own = float(clipped[part].sum())
        if own >= SHARE and own >= DENSITY * part.sum():
            inside |= part
            total += own
            largest = max(largest, own)
    if largest < GAIN or inside.mean() > 0.5:
        return None
    return Region(filled(inside), total, quality)
