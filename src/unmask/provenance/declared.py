"""What a manifest says about machines that made media: the file itself, a part, or its parent."""

from __future__ import annotations

from dataclasses import dataclass

from unmask.provenance.judge import ingredient_state
from unmask.provenance.manifest import Ingredient, Manifest, Reading
from unmask.types import Label

_WHOLE = {"trainedAlgorithmicMedia": "an AI model", "algorithmicMedia": "an algorithm"}
_PART = {
    "compositeWithTrainedAlgorithmicMedia": "an AI model",
    "compositeSynthetic": "a machine",
}
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Declaration:
    """A statement that a machine made this: ``bearing``, in words, and whether it is proven."""

    bearing: Label
    what: str
    proven: bool


def declared(reading: Reading, sound: bool) -> Declaration | None:
    """What is said of the file, or of what it was made from. ``sound``: the active one holds.

    A statement about a parent counts for the file, one about a component for a part of it; an
    input of a program (a prompt, a reference picture) is not in the file.
    """
    return _of(reading, reading.active, sound, "", frozenset())


def _of(
    reading: Reading, manifest: Manifest, sound: bool, whose: str, seen: frozenset[str]
) -> Declaration | None:
    found = _own(manifest, sound, whose)
    if found and found.bearing is Label.SYNTHETIC:
        return found
    if len(seen) >= _DEEPEST or manifest.label in seen:
        return found
    best = found
    for ingredient in manifest.ingredients:
        inner = reading.manifests.get(ingredient.manifest)
        if inner is None or ingredient.relationship not in ("parentOf", "componentOf"):
            continue
        own = ingredient_state(ingredient, reading)
        holds = sound and own is not None and own.holds
        below = _of(reading, inner, holds, _named(ingredient), seen | {manifest.label})
        if below is None:
            continue
        if ingredient.relationship == "componentOf":
            below = Declaration(Label.MANIPULATED, below.what, below.proven)
        if best is None or (below.proven, below.bearing) > (best.proven, best.bearing):
            best = below
    return best


def _named(ingredient: Ingredient) -> str:
    what = "what it was made from" if ingredient.relationship == "parentOf" else "a part of it"
    return f"{what} (“{ingredient.title}”)" if ingredient.title else what


def _own(manifest: Manifest, sound: bool, whose: str) -> Declaration | None:
    of = whose or "the file"
    who = f" ({manifest.generator})" if manifest.generator else ""
    created = [action.source for action in manifest.actions if action.name == "c2pa.created"]
    for source in (*created, *manifest.sources):
        if source in _WHOLE:
            return Declaration(
                Label.SYNTHETIC, f"{_WHOLE[source]} made {of}{who}, declared as {source}", sound
            )
    for source in (*(action.source for action in manifest.actions), *manifest.sources):
        by = _PART.get(source) or _WHOLE.get(source)
        if by:
            return Declaration(
                Label.MANIPULATED, f"{by} made parts of {of}{who}, declared as {source}", sound
            )
    return None
