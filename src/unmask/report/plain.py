"""Values made fit for JSON and for a page: finite numbers, plain types, harmless text."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def finite(value: float | None) -> float | None:
    """The number, or ``None`` where it is NaN or infinite."""
    return float(value) if value is not None and math.isfinite(value) else None


def unicode_text(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates (undecodable file names) are written out."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def visible(text: str, limit: int | None = None) -> str:
    """Text whose invisible characters show as escapes, shortened in the middle to ``limit``.

    Line ends, control characters and marks that turn the reading direction could make a file name
    look like another one.
    """
    shown = "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in _HIDDEN else c for c in str(text)
    )
    if limit is None or len(shown) <= limit:
        return shown
    head = (limit - 1) * 2 // 3
    return f"{shown[:head]}…{shown[len(shown) - (limit - 1 - head) :]}"


def plain(value: Any) -> Any:
    """Any value as JSON types. NaN and infinity become ``None``; the unknown its ``str``."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return unicode_text(value)
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {unicode_text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    return unicode_text(str(value))
