"""Quantisation tables: which encoder and setting they are likely from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]
"""8 × 8 steps, rows are vertical frequencies."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An encoder setting. ``exact``: its luma table is that of the file; else the nearest quality
    on libjpeg's scale. ``source``: where the table is written down."""

    encoder: str
    quality: int
    exact: bool
    source: str = ""


@lru_cache(maxsize=1)
def _known() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "tables.toml").read_text(encoding="utf-8"))


def _scaled(base: Table, quality: int) -> Table:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((base * scale + 50) // 100, 1, 255)


def standard(quality: int) -> Table:
    """The luma table of libjpeg at a quality of 1…100."""
    return _scaled(np.array(_known()["scaled"][0]["luma"]).reshape(8, 8), quality)


def setting(luma: Table) -> Setting:
    """The setting that a luma table is from, or the nearest one."""
    for row in _known()["scaled"]:
        base = np.array(row["luma"]).reshape(8, 8)
        for quality in range(100, 0, -1):
            if (_scaled(base, quality) == luma).all():
                return Setting(row["name"], quality, True, row["source"])
    near = _nearest(luma)
    for row in _known()["preset"]:
        if (_preset(row["preset"]) == luma).all():
            return Setting(row["name"], near, True, row["source"])
    return Setting("", near, False)


def _preset(name: str) -> Table:
    from PIL.JpegPresets import presets

    table: Any = presets[name]["quantization"]
    return np.array(table[0], np.int64).reshape(8, 8)


def _nearest(luma: Table) -> int:
    """The quality of libjpeg whose steps are as large on average (of logarithms)."""
    own = np.log(luma.astype(float)).mean()
    gaps = [abs(np.log(standard(one).astype(float)).mean() - own) for one in range(1, 101)]
    return int(np.argmin(gaps)) + 1
