"""What a face is trained on: how much of each pixel was made, and which part of the face it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from unmask.datasets.manifest import Item
from unmask.datasets.reading import Loaded, Reader
from unmask.detectors.image.fakelocator.parts import parts_of
from unmask.media.luma import luma
from unmask.types import Pixels

MAPS = ("fakeness", "parts")
"""Targets that lie over the picture."""
WHOLE = "generated"
"""The family of faces of which every pixel was made."""


def fakeness(fake: Pixels, original: Pixels) -> NDArray[np.float32]:
    """How far each pixel lies from that of the original, 0…1 of the grey scale."""
    return np.asarray(np.abs(luma(fake) - luma(original)) / 255, np.float32)


def told(item: Item) -> bool:
    """Whether the manifest says how much of a forged face was made."""
    return bool(item.original or item.mask or item.family == WHOLE)


class Pairs:
    """Targets of an item: ``fakeness`` (H × W), ``mapped`` (whether it is known), ``parts``.

    Nothing of a real face was made, and all of one of the family ``generated``. Of another fake it
    is the difference from its original, or where the manifest does not name that, its mask.
    ``parts`` are asked of the original, where there is one, as nothing was changed there.
    """

    def __init__(self, reader: Reader, face: str, parsed: bool) -> None:
        self.reader, self.face, self.parsed = reader, face, parsed

    def __call__(self, item: Item, loaded: Loaded) -> Mapping[str, NDArray[np.generic]]:
        """The targets. Raises MediaError, ModelError where parts need a mesh that is not here."""
        seen = np.asarray(loaded.arrays[self.face].transpose(1, 2, 0), np.uint8)
        original = self.reader.original(item, loaded)
        found = self._fakeness(item, loaded, seen, original)
        empty = np.zeros(seen.shape[:2], np.float32)
        made: dict[str, NDArray[np.generic]] = {
            "fakeness": empty if found is None else found,
            "mapped": np.asarray(found is not None, np.float32),
        }
        if self.parsed:
            made["parts"] = parts_of(seen if original is None else original)
        return made

    def _fakeness(
        self, item: Item, loaded: Loaded, seen: Pixels, original: Pixels | None
    ) -> NDArray[np.float32] | None:
        if original is not None:
            return fakeness(seen, original)
        if item.label and item.family == WHOLE:
            return np.ones(seen.shape[:2], np.float32)
        return self.reader.mask(item, loaded)
