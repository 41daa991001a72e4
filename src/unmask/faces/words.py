"""What the face analyzer says, in words for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from unmask.types import NotChecked, Vote

_SINGLE = 8
"""Up to so many faces that were left out are named one by one."""


def reason(vote: Vote, frames: int, still: bool) -> str:
    """Why a face got its vote; ``frames`` is the number of judged frames of a video."""
    seen = "" if still else f" over {frames} frame{'s' if frames > 1 else ''}"
    if vote is Vote.FORGED:
        return (
            f"Inside this face{seen}, texture and edges do not fit their surroundings, as in "
            "swapped, blended or redrawn faces."
        )
    if vote is Vote.CLEAR:
        return f"No trace of swapping, blending or redrawing was found in this face{seen}."
    return (
        f"This face{seen} has traces as few real faces have, but too weak ones for a verdict; "
        "the mark shows where to look."
    )


def left_out_words(analyzer: str, faces: Sequence[tuple[int, str]]) -> list[NotChecked]:
    """One entry a face (its number and why it was left out), or one a reason when they are many."""
    if len(faces) <= _SINGLE:
        return [NotChecked(analyzer, f"face {number}", why) for number, why in faces]
    counts = Counter(why.partition(" (")[0] for _, why in faces)
    return [
        NotChecked(analyzer, f"{count} face{'s' if count > 1 else ''}", why)
        for why, count in counts.items()
    ]
