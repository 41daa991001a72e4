"""JSON in the one form that is signed: RFC 8785 (JSON Canonicalization Scheme).

Keys are sorted by their UTF-16 code units, numbers are written as ECMAScript writes them, nothing
is escaped that need not be, and there is no space. Two texts that mean the same become one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

_EXACT = 2**53 - 1
_SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_ESCAPES = {code: f"\\u{code:04x}" for code in range(32)} | _SHORT


def canonical(value: Any) -> bytes:
    """A JSON value in its canonical form, as UTF-8.

    Raises ValueError for what that form cannot hold: NaN, infinities, whole numbers beyond 2⁵³,
    text with lone surrogates, and anything that is no JSON.
    """
    return _written(value).encode("utf-8")


def read_strictly(text: str | bytes) -> Any:
    """Parse JSON in which no object has a key twice: readers disagree on which of them counts.

    Raises ValueError.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError("an object has a key twice")
        return made

    return json.loads(text, object_pairs_hook=once)


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, int):
        if abs(value) > _EXACT:
            raise ValueError(f"{value} is beyond what every reader of JSON holds exactly")
        return str(int(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        ordered = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_written(k)}:{_written(value[k])}" for k in ordered) + "}"
    raise ValueError(f"{type(value).__name__} is no JSON")


def _number(value: float) -> str:
    """A number as ECMAScript's Number::toString writes it."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    # The value is 0.digits × 10 ** point, as in the standard's text.
    point = len(whole + fraction) - len(fraction) + int(exponent or 0)
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{digits[0]}{'.' + digits[1:] if count > 1 else ''}e{power}"
