"""What two places may share without being copies: what a third place has too, edges, letters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.copymove.registration import FLOOR, Window, detail
from unmask.media.blur import blurred
from unmask.types import Tensor

_SIDE = 160
"""Pixels of the longest side of the piece that is looked for."""
_LEVELS, _NEAR = 256, 4


def elsewhere(
    grey: Tensor, window: Window, region: NDArray[np.bool_], spared: list[tuple[float, float]]
) -> float:
    """The best correlation of the detail in a region with any third place, unturned.

    ``window``, ``region``: the piece. ``spared``: middles of the places that are not asked.
    """
    window, region = _bounded(window, region)
    mine = np.where(region, detail(window.cut(grey)), 0).astype(np.float32)
    shape = grey.shape
    size = tuple(s + r for s, r in zip(shape, region.shape, strict=True))
    all_of_it = detail(grey)
    mask = region.astype(np.float32)

    def joint(one: Tensor, other: Tensor) -> Tensor:
        product = np.fft.rfft2(one, size) * np.conj(np.fft.rfft2(other, size))
        whole = np.fft.irfft2(product, size)
        return np.asarray(
            whole[: shape[0] - region.shape[0] + 1, : shape[1] - region.shape[1] + 1], np.float32
        )

    power = np.maximum(joint(all_of_it * all_of_it, mask), 0) + FLOOR**2 * region.sum()
    found = joint(all_of_it, mine) / np.sqrt(power * float((mine * mine).sum() + 1e-6))
    rows, columns = (np.arange(n) for n in found.shape)
    reach = max(6.0, 0.3 * float(np.sqrt(region.sum())))
    own_y, own_x = np.argwhere(region).mean(axis=0)
    for x, y in spared:
        off = np.hypot(rows[:, None] + own_y - y, columns[None] + own_x - x)
        found[off < reach] = -1
    return float(found.max()) if found.size else -1.0


def _bounded(window: Window, region: NDArray[np.bool_]) -> tuple[Window, NDArray[np.bool_]]:
    """The middle of a region that is too large to be looked for as a whole."""
    ys, xs = np.nonzero(region)
    top, left = (max(0, int(np.median(v)) - _SIDE // 2) for v in (ys, xs))
    part = region[top : top + _SIDE, left : left + _SIDE]
    begin_y, begin_x = window.top + top, window.left + left
    return Window(begin_x, begin_y, begin_x + part.shape[1], begin_y + part.shape[0]), part


def one_way(grey: Tensor, region: NDArray[np.bool_]) -> float:
    """How strong gradients across the main direction are, of those along it: 0 for straight edges,
    which look the same wherever they are laid along each other; 1 for what has no direction."""
    down, across = (np.asarray(part)[region] for part in np.gradient(blurred(grey, 1.0)))
    mixed = float((down * across).mean())
    tensor = np.array([[float((across**2).mean()), mixed], [mixed, float((down**2).mean())]])
    least, most = np.linalg.eigvalsh(tensor)
    return float(max(0.0, least) / max(float(most), 1e-6))


def drawn(grey: Tensor, region: NDArray[np.bool_]) -> float:
    """The share of a region that has one of its two commonest greys: letters and logos have two.

    ``grey``: the pixels of the window that ``region`` speaks of.
    """
    levels = np.clip(np.rint(grey[region]), 0, _LEVELS - 1).astype(int)
    counts = np.bincount(levels, minlength=_LEVELS + 2 * _NEAR)
    total = 0.0
    for _ in range(2):
        near = np.convolve(counts, np.ones(2 * _NEAR + 1), mode="same")
        top = int(near.argmax())
        total += float(near[top])
        counts[max(0, top - _NEAR) : top + _NEAR + 1] = 0
    return total / max(1, len(levels))
