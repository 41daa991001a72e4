"""What a protection is: something that owners do for a picture, a model or data of their own.

A **mark** is put into what the owner makes, and found again. A **cloak** changes the owner's own
picture before it is published. An **audit** asks a model whether something was done to it. A
**defence** makes a model harder to deceive.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from unmask.plugin_files import Settings

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.protect._model import Model

__all__ = ["PARTS", "Done", "Given", "Kind", "Part", "Protection", "Settings"]
Kind = Literal["mark", "cloak", "audit", "defence"]
Part = Literal["file", "key", "model", "data"]
PARTS: dict[Part, str] = {
    "file": "FILE",
    "key": "--key FILE",
    "model": "--detector NAME --weights FILE",
    "data": "--data MANIFEST",
}
"""What a user hands over, and how."""
S = TypeVar("S", bound=Settings)


def _nothing(done: int, of: int) -> None:
    """Nobody is told how far it is."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a user handed over. A protection looks at what it ``needs`` or ``takes`` alone.

    ``key``: the owner's secret. ``model``: a detector with its weights. ``said``: called with how
    many steps of how many are done.
    """

    file: Path | None = None
    key: bytes = b""
    model: Model | None = None
    data: Manifest | None = None
    said: Callable[[int, int], None] = _nothing

    @property
    def parts(self) -> frozenset[Part]:
        """What is there."""
        there: dict[Part, object] = {
            "file": self.file, "key": self.key, "model": self.model, "data": self.data,
        }  # fmt: skip
        return frozenset(part for part, value in there.items() if value)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it.

    ``text``: lines for a reader. ``values``: the same as numbers and words by name. ``files``: what
    is written below ``--out``, by name; nothing is written without it.
    """

    text: str
    values: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


class Protection(ABC, Generic[S]):
    """One protection. ``settings_type``: what may be set.

    ``kind``: see above. ``needs``: what must be handed over; ``takes``: what may be; ``file_is``:
    what the file is. ``limits``: what it does not do, in one sentence that every result ends with.
    What is drawn at random depends on the key and on ``seed`` of the settings alone.
    """

    kind: ClassVar[Kind]
    file_is: ClassVar[Literal["", "picture", "latent"]] = ""
    needs: ClassVar[frozenset[Part]]
    takes: ClassVar[frozenset[Part]] = frozenset()
    limits: ClassVar[str]
    settings_type: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    def protect(self, given: Given) -> Done:
        """Do it. Raises MediaError, DataError or ModelError for what does not fit."""
