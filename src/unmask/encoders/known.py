"""Which encoders there are, and where a user's copy lies."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from unmask._toml import read_toml
from unmask.cards.shelf import shelf
from unmask.encoders.outputs import with_blocks
from unmask.errors import ModelError, UnknownName

Bytes = bytes
"""The type: ``bytes`` is a number of an ``Encoder``."""
_PATH = Path(__file__).parent / "encoders.toml"
FOLDER = "encoders"
"""The folder of the shelf that holds them."""
_HASH = Field(pattern="^[0-9a-f]{64}$")


class Encoder(BaseModel):
    """One encoder; see ``encoders.toml``.

    ``sha256`` and ``bytes`` are of the file as it is kept: the ``member`` of the wheel with one
    more output, ``blocks``: the first token after each block, blocks × ``block_width`` numbers.
    ``first``: a value of the network that is the index 0. ``side``: of the square picture that it
    takes; ``mean`` and ``std``: of values 0…1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    licence: str
    source: str
    package: str
    version: str
    wheel_sha256: str = _HASH
    member: str
    member_sha256: str = _HASH
    sha256: str = _HASH
    bytes: int
    input: str
    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    output: str
    width: int
    first: str
    blocks: tuple[str, ...]
    block_width: int

    @property
    def path(self) -> Path:
        """Where this user's copy lies, whether it is there or not."""
        return shelf() / FOLDER / f"{self.name}-{self.sha256[:12]}.onnx"

    @property
    def here(self) -> bool:
        """Whether this user has it."""
        return self.path.is_file()

    @property
    def largest(self) -> int:
        """How many bytes the member has at most: it is kept with some more behind it."""
        return self.bytes

    def kept(self, data: Bytes) -> Bytes:
        """What is kept of the member: the same network with one more output."""
        return data + with_blocks(self.blocks, self.first)

    @property
    def numbers(self) -> int:
        """How many numbers ``runtime.encoder.RunningEncoder.features`` gives for a picture."""
        return len(self.blocks) * self.block_width + self.width


class _Encoders(BaseModel):
    encoder: list[Encoder]


@lru_cache(maxsize=1)
def encoders() -> dict[str, Encoder]:
    """All known encoders by name."""
    return {one.name: one for one in read_toml(_PATH, _Encoders, "list", ModelError).encoder}


def encoder(name: str) -> Encoder:
    """One encoder. Raises UnknownName."""
    try:
        return encoders()[name]
    except KeyError:
        raise UnknownName("encoder", name, encoders()) from None
