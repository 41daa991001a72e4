"""Names of a checkpoint's tensors turned into ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


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
