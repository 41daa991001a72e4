"""Answers in words, held against the right ones: exact match, and the choice that was named.

Rajpurkar et al. 2016 (SQuAD), section 6.1: an answer counts when it is the right one but for case,
punctuation, articles and spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from unmask.metrics.detection import mode_of

MODES = ("normalised", "strict")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_LETTER = re.compile(
    r"(?:answer\s*(?:is|:)?\s*)?[(\[]?([A-Z])[)\].:]*(?:\s+(.*))?", re.IGNORECASE | re.DOTALL
)


def normalised(text: str) -> str:
    """``text`` in small letters, without punctuation and articles, with single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = "".join(" " if unicodedata.category(c).startswith("P") else c for c in folded)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(
    said: str, right: str, choices: Sequence[str] = (), mode: str = "normalised"
) -> bool:
    """Whether an answer is the right one.

    ``normalised``: as SQuAD compares; where there are ``choices``, a letter alone names one by its
    place (``B``, ``(b)``, ``Answer: B.``), and so does one before a choice's own words
    (``B. a swap``). ``strict``: the very same text but for spaces around it. Raises SettingError.
    """
    mode_of("exact match", mode, MODES)
    if mode == "strict":
        return said.strip() == right.strip()
    if not choices:
        return normalised(said) == normalised(right)
    return chosen(said, choices) == normalised(right)


def chosen(said: str, choices: Sequence[str]) -> str:
    """The choice that an answer names, normalised; the answer itself, normalised, when none."""
    words = normalised(said)
    known = [normalised(choice) for choice in choices]
    if words in known:
        return words
    if found := _LETTER.fullmatch(said.strip()):
        place, rest = ord(found[1].upper()) - ord("A"), normalised(found[2] or "")
        if place < len(known) and rest in ("", known[place]):
            return known[place]
    return words
