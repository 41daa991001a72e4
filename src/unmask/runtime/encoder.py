"""A frozen encoder at work: pictures in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from unmask.digests import sha256_of
from unmask.encoders.known import Encoder, encoder
from unmask.errors import ModelError
from unmask.runtime.session import open_session
from unmask.types import Pixels, Tensor


class RunningEncoder:
    """One encoder of the shelf, opened. ``threads``: processor threads of one call (0: all).

    Raises ModelError when it is not on the shelf or not the file that is known.
    """

    def __init__(self, known: Encoder, threads: int = 0) -> None:
        self.known = known
        if not known.here:
            raise ModelError(f"The encoder {known.name!r} is missing. {remedy(known.name)}")
        if sha256_of(known.path) != known.sha256:
            raise ModelError(
                f"The encoder {known.path} is not the one that is known (sha256 differs). "
                f"{remedy(known.name)}"
            )
        self._session: Any = open_session(known.path, threads)
        self._mean = np.array(known.mean, np.float32)
        self._std = np.array(known.std, np.float32)

    def features(self, views: Sequence[Pixels]) -> Tensor:
        """What it makes of pictures of ``known.side`` pixels: pictures × ``known.numbers``.

        The first token after each block, in their order, then the embedding. A picture that is
        shown twice is looked at once.
        """
        rows: list[Tensor] = []
        for number, view in enumerate(views):  # one a call: more need memory and save no time
            again = next((n for n in range(number) if np.array_equal(views[n], view)), None)
            if again is not None:
                rows.append(rows[again])
                continue
            x = (view.astype(np.float32) / 255 - self._mean) / self._std
            given = {self.known.input: np.ascontiguousarray(x.transpose(2, 0, 1)[None])}
            blocks, embedding = self._session.run(["blocks", self.known.output], given)
            rows.append(np.concatenate([blocks[0], embedding[0]]))
        return np.stack(rows) if rows else np.empty((0, self.known.numbers), np.float32)


def remedy(name: str) -> str:
    """What to do when an encoder is missing."""
    return f"Bring it once: unmask models pull {name}"


@lru_cache(maxsize=2)
def load_encoder(name: str, threads: int = 0) -> RunningEncoder:
    """An encoder, opened once a process. Raises UnknownName, ModelError."""
    return RunningEncoder(encoder(name), threads)
