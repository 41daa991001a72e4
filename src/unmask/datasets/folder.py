"""Own data as two folders, ``real/`` and ``fake/``: a manifest without a line of code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from unmask.datasets.manifest import Item, Manifest, checked
from unmask.datasets.splits import SHARES, scarce, split_all
from unmask.errors import DataError

SUFFIXES = {
    "image": ("jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "avif", "heic", "heif"),
    "video": ("mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "flv", "wmv", "ts"),
    "audio": ("wav", "flac", "mp3", "ogg", "opus", "m4a", "aac", "wma", "aiff", "aif"),
}
"""Endings of file names by kind."""
_KINDS = {suffix: kind for kind, suffixes in SUFFIXES.items() for suffix in suffixes}
_LABELS = {"real": 0, "fake": 1}


def kind_of(name: str) -> str:
    """The kind that a file's ending says, or nothing when it is no medium."""
    return _KINDS.get(PurePosixPath(name).suffix[1:].lower(), "")


def folder_manifest(
    root: Path,
    name: str = "",
    frames: bool = False,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
) -> Manifest:
    """A manifest of a folder that holds ``real/`` and ``fake/``.

    The first folder below ``fake`` is the generator, the first below ``real`` the source. Files of
    one stem, real or fake, are one group, and the split is by a hash of the group. With ``frames``
    the innermost folder is a video taken apart: its name is the group, and its pictures are one
    medium. ``fake/`` may be missing: some methods make their forgeries from real files. Raises
    DataError when ``real/`` is missing or a side holds no media.
    """
    if not (root / "real").is_dir():
        raise DataError(
            f"{root} has no folder 'real'. Put real files below real/ and forged ones below "
            "fake/GENERATOR/, or give a CSV or JSONL table, or a known dataset's --dataset."
        )
    sides = [side for side in _LABELS if (root / side).is_dir()]
    found = (item for side in sides for item in _side(root, side, frames))
    items = split_all(found, shares, seed)
    for side in sides:
        if not any(item.label == _LABELS[side] for item in items):
            raise DataError(f"{root / side} holds no picture, video or recording.")
    name = name or root.resolve().name
    final = checked(items)
    return Manifest(root, final, name, notes=(*_notes(final), *scarce(final)))


def _side(root: Path, side: str, frames: bool) -> Iterator[Item]:
    for path in sorted((root / side).rglob("*")):
        place = PurePosixPath(path.relative_to(root).as_posix())
        kind = kind_of(place.name)
        if not kind or any(part.startswith(".") for part in place.parts) or not path.is_file():
            continue
        below = place.parts[1:-1]
        whole = frames and kind == "image" and bool(below)
        first = below[0] if below and not (whole and len(below) == 1) else ""
        yield Item(
            item_id=str(place),
            media_id=str(place.parent) if whole else str(place),
            path=str(place),
            kind=kind,
            label=_LABELS[side],
            generator=first if side == "fake" else "",
            source=first if side == "real" else "",
            group=place.parent.name if whole else place.stem,
        )


def _notes(items: Sequence[Item]) -> tuple[str, ...]:
    """A warning when frames of videos seem to have been taken for pictures of their own."""
    if all(item.label == 0 for item in items):
        return (
            "There is no folder fake/: real files alone train only methods that make their own "
            "forgeries (sbi), and test none.",
        )
    reals = [i for i in items if i.label == 0 and i.kind == "image" and i.group == _stem(i)]
    seen = Counter(item.group for item in reals)
    if reals and max(seen.values()) > 1:
        stem, count = seen.most_common(1)[0]
        return (
            f"{count} real pictures are called {stem!r} and form one group. If the folders are "
            "videos taken apart into frames, make the manifest again with --frames.",
        )
    return ()


def _stem(item: Item) -> str:
    return PurePosixPath(item.path).stem
