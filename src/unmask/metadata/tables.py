"""JPEG quantisation tables: are they those of the Independent JPEG Group's library?"""

from __future__ import annotations

from functools import lru_cache

_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
"""Table K.1 of ITU-T T.81, row by row."""


def _zigzag() -> tuple[int, ...]:
    """Row-major places in the order of the file (ITU-T T.81, figure A.6)."""
    cells = [(row, column) for row in range(8) for column in range(8)]

    def turn(cell: tuple[int, int]) -> tuple[int, int]:
        diagonal = sum(cell)
        return diagonal, cell[0] if diagonal % 2 else cell[1]

    return tuple(8 * row + column for row, column in sorted(cells, key=turn))


@lru_cache(maxsize=1)
def _by_quality() -> dict[tuple[int, ...], int]:
    order = _zigzag()
    found: dict[tuple[int, ...], int] = {}
    for quality in range(100, 0, -1):
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        steps = [min(255, max(1, (value * scale + 50) // 100)) for value in _LUMA]
        found[tuple(steps[place] for place in order)] = quality
    return found


def library_quality(tables: tuple[tuple[int, ...], ...]) -> int:
    """The quality setting of libjpeg that makes the first of these tables; 0 if none does."""
    return _by_quality().get(tables[0], 0) if tables else 0
