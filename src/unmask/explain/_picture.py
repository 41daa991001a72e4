"""A file put before a method, and its map laid over the picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Draw, Reader
from unmask.errors import MediaError, ModelError
from unmask.explain.base import Asked
from unmask.faces.crop import lay_back
from unmask.media import probe
from unmask.report.drawing import heat, jpeg_uri
from unmask.runtime.view import View
from unmask.train.method import Method
from unmask.types import Box, Kind, Pixels


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture, and how the network sees it."""

    pixels: Pixels
    view: View
    asked: Asked


def shown(path: Path, method: Method, network: nn.Module) -> Shown:
    """A picture as a method sees it. Raises MediaError; ModelError for methods of other media."""
    inputs = method.card.inputs
    still = [part for part in inputs if part.take in ("face", "picture")]
    if not still or len(still) < len(inputs):
        raise ModelError(
            f"{method.card.title} does not judge pictures alone; maps are of pictures."
        )
    if probe(path).kind is not Kind.IMAGE:
        raise MediaError(f"{path.name!r} is no picture. Give a picture, or a frame of the video.")
    one = Manifest(path.parent, (Item(path.name, path.name, path.name, "image", 0),), "file")
    reader = Reader(one, inputs)
    loaded = reader.read(one.items[0], Draw())
    assert loaded.view is not None
    device = next(network.parameters()).device
    batch = {name: torch.from_numpy(v)[None].to(device) for name, v in loaded.arrays.items()}
    pixels = reader.pixels(one.items[0])
    return Shown(pixels, loaded.view, Asked(method, network, batch, still[0].name))


def strongest(values: NDArray[np.float32], view: View, share: float = 0.05) -> Box | None:
    """The box, in pixels of the picture, around the highest ``share`` of what speaks for forged."""
    if values.max() <= 0:
        return None
    # Where most of a map is nothing, only what is above it counts.
    level = float(np.quantile(values, 1 - share))
    rows, columns = np.nonzero((values >= level) & (values > 0))
    seen = view.seen
    across, down = seen.width / values.shape[1], seen.height / values.shape[0]
    left, top = float(columns.min()) * across, float(rows.min()) * down
    width = (float(columns.max()) + 1) * across - left
    height = (float(rows.max()) + 1) * down - top
    return Box(seen.x + left, seen.y + top, width, height)


def drawn(found: Shown, values: NDArray[np.float32]) -> str:
    """The picture with what speaks for forged laid over it, as an SVG that stands alone."""
    height, width = found.pixels.shape[:2]
    top = float(values.max())
    positive = np.clip(values / top, 0, 1) if top > 0 else np.zeros_like(values)
    mask = lay_back(positive, found.view.seen, width, height)
    parts = [_image(jpeg_uri(found.pixels), Box(0, 0, width, height))]
    if mask is not None:
        placed = heat(mask)
        parts.append(_image(placed.uri, placed.box))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
    return "\n".join([head, *parts, "</svg>\n"])


def _image(uri: str, box: Box) -> str:
    return (
        f'<image href="{uri}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" preserveAspectRatio="none"/>'
    )
