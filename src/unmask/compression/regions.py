"""The part of a picture whose blocks tell of another earlier saving than the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.compression.history import PASTS, QUALITIES, History, Ratios, Steps

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
OWN = 0.3
"""Share of the evidence that must be left when a region is judged by its own blocks alone."""
BOTH = 0.25
"""Share of that evidence which the past of the rest may have in the region as well."""
ZEROS = 1.2
"""How much more the coefficients that are zero may say than the others do."""
MOST_PARTS = 12
_CLIP = 8.0
"""Nats that one block may add: one odd block must not make a region."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Region:
    """Blocks that belong together. ``gain``: nats by which their own past fits better than the
    past of the rest."""

    blocks: Flags
    gain: float


def tiles(rows: int, columns: int) -> tuple[NDArray[np.int64], int]:
    """The number of the tile of each block, and how many tiles there are."""
    side = max(TILE, round((rows * columns / MOST_TILES) ** 0.5))
    across = -(-columns // side)
    down = np.arange(rows) // side
    return down[:, None] * across + np.arange(columns) // side, across * -(-rows // side)


def candidates(fits: Ratios, rest: Ratios) -> tuple[Steps, ...]:
    """Pasts that fit some tile clearly better than that of the whole picture, and none at all.

    ``fits``: tiles × qualities; ``rest``: of each tile, the ratio of the past of the whole picture.
    The strongest first, and no two neighbours.
    """
    gain = (fits - rest[:, None]).max(axis=0)
    found: list[int] = []
    for at in np.argsort(-gain)[:24]:
        near = any(abs(int(QUALITIES[at]) - other) < 3 for other in found)
        if gain[at] > HINT and not near and len(found) < MOST_PASTS:
            found.append(int(QUALITIES[at]))
    return (*(PASTS[one] for one in found), ())


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


def find(history: History, bases: Sequence[Steps], others: Sequence[Steps]) -> Region | None:
    """The region whose blocks another past tells best, or None if none is clear enough.

    ``bases``: the earlier steps of the whole picture, as one or several fits tell them: each block
    is told by the best of them. ``others``: those to be tried.
    """
    each = [history.of_blocks(one) for one in bases]
    rest = np.maximum.reduce(each)
    best: Region | None = None
    for other in others:
        if other in bases:
            continue
        gain = history.of_blocks(other) - rest
        region = _joined(gain, settled(gain))
        if region is None or (best and region.gain <= best.gain):
            continue
        base = bases[int(np.argmax([one[region.blocks].sum() for one in each]))]
        if _varied(history, base, other, region) >= VARIED and _apart(history, base, other, region):
            best = region
    return best


def _varied(history: History, base: Steps, other: Steps, region: Region) -> float:
    """Nats of a region without its few most telling outcomes.

    In smooth parts neighbouring blocks are alike, and rounding to whole pixels moves all of them
    by the same amount: one outcome of one frequency then speaks many times.
    """
    own = history.cells(other, region.blocks) - history.cells(base, region.blocks)
    return float(np.sort(own, axis=None)[:-_TOP].sum())


def _apart(history: History, base: Steps, other: Steps, region: Region) -> bool:
    """Whether the two pasts exclude each other when a region is judged by its own blocks.

    Its own past must still speak for itself, and that of the rest must not also be seen in it: in
    a picture that was saved three times textures show now the one saving, now the other.
    """
    own = history.among_itself(other, region.blocks)
    rest = history.among_itself(base, region.blocks)
    left, zeros, multiples = own - rest
    return bool(
        left >= max(GAIN, OWN * region.gain)
        and zeros <= ZEROS * multiples
        and rest[0] <= BOTH * max(0.0, own[0])
    )


def _joined(gain: Ratios, flags: Flags) -> Region | None:
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
    return Region(filled(inside), total)
