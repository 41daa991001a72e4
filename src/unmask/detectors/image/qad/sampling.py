"""The same face in several qualities, side by side."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence, Sized
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from unmask.datasets.manifest import Item, Manifest
from unmask.errors import DataError
from unmask.train.method import Batch


class Qualities(Dataset[Batch]):
    """Faces of the first of ``names`` with the same face in the others beside it, as ``others``.

    ``names`` are conditions of the manifest; items are the same when their paths differ in the
    condition alone. ``prepared`` makes the samples of a manifest, the same draws for the same
    places. Raises DataError when no item is there in all qualities.
    """

    def __init__(
        self,
        manifest: Manifest,
        names: Sequence[str],
        prepared: Callable[[Manifest], Dataset[Batch]],
    ) -> None:
        kept = aligned(manifest, names)
        self.parts = [prepared(one) for one in kept]

    def __len__(self) -> int:
        return len(cast(Sized, self.parts[0]))

    def __getitem__(self, index: int) -> Batch:
        best, *others = (part[index] for part in self.parts)
        # Where a file was broken another stands in for it: then the best quality does.
        same = [o["face"] if o["index"] == best["index"] else best["face"] for o in others]
        return {**best, "others": torch.stack(same)}


def aligned(manifest: Manifest, names: Sequence[str]) -> list[Manifest]:
    """The items of each quality in one order, without those that lack one. Raises DataError."""
    found: dict[str, dict[str, Item]] = {name: {} for name in names}
    for item in manifest:
        if item.condition in found:
            found[item.condition][_bare(item)] = item
    whole = set.intersection(*(set(one) for one in found.values()))
    if not whole:
        raise DataError(
            f"No item of the manifest is there in all of the qualities {', '.join(names)}, which "
            "QAD sees side by side. Name others in 'qualities', or set jpeg = [75, 40] in "
            "[settings]: faces are then saved again."
        )
    order = [key for key in found[names[0]] if key in whole]
    return [replace(manifest, items=tuple(found[name][key] for key in order)) for name in names]


def _bare(item: Item) -> str:
    return item.path.replace(item.condition, "*")


class Saved(Dataset[Batch]):
    """Faces of ``base`` with the same saved as JPEG at each of ``qualities``, as ``others``."""

    def __init__(self, base: Dataset[Batch], qualities: Sequence[int]) -> None:
        self.base, self.qualities = base, tuple(qualities)

    def __len__(self) -> int:
        return len(cast(Sized, self.base))

    def __getitem__(self, index: int) -> Batch:
        item = self.base[index]
        return {**item, "others": torch.stack([saved(item["face"], q) for q in self.qualities])}


def saved(face: Tensor, quality: int) -> Tensor:
    """A face (3, H, W), 0…255, after a JPEG save; of its type."""
    kept = io.BytesIO()
    picture = np.ascontiguousarray(face.numpy().astype(np.uint8).transpose(1, 2, 0))
    Image.fromarray(picture).save(kept, "JPEG", quality=quality)
    again = np.asarray(Image.open(kept)).transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(again)).to(face.dtype)
