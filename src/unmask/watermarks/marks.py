"""The messages that are known: one row of ``marks.toml`` a mark, each with its source."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from unmask._toml import read_toml
from unmask.errors import ModelError
from unmask.types import Label

Order = Literal["bgr", "rgb"]
"""Which channel the encoder took for blue: "bgr" the blue one, "rgb" the red one."""
Arithmetic = Literal["bytes", "floats"]
"""What the encoder was handed: 8-bit pixels, or unrounded ones, whose chroma is centred on 0.5."""


class Mark(BaseModel):
    """A message that a public pipeline embeds. One of ``text`` and ``bits`` is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    pipeline: str
    text: str = ""
    bits: str = Field(default="", pattern="^[01]*$")
    arithmetic: Arithmetic
    orders: tuple[Order, ...]
    makes: Literal[Label.SYNTHETIC, Label.MANIPULATED]
    source: str = Field(pattern="^https://")

    @model_validator(mode="after")
    def _one_message(self) -> Mark:
        if bool(self.text) == bool(self.bits):
            raise ValueError(f"mark {self.name!r} must have either text or bits")
        return self

    @property
    def message(self) -> NDArray[np.uint8]:
        """The bits in the order of the blocks, each 0 or 1."""
        if self.bits:
            return np.array([int(bit) for bit in self.bits], np.uint8)
        return np.unpackbits(np.frombuffer(self.text.encode(), np.uint8))


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mark: tuple[Mark, ...]


@lru_cache(maxsize=1)
def known() -> tuple[Mark, ...]:
    """All known marks. Raises ModelError when the table is malformed."""
    path = Path(__file__).parent / "marks.toml"
    return read_toml(path, _Table, "table of marks", ModelError).mark
