"""Names of a checkpoint's tensors turned into ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")


def new_start(name: str, starts: Mapping[str, str]) -> str:
    """``name`` with its beginning exchanged: the first of ``starts`` that it has counts."""
    for theirs, ours in starts.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def rewritten(name: str, rules: Iterable[tuple[str, str]]) -> str:
    """``name`` after all ``rules`` in turn: a regular expression, and what takes its place."""
    for theirs, ours in rules:
        name = re.sub(theirs, ours, name)
    return name


def all_rewritten(
    checkpoint: Mapping[str, T],
    rules: Sequence[tuple[str, str]],
    unused: re.Pattern[str] | None = None,
) -> dict[str, T]:
    """A checkpoint with every name ``rewritten``, but for those that begin as ``unused`` does."""
    return {
        rewritten(name, rules): value
        for name, value in checkpoint.items()
        if unused is None or not unused.match(name)
    }


def forged_second(tensors: Mapping[str, Tensor], layer: str) -> dict[str, Tensor]:
    """Tensors with the rows of a last ``layer`` (its name up to the dot) in the other order."""
    return {name: v.flip(0) if name.startswith(layer) else v for name, v in tensors.items()}
