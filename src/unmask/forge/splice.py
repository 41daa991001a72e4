"""Local forgeries of a photograph, with the exact mask of what was changed.

Families: ``splice`` (a piece of another photo with another history), ``copy-move`` (a piece of the
same photo), ``fill`` (an object removed by diffusion, by fast marching, by patches or by blur) and
``retouch`` (a piece that was scaled, blurred, re-compressed or recoloured). ``poisson`` and
``pull-push`` are made by other mathematics; evaluation keeps them away from training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.forge.launder import draw_chain
from unmask.forge.shapes import SoftMask, random_mask
from unmask.types import Pixels

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Edit:
    """A forged photo, where it was changed (height × width, 0 or 1) and how."""

    pixels: Pixels
    mask: NDArray[np.uint8]
    family: str


def _laid(host: Pixels, piece: Pixels, soft: SoftMask) -> Pixels:
    """``piece`` over ``host`` where the soft mask says so."""
    weight = soft[..., None]
    mixed = host * (1 - weight) + piece * weight
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def _matched(piece: Pixels, host: Pixels, inside: NDArray[np.bool_], amount: float) -> Pixels:
    """``piece`` with mean and spread of each channel moved towards those of ``host``."""
    if not inside.any() or inside.all():
        return piece
    mean, spread = piece[inside].mean(0), piece[inside].std(0) + 1
    wanted, width = host[inside].mean(0), host[inside].std(0) + 1
    gain = np.clip(width / spread, 0.6, 1.7)
    moved = (piece - mean) * gain + wanted
    return np.asarray(np.clip(piece * (1 - amount) + moved * amount + 0.5, 0, 255), np.uint8)


def fitted(donor: Pixels, height: int, width: int, rng: Rng) -> Pixels:
    """A random crop of ``donor`` brought to that size; enlarged when the donor is too small."""
    need = max(height / donor.shape[0], width / donor.shape[1])
    low = max(need, 0.5)
    scale = max(need, float(rng.uniform(low, max(1.3, low))))
    if abs(scale - 1) <= 0.1 and need <= 1:
        scale = 1.0
    high, wide = (
        min(most, max(1, round(length / scale)))
        for most, length in zip(donor.shape[:2], (height, width), strict=True)
    )
    y = int(rng.integers(donor.shape[0] - high + 1))
    x = int(rng.integers(donor.shape[1] - wide + 1))
    piece = donor[y : y + high, x : x + wide]
    if piece.shape[:2] != (height, width):
        shrink = cv2.INTER_AREA if scale < 1 else int(rng.choice([1, 2, 4]))
        piece = cv2.resize(piece, (width, height), interpolation=shrink)
    return np.asarray(piece, np.uint8)


def splice(host: Pixels, donor: Pixels, rng: Rng) -> Edit:
    """A piece of ``donor``, with a compression and scaling history of its own, laid into ``host``.

    The grid of its saves lies anywhere. Three in five times its colours are moved towards those of
    the place.
    """
    height, width = host.shape[:2]
    whole = draw_chain(rng, 0.6)(fitted(donor, height + 7, width + 7, rng))
    down, right = (int(v) for v in rng.integers(8, size=2))
    piece = np.ascontiguousarray(whole[down : down + height, right : right + width])
    soft = random_mask(piece, rng)
    inside = soft > 0.5
    if rng.random() < 0.6:
        piece = _matched(piece, host, inside, float(rng.uniform(0.4, 1)))
    return Edit(_laid(host, piece, soft), inside.astype(np.uint8), "splice")


def copy_move(host: Pixels, rng: Rng) -> Edit:
    """A piece of the photo, perhaps turned, mirrored, scaled, laid at another place of it."""
    height, width = host.shape[:2]
    soft = random_mask(host, rng, high=0.2)
    angle, scale = (
        (float(rng.uniform(-25, 25)), float(rng.uniform(0.75, 1.35)))
        if rng.random() < 0.6
        else (0.0, 1.0)
    )
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    reach = 0.15 + 0.3 * rng.random(2)
    turn[:, 2] += np.round(reach * rng.choice([-1, 1], 2) * (width, height))
    moved = cv2.warpAffine(
        host, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    if rng.random() < 0.25:
        moved = moved[:, ::-1]
    pixels = _laid(host, np.asarray(moved, np.uint8), soft)
    return Edit(pixels, (soft > 0.5).astype(np.uint8), "copy-move")


def _patched(host: Pixels, inside: NDArray[np.bool_], rng: Rng) -> Pixels:
    """Fill block by block with the best of a few pieces from outside (after Efros, Freeman 2001).

    The best piece is the one that agrees most with what already lies under its margin.
    """
    side, margin, tries = int(rng.choice([12, 16, 24])), 4, 10
    height, width = inside.shape
    filled = cv2.inpaint(host, inside.astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32)
    ys, xs = np.nonzero(inside)
    outside = cv2.erode((~inside).astype(np.uint8), np.ones((3, 3), np.uint8))
    ramp = np.minimum(np.arange(side) + 1, np.arange(side)[::-1] + 1).clip(max=margin) / margin
    weight = (ramp[:, None] * ramp[None, :]).astype(np.float32)[..., None]
    for y in range(int(ys.min()), int(ys.max()) + 1, side - margin):
        for x in range(int(xs.min()), int(xs.max()) + 1, side - margin):
            y0, x0 = min(y, height - side), min(x, width - side)
            if y0 < 0 or x0 < 0 or not inside[y0 : y0 + side, x0 : x0 + side].any():
                continue
            here = filled[y0 : y0 + side, x0 : x0 + side]
            best, least = here, np.inf
            for _ in range(tries):
                v, u = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
                if not outside[v : v + side, u : u + side].all():
                    continue
                piece = host[v : v + side, u : u + side].astype(np.float32)
                miss = float((np.abs(piece - here) * (1.01 - weight)).sum())
                if miss < least:
                    best, least = piece, miss
            filled[y0 : y0 + side, x0 : x0 + side] = here * (1 - weight) + best * weight
    return np.asarray(np.clip(filled + 0.5, 0, 255), np.uint8)


def fill(host: Pixels, rng: Rng) -> Edit:
    """An area removed and filled in from what lies around it.

    Telea 2004 (fast marching), Bertalmio et al. 2001 (Navier-Stokes), patches, or a strong blur.
    Half the time grain is added, so that smoothness alone does not give it away.
    """
    soft = random_mask(host, rng, high=0.2)
    inside = soft > 0.5
    way = int(rng.integers(4))
    if way < 2:
        method = cv2.INPAINT_TELEA if way else cv2.INPAINT_NS
        piece = cv2.inpaint(host, inside.astype(np.uint8), float(rng.uniform(2, 6)), method)
    elif way == 2:
        piece = _patched(host, inside, rng)
    else:
        sigma = float(rng.uniform(2, 10))
        piece = cv2.GaussianBlur(host, (0, 0), sigma)
    if rng.random() < 0.5:
        grain = rng.normal(0, rng.uniform(1, 5), host.shape)
        piece = np.clip(piece + grain + 0.5, 0, 255)
    return Edit(_laid(host, np.asarray(piece, np.uint8), soft), inside.astype(np.uint8), "fill")


def retouch(host: Pixels, rng: Rng) -> Edit:
    """An area that stays in place but has another history: a laundering of its own."""
    soft = random_mask(host, rng)
    piece = host
    for _ in range(8):
        piece = draw_chain(rng, 1.2)(host)
        if np.abs(piece.astype(np.int16) - host).mean() > 1.5:
            break
    return Edit(_laid(host, piece, soft), (soft > 0.5).astype(np.uint8), "retouch")


def poisson(host: Pixels, donor: Pixels, rng: Rng) -> Edit:
    """A piece of ``donor`` blended in the gradient domain (Pérez, Gangnet, Blake 2003)."""
    height, width = host.shape[:2]
    piece = np.ascontiguousarray(fitted(donor, height, width, rng))
    soft = random_mask(piece, rng, high=0.25)
    inside = (soft > 0.5).astype(np.uint8)
    inside[:4], inside[-4:], inside[:, :4], inside[:, -4:] = 0, 0, 0, 0
    ys, xs = np.nonzero(inside)
    middle = (int(xs.min() + xs.max()) // 2, int(ys.min() + ys.max()) // 2)
    pixels = cv2.seamlessClone(piece, host, inside * 255, middle, cv2.NORMAL_CLONE)
    return Edit(np.asarray(pixels, np.uint8), inside, "poisson")


def pull_push(host: Pixels, rng: Rng) -> Edit:
    """An area filled from a pyramid of known pixels (Gortler et al. 1996), with matching grain."""
    soft = random_mask(host, rng, high=0.2)
    inside = soft > 0.5
    known = (~inside).astype(np.float32)
    level, levels = host * known[..., None], []
    while min(known.shape) > 2 and known.min() == 0:
        levels.append((level, known))
        size = (max(1, known.shape[1] // 2), max(1, known.shape[0] // 2))
        share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        level = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
        known = np.minimum(1, share)
    full = level / np.maximum(known, 1e-3)[..., None]
    for finer, weight in reversed(levels):
        up = cv2.resize(full, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        full = finer + up * (1 - weight[..., None])
    rough = host - cv2.GaussianBlur(host, (0, 0), 1.0).astype(np.float32)
    grain = rng.normal(0, 0.5 * float(rough[~inside].std()) + 0.1, host.shape)
    piece = np.clip(full + grain + 0.5, 0, 255).astype(np.uint8)
    return Edit(_laid(host, piece, soft), inside.astype(np.uint8), "pull-push")


_SHARES: tuple[tuple[str, float], ...] = (
    ("splice", 0.4),
    ("copy-move", 0.2),
    ("fill", 0.25),
    ("retouch", 0.15),
)
_MAKERS: dict[str, Callable[[Pixels, Pixels, Rng], Edit]] = {
    "splice": splice,
    "copy-move": lambda host, _, rng: copy_move(host, rng),
    "fill": lambda host, _, rng: fill(host, rng),
    "retouch": lambda host, _, rng: retouch(host, rng),
    "poisson": poisson,
    "pull-push": lambda host, _, rng: pull_push(host, rng),
}
FAMILIES = tuple(name for name, _ in _SHARES)
HELD_OUT = ("poisson", "pull-push")


def edit(host: Pixels, donor: Pixels, rng: Rng, family: str = "") -> Edit:
    """A local forgery of ``host``; of a drawn training family unless one is named."""
    name = family or str(rng.choice(FAMILIES, p=[share for _, share in _SHARES]))
    return _MAKERS[name](np.ascontiguousarray(host), donor, rng)
