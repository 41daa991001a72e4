"""What the saving of one picture tells: its last saving, earlier ones, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.compression.blocks import Blocks, cut
from unmask.compression.grid import offset
from unmask.compression.history import PASTS, QUALITIES, History, Ratios, nearest, steps_of
from unmask.compression.regions import Region, candidates, find, tiles
from unmask.compression.tables import Table
from unmask.media import sniff
from unmask.media._pillow import RULES
from unmask.media._source import decoding, open_regular
from unmask.media.image import opened, orientation, turned
from unmask.media.limits import Limits
from unmask.media.luma import luma

TWICE = 0.5
"""Nats a block from which on an earlier saving of the whole picture is stated."""
OWN, UNCLEAR = 2.0, 1.0
"""The same where no quality of libjpeg fits, but other steps do: an encoder with its own tables;
and from which on it is too much to call the whole picture never saved."""
ENOUGH = 250.0
"""Nats that there must be in all: a handful of blocks fits some past by chance."""
SMALLEST = 64
"""Pixels of the shorter side under which blocks are not judged."""
LOSSLESS = ("PNG", "BMP", "TIFF", "GIF")


@dataclass(frozen=True, slots=True)
class Saving:
    """What was read from a picture.

    ``earlier``: quality of an earlier saving on libjpeg's scale, 0 where none shows; ``strength``:
    nats a block for it; ``origin``: where its grid begins. ``region``: upright, over the picture
    ``box`` (left, top, width, height of the blocks); ``part``: earlier quality of the region
    (0: none on the grid). ``stride``: one block in so many was looked at, each way. ``why``: why
    blocks were not judged, empty when they were.
    """

    tables: tuple[Table, ...] = ()
    sampling: str = ""
    progressive: bool = False
    earlier: int = 0
    strength: float = 0.0
    origin: tuple[int, int] = (0, 0)
    region: NDArray[np.bool_] | None = None
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    part: int = 0
    gain: float = 0.0
    stride: int = 1
    why: str = ""


def read(path: Path, limits: Limits | None = None) -> Saving:
    """Judge the saving of a still picture. Raises MediaError if it cannot be read."""
    limits = limits or Limits()
    with open_regular(path) as file:
        container = sniff.sniff(file, path)
        with opened(path, file, container, limits) as image:
            turn = orientation(image)
            given = _header(image)
            if reason := _unfit(image, container):
                return Saving(**given, why=reason)
            with decoding(path, "the picture"), RULES:
                colours = np.asarray(image.convert("RGB"))
        if not given:
            return _judged(luma(colours), colours, None, turn, given)
        with opened(path, file, container, limits) as image, decoding(path, "the luma"), RULES:
            image.draft("L", image.size)
            light = np.asarray(image.convert("L"))
        return _judged(light, colours, given["tables"][0], turn, given)


def _header(image: Image.Image) -> dict[str, Any]:
    """Tables, chroma sampling and kind of a JPEG; nothing for other containers."""
    if image.format not in ("JPEG", "MPO"):
        return {}
    raw: dict[int, list[int]] = getattr(image, "quantization", {})
    layer: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    tables = tuple(np.array(raw[one[3]], np.int64).reshape(8, 8) for one in layer if one[3] in raw)
    return {
        "tables": tables,
        "sampling": _sampling(layer),
        "progressive": bool(image.info.get("progressive")),
    }


def _sampling(layer: list[tuple[int, int, int, int]]) -> str:
    """As photographers write it: 4:4:4, 4:2:2, 4:2:0 …; empty for grey."""
    if len(layer) < 3:
        return ""
    across, down = (layer[0][at] / max(1, layer[1][at]) for at in (1, 2))
    names = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}
    return names.get((int(across), int(down)), f"{across:g} × {down:g}")


def _unfit(image: Image.Image, container: sniff.Container) -> str:
    """Why the blocks of a picture cannot be judged; empty if they can."""
    jpeg = image.format in ("JPEG", "MPO")
    if not jpeg and image.format not in LOSSLESS and image.format != "WEBP":
        return f"{container.title} packs pictures in its own way, which is not read here"
    if image.info.get("compression") == "jpeg":
        return "it holds JPEG data inside another container"
    if min(image.size) < SMALLEST:
        return f"it is smaller than {SMALLEST} pixels on one side"
    if image.mode not in ("RGB", "L", "RGBA", "LA", "P", "PA", "1"):
        return f"its colours ({image.mode}) are not those of a usual photo"
    if image.mode in ("P", "PA", "1"):
        return "a palette of few colours hides the traces"
    if jpeg and len(getattr(image, "layer", [])) == 3 and image.info.get("adobe_transform") == 0:
        return "it holds red, green and blue instead of brightness and colour"
    return ""


def _judged(
    light: NDArray[Any],
    colours: NDArray[np.uint8],
    table: Table | None,
    turn: int,
    given: dict[str, Any],
) -> Saving:
    origin = (0, 0) if table is not None else offset(light)
    blocks = cut(light, colours, origin)
    if blocks is None or not blocks.usable.any():
        return Saving(**given, why="it has no blocks with detail")
    steps = steps_of(table) if table is not None else (1,) * blocks.coefficients.shape[2]
    history = History(blocks, steps)
    groups, many = tiles(history.rows, history.columns)
    counts = history.counts(groups, many)
    fits = history.fit(counts)
    usable = int(blocks.usable.sum())
    base, strength = _past(fits, usable)
    own, each = history.best(counts.sum(axis=0))
    alone = float(each.sum()) / usable
    if not base and alone > OWN:
        base, strength = nearest(own, each), alone
    if base and strength * usable < ENOUGH:
        base = 0
    region = None
    if base or (table is not None and alone <= UNCLEAR):
        bases = (own, PASTS[base]) if base else ((),)
        rest = np.maximum.reduce([history.of_groups(one, counts) for one in bases])
        region = find(history, bases, candidates(fits, rest))
    placed = _placed(region, blocks, light.shape, turn) if region else {}
    part = _part(history, region) if region else 0
    return Saving(
        **given,
        earlier=base,
        strength=strength,
        origin=origin,
        part=part,
        gain=region.gain if region else 0.0,
        stride=blocks.stride,
        **placed,
    )


def _past(fits: Ratios, usable: int) -> tuple[int, float]:
    """The earlier quality of all counted blocks (0: none), and nats a block for it."""
    total = fits.sum(axis=0)
    best = int(np.argmax(total))
    strength = float(total[best]) / usable
    return (int(QUALITIES[best]), strength) if strength > TWICE else (0, max(0.0, strength))


def _part(history: History, region: Region) -> int:
    """The earlier quality of the blocks of a region; 0 if none shows on the grid."""
    inside = region.blocks & history.usable
    fits = history.fit(history.counts(np.where(inside, 0, 1), 2))[:1]
    return _past(fits, max(1, int(inside.sum())))[0]


def _placed(region: Region, blocks: Blocks, shape: tuple[int, ...], turn: int) -> dict[str, Any]:
    """The region laid over the upright picture."""
    side = 8 * blocks.stride
    rows, columns = region.blocks.shape
    left, top = blocks.origin
    box = (left, top, columns * side, rows * side)
    upright = turned(region.blocks[:, :, None], turn)[:, :, 0]  # type: ignore[arg-type]
    return {"region": upright, "box": _upright(box, shape[1], shape[0], turn)}


def _upright(
    box: tuple[int, int, int, int], width: int, height: int, turn: int
) -> tuple[int, int, int, int]:
    """A rectangle of the stored picture in the upright one."""
    left, top, wide, high = box
    if turn in (5, 6, 7, 8):
        left, top, wide, high, width, height = top, left, high, wide, height, width
    if turn in (2, 3, 6, 7):
        left = width - left - wide
    if turn in (3, 4, 7, 8):
        top = height - top - high
    return left, top, wide, high
