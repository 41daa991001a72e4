"""The user's own files: which there are, in which group each stands, and which count twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unmask.batch import find_files, key_of
from unmask.decision.rows import need_parquet
from unmask.digests import sha256_of
from unmask.errors import DataError
from unmask.file_list import root_of

MANIFEST = "manifest.parquet"
_COLUMNS = ("path", "label")
_SOURCE, _GROUP = "source", "group"


@dataclass(frozen=True, slots=True)
class Specimen:
    """One file of the material: where it is, its checksum, its group, 0 authentic or 1 forged."""

    path: Path
    sha256: str
    group: str
    label: int


@dataclass(frozen=True, slots=True)
class Side:
    """All authentic files, or all forged ones. ``twice``: how many were left out as copies."""

    places: tuple[str, ...]
    specimens: tuple[Specimen, ...]
    twice: int
    unreadable: tuple[tuple[str, str], ...] = ()


def gather(
    places: Sequence[Path],
    label: int,
    without: Iterable[Path] = (),
    on_read: Callable[[int, int], None] = lambda done, of: None,
) -> Side:
    """The files of folders and manifests; a file that is there twice counts once.

    A folder's direct subfolders are its groups; files that lie in it directly are a group of its
    name. A manifest is what ``unmask data make`` writes, or the folder that holds it: its rows with
    this ``label``, grouped by their source, else by their group. ``without``: files to pass over.
    Raises DataError when there is nothing.
    """
    own = {path.resolve() for path in without}
    found = [one for place in places for one in _files(place, label, several=len(places) > 1)]
    found = sorted({path: (path, group) for path, group in found if path.resolve() not in own}
                   .values(), key=lambda one: (one[1], key_of(one[0])))  # fmt: skip
    if not found:
        what = "authentic" if label == 0 else "forged"
        raise DataError(f"There are no {what} files in {', '.join(map(str, places))}.")
    seen: dict[str, Specimen] = {}
    unreadable: list[tuple[str, str]] = []
    for number, (path, group) in enumerate(found, start=1):
        try:
            mark = sha256_of(path)
        except OSError as error:
            unreadable.append((key_of(path), f"cannot be read: {error.strerror}"))
            continue
        seen.setdefault(mark, Specimen(path, mark, group, label))
        on_read(number, len(found))
    twice = len(found) - len(seen) - len(unreadable)
    return Side(tuple(map(key_of, places)), tuple(seen.values()), twice, tuple(unreadable))


def check_apart(real: Side, fake: Side) -> None:
    """Raises DataError when a file is said to be authentic and forged at once."""
    known = {one.sha256: one for one in real.specimens}
    for one in fake.specimens:
        if one.sha256 in known:
            raise DataError(
                f"{key_of(one.path)} among the forged files is the same file as "
                f"{key_of(known[one.sha256].path)} among the authentic ones. Remove one of them."
            )


def manifests(places: Iterable[Path]) -> list[Path]:
    """The manifests among some places: a file, or the one that a folder holds."""
    found = (place if place.suffix == ".parquet" else place / MANIFEST for place in places)
    return [path for path in found if path.is_file()]


def _files(place: Path, label: int, several: bool) -> Iterator[tuple[Path, str]]:
    if found := manifests([place]):
        yield from _of_manifest(found[0], label)
        return
    if not place.is_dir():
        raise DataError(f"{place} is neither a folder nor a manifest (.parquet).")
    name = key_of(Path(place.resolve().name))
    for path in find_files([place]):
        below = path.relative_to(place).parts
        sub = key_of(Path(below[0])) if len(below) > 1 else ""
        yield path, (f"{name}/{sub}" if several and sub else sub or name)


def _of_manifest(file: Path, label: int) -> Iterator[tuple[Path, str]]:
    need_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        text = str(error).split("\n", 1)[0]
        raise DataError(f"{file} is not a readable manifest: {text}") from error
    if missing := [name for name in _COLUMNS if name not in table.column_names]:
        raise DataError(f"{file} lacks the columns {', '.join(missing)}.")
    about = table.schema.metadata or {}
    root = root_of(file, about)
    for row in table.to_pylist():
        if row["label"] == label:
            yield root / row["path"], row.get(_SOURCE) or row.get(_GROUP) or file.parent.name
