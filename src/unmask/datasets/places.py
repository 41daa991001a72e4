"""Datasets whose folders say everything: a pattern a kind of place, and what its files are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import SPLITS, Item
from unmask.datasets.on_disk import DatasetFolder

_CAUGHT = re.compile(r"\{(\w+)\}")
_FIELDS = {part.name for part in fields(Item)}


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of place in a dataset's folder, and what the media there are.

    ``pattern``: folders from the root on. ``{name}`` stands for any folder, and sets the field
    ``name`` where items have one. The last part is ``*`` (media right there) or ``**`` (at any
    depth below). ``fields``: further fields of the items; ``{name}`` in them is what the folders
    were called, and ``{stem}`` is the file's name without its ending, ``{path}`` its path from the
    root, ``{at}`` the folder above the place that was found, and ``{top}`` the first folder below
    that place (or the stem). ``names``: what a folder's name is called in a field. ``but``: folders
    that no ``{name}`` stands for. ``whole``: how many media are published, 0 when unknown; fewer
    are noted. ``optional``: whether it may be missing.
    """

    pattern: str
    label: int
    fields: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    but: tuple[str, ...] = ()
    whole: int = 0
    optional: bool = False


class FolderAdapter(Adapter):
    """A dataset that is read from the names of its folders and files alone."""

    places: ClassVar[tuple[Place, ...]]

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a medium. Every place that must be there is, and none is empty."""
        for place in self.places:
            found = list(self._place(folder, place))
            masks = {item.mask for item in found if item.mask}
            there = set(folder.present(masks, f"masks of {place.pattern}")) if masks else set()
            for item in found:
                yield item if item.mask in there or not item.mask else replace(item, mask="")

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item | None:
        """The item as it shall be, or nothing when it is left out. ``caught``: folder names."""
        return item

    def _place(self, folder: DatasetFolder, place: Place) -> Iterator[Item]:
        *parts, last = place.pattern.split("/")
        spots = list(_spots(folder, "", parts, {}, place))
        if not spots and not (place.optional or folder.partial):
            raise folder.error(f"no folder below {folder.root} is {place.pattern}")
        if not spots:
            folder.notes.append(f"Not there: {place.pattern}.")
        count = 0
        for spot, caught in spots:
            names = folder.media(spot, deep=last == "**")
            if not names and not folder.partial:
                raise folder.error(f"{spot or folder.root} holds no media")
            for name in names:
                folder.at = f"{spot}/{name}" if spot else name
                item = self.adjust(_item(folder, place, spot, name, caught), caught)
                if item is not None:
                    count += 1
                    yield item
        if spots and count < place.whole:
            folder.notes.append(f"{place.pattern} holds {count} of {place.whole} media.")


def _spots(
    folder: DatasetFolder, at: str, parts: list[str], caught: dict[str, str], place: Place
) -> Iterator[tuple[str, dict[str, str]]]:
    """Folders that fit a pattern, and what its braces stand for in each."""
    if not parts:
        yield at, caught
        return
    part, rest = parts[0], parts[1:]
    inner = f"{at}/" if at else ""
    if found := _CAUGHT.fullmatch(part):
        for name in folder.folders(at):
            if name not in place.but and not name.startswith("."):
                more = {**caught, found[1]: name}
                yield from _spots(folder, f"{inner}{name}", rest, more, place)
    elif folder.has(f"{inner}{part}"):
        yield from _spots(folder, f"{inner}{part}", rest, caught, place)
    elif not caught and not (place.optional or folder.partial):
        folder.need(f"{inner}{part}")


def _item(
    folder: DatasetFolder, place: Place, spot: str, name: str, caught: Mapping[str, str]
) -> Item:
    path = f"{spot}/{name}" if spot else name
    pure = PurePosixPath(name)
    told = {**caught, "stem": pure.stem, "path": path, "at": spot.rpartition("/")[0]}
    told["top"] = pure.parts[0] if len(pure.parts) > 1 else pure.stem
    known: dict[str, Any] = {key: value for key, value in caught.items() if key in _FIELDS}
    known |= {key: _filled(text, told) for key, text in place.fields.items()}
    known = {key: place.names.get(key, {}).get(value, value) for key, value in known.items()}
    if known.get("split", "train") not in SPLITS:
        raise folder.error(f"{spot} is no split of it ({known['split']})")
    known.setdefault("group", path)
    return medium(path, place.label, **known)


def _filled(text: str, told: Mapping[str, str]) -> str:
    """``text`` with its braces filled; what a folder is called is never read as a pattern."""
    return _CAUGHT.sub(lambda found: told[found[1]], text)
