"""What a protocol asks for and its manifests lack, so that half a dataset never looks whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from unmask.bench.protocol import Choice, Protocol
from unmask.datasets.choosing import matches
from unmask.datasets.manifest import Item

Pool = Sequence[tuple[Item, str]]
_GAPS = ("Partial: ", "Not there: ")
_CLASSES = ("real", "forged")


def gaps(notes: Iterable[str]) -> Iterator[str]:
    """Those notes of a manifest that say what its copy of the dataset lacks."""
    return (note for note in notes if note.startswith(_GAPS))


def absent(protocol: Protocol, tests: Mapping[str, Sequence[Item]], whole: Pool) -> list[str]:
    """A note for every test that is not run, and for every part of one that has no items.

    ``tests``: the items of each that the detector takes. A test whose items are all of another
    kind is not missing: the detector has no part in it.
    """
    notes: list[str] = []
    nowhere: list[str] = []
    for test in protocol.test:
        found = tests[test.name]
        labels = {item.label for item in found}
        if len(labels) == 1 and protocol.both_classes:
            (there,) = labels
            notes.append(
                f"Not run: {test.name} has {len(found)} {_CLASSES[there]} and no "
                f"{_CLASSES[1 - there]} items in these manifests."
            )
        elif not labels and not any(test.fits(item, name) for item, name in whole):
            nowhere.append(test.name)
        if labels:
            notes += _parts(test.name, test, whole)
    if nowhere:
        notes.insert(0, f"Not in these manifests: {', '.join(nowhere)}.")
    for name, choice in (("training", protocol.train), ("validation", protocol.val)):
        if choice is not None and choice.where:
            notes += _parts(name, choice, whole)
    return notes


def _parts(name: str, choice: Choice, whole: Pool) -> Iterator[str]:
    """A note on values that a choice lists and no item has that fits it otherwise."""
    for field, patterns in choice.where.items():
        wanted = [pattern for pattern in patterns if pattern and not pattern.startswith("!")]
        if len(wanted) < 2:
            continue
        others = Choice(where={k: v for k, v in choice.where.items() if k != field})
        values = {
            manifest if field == "manifest" else str(getattr(item, field))
            for item, manifest in whole
            if others.fits(item, manifest)
        }
        gone = [p for p in wanted if not any(matches(value, [p]) for value in values)]
        if gone:
            yield f"No item of {name} has {field} {', '.join(gone)}."
