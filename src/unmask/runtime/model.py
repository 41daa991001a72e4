"""A detector's network, run by ONNX Runtime with the contract of its card."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask import registry
from unmask.cards.card import Card, read_card, verified_weights
from unmask.errors import ModelError
from unmask.runtime.session import open_session
from unmask.types import Tensor


class Model:
    """A card and its running network.

    ``threads`` is the number of processor threads of one call (0: let the runtime choose).
    """

    def __init__(self, card_path: Path, threads: int = 0) -> None:
        self.card: Card = read_card(card_path)
        try:
            self._session: Any = open_session(verified_weights(card_path), threads)
        except ModelError as error:
            raise ModelError(f"The weights of {self.card.name!r} do not load: {error}") from error
        given = {output.name for output in self._session.get_outputs()}
        # A card may name a value that is computed from what the network gives, such as a distance.
        self._outputs = [output.name for output in self.card.outputs if output.name in given]

    def run(self, inputs: Mapping[str, NDArray[np.generic]]) -> dict[str, Tensor]:
        """Run one batch: named arrays in, named float32 arrays out.

        Raises ModelError when the network cannot take them.
        """
        try:
            values = self._session.run(self._outputs, dict(inputs))
        except MemoryError:
            raise
        except Exception as error:  # the runtime raises its own unexported types
            text = str(error).splitlines()[0]
            raise ModelError(f"The network of {self.card.name!r} failed: {text}") from error
        return dict(zip(self._outputs, values, strict=True))


def opened_model(card_path: Path, threads: int = 0) -> Model:
    """The model of a card, kept open in this process until card or weights change on the disk."""
    files = (card_path, card_path.parent / read_card(card_path).file().file)
    marks = [(one.stat().st_mtime_ns, one.stat().st_size) for one in files if one.is_file()]
    return _opened(card_path, threads, tuple(marks))


@lru_cache(maxsize=8)
def _opened(card_path: Path, threads: int, marks: tuple[tuple[int, int], ...]) -> Model:
    del marks  # a part of the key
    return Model(card_path, threads)


@lru_cache(maxsize=8)
def load_model(name: str, threads: int = 0) -> Model:
    """The model of a registered detector, loaded once a process. Raises UnknownName, ModelError."""
    return Model(registry.detector_card(name), threads)
