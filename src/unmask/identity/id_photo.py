"""An identity photo against the people whom it might be mixed of, or against its holder."""

from __future__ import annotations

from collections.abc import Sequence

from unmask.errors import UnfitReferences
from unmask.identity.morph import Morph, against_live, two_people
from unmask.identity.profile import vectors
from unmask.identity.references import profile_from
from unmask.types import Tensor, Vote


def matches_two(photo: str, persons: Sequence[str], fpr: float = 0.01, threads: int = 0) -> Morph:
    """Whether the one face of ``photo`` matches two of ``persons`` (folders, photos, profiles).

    Raises UnfitReferences when a face is missing, MediaError with less than two people,
    StoreError, MissingExtra.
    """
    known = {name: looks(name, threads) for name in persons}
    return two_people(looks(photo, threads)[0], known, fpr)


def differs_from_live(photo: str, live: str, fpr: float = 0.01, threads: int = 0) -> Morph:
    """Whether ``photo`` is mixed, given a trusted picture of its holder. Raises as above."""
    return against_live(looks(photo, threads)[0], looks(live, threads)[0], fpr)


def looks(named: str, threads: int = 0) -> Tensor:
    """The face vectors (n × size) of a photo, a folder or a profile. Raises UnfitReferences."""
    profile = profile_from(named, threads)
    if not profile.faces:
        first = profile.left_out[0] if profile.left_out else None
        why = f" ({first.source}: {first.why})" if first else ""
        raise UnfitReferences(
            f"No face of {named} can be compared{why}. Give a sharp photo of one face."
        )
    return vectors(profile.faces)


def told(found: Morph) -> str:
    """The outcome in a sentence or two for a person."""
    near = ", ".join(f"{name} (distance {away:.3f})" for name, away in found.people[:2])
    if len(found.people) == 1:
        return {
            Vote.FORGED: "The photo differs from the live picture as mixed photos do: "
            "another face seems to be in it, or it shows another person.",
            Vote.CLEAR: "The photo fits the live picture as few mixed photos do.",
            Vote.UNDECIDED: "The photo differs from the live picture more than most honest ones "
            "and less than most mixed ones.",
        }[found.vote]
    return {
        Vote.FORGED: f"The face matches two people: {near}. An honest photo matches one; "
        "relatives and look-alikes match each other, too.",
        Vote.CLEAR: f"The face is not near two people: {near}. That is no proof: a face laid into "
        "one person's photo mostly passes.",
        Vote.UNDECIDED: f"The face is nearer to a second person than most honest photos: {near}.",
    }[found.vote]
