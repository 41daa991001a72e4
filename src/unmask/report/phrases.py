"""Numbers, times and places as people say them."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from unmask.types import Box, Mask


def percent(value: float) -> str:
    """A probability as a percentage that never claims certainty."""
    if value > 0.99:
        return "over 99 %" if value < 0.999 else "over 99.9 %"
    if value < 0.01:
        return "under 1 %" if value > 0.001 else "under 0.1 %"
    return f"{round(value * 100)} %"


def one_in(rate: float) -> tuple[int, int]:
    """A rate as whole numbers: (flagged, of how many). 0.01 is (1, 100), 0.005 is (5, 1000)."""
    if rate <= 0:
        return 0, 100
    total = max(100, 10 ** math.ceil(-math.log10(rate) - 1e-9))
    return round(rate * total), total


def rounded(value: float) -> str:
    """A number with one digit that is not zero."""
    return f"{float(f'{value:.1g}'):,.0f}"


def clock(seconds: float, tenth: bool = True) -> str:
    """Seconds as ``m:ss.t`` or ``h:mm:ss.t``; without ``tenth`` as ``m:ss`` or ``h:mm:ss``."""
    tenths = math.floor(max(0.0, seconds) * 10 + 0.5)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}" if tenth else f"{rest // 10:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def size(count: int) -> str:
    """A number of bytes for a person, with the exact number."""
    if count < 1000:
        return f"{count} bytes"
    unit = min(int(math.log10(count) // 3), 4)
    return f"{count / 1000**unit:.1f} {('', 'kB', 'MB', 'GB', 'TB')[unit]} ({count:,} bytes)"


def moment(created: str) -> str:
    """An ISO 8601 time for a person; what is not one stays as it is."""
    try:
        return datetime.fromisoformat(created).strftime("%d %B %Y, %H:%M:%S %Z").strip(" ,")
    except ValueError:
        return created


def sentence(text: str, stop: bool = False) -> str:
    """Text with a capital first letter; with ``stop`` also with a full stop at its end."""
    text = text[:1].upper() + text[1:]
    return f"{text}." if stop and text and text[-1] not in ".!?…" else text


def position(x: float, y: float) -> str:
    """Where a point of the unit square lies: "upper left part", "middle"…"""
    row = "upper" if y < 0.38 else "lower" if y > 0.62 else ""
    column = "left" if x < 0.38 else "right" if x > 0.62 else ""
    words = " ".join(word for word in (row, column) if word)
    return f"{words} part" if words else "middle"


def marked(mask: Mask, subject: str) -> str:
    """Which part of a box a mask marks, in words for an alternative text."""
    cells = np.nan_to_num(mask.values) >= mask.level
    if not cells.any():
        return f"No part of {subject} is suspect enough to be marked."
    if cells.mean() > 0.9:
        return f"The marked region covers nearly all of {subject}."
    rows, columns = np.nonzero(cells)
    x = (float(columns.mean()) + 0.5) / cells.shape[1]
    y = (float(rows.mean()) + 0.5) / cells.shape[0]
    share = percent(float(cells.mean()))
    return f"The marked region covers {share} of {subject}, mainly its {position(x, y)}."


def located(box: Box, view: Box) -> str:
    """Where a box lies in a view, in words."""
    x = (box.x - view.x + box.width / 2) / max(view.width, 1.0)
    y = (box.y - view.y + box.height / 2) / max(view.height, 1.0)
    return position(x, y)
