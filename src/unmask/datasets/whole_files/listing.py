"""The whole files of a study: a manifest's own, and those of further public sources."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from unmask._toml import read_toml
from unmask.errors import DataError

_HERE = Path(__file__).parent
GATHERED = "gathered"
"""The folder under ``more`` that holds the files of ``gathered.csv``."""
FAMILIES = {
    "GAN portrait": "portraits by a GAN",
    "GAN picture": "pictures by generators",
    "generated": "pictures by generators",
    "inpainted": "filled-in parts",
    "swap": "swapped faces",
    "talking head": "talking heads",
    "lip sync": "redrawn lips",
    "text-to-video": "clips by generators",
}
"""What the families of ``gathered.csv`` are called in tables."""
NEW = ("images/generated/", "video/wav2lip/")
"""Folders of the manifest whose sources and makers no shipped model was trained on."""


KEPT = 0.3
"""Share of the gathered sources that no small model is trained on."""


class Source(BaseModel):
    """One further source; see ``sources.toml``.

    ``collections``: each folder of it is a source of its own, for other people made it elsewhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    repository: str
    revision: str
    files: str
    kind: str
    label: str
    licence: str
    what: str
    family: str = ""
    maker: str = ""
    collections: bool = False


class _Sources(BaseModel):
    source: list[Source]


@dataclass(frozen=True, slots=True)
class Whole:
    """One file to scan.

    ``part``: ``fit`` (other files of the source trained the models, this one did not), ``dev``
    (the development split) or ``new`` (source and maker unknown to the models). ``family``: the
    kind of forgery, empty for an authentic file. ``condition``: what was done to it since.
    ``item``: a name that does not depend on the machine.
    """

    path: Path
    item: str
    kind: str
    label: str
    source: str
    group: str
    part: str
    family: str = ""
    maker: str = ""
    condition: str = "as found"


@lru_cache(maxsize=1)
def sources() -> tuple[Source, ...]:
    """The further sources."""
    return tuple(read_toml(_HERE / "sources.toml", _Sources, "list", DataError).source)


def listed(data: Path, more: Path | None, every: bool = False) -> Iterator[Whole]:
    """All files of ``data/manifest.jsonl`` that no model was fitted on, then those of ``more``.

    ``every``: also those that the small models were fitted on. Raises DataError when there is no
    manifest.
    """
    yield from _of_manifest(data, every)
    for source in sources() if more else ():
        assert more is not None
        yield from _of_source(source, more / source.name)
    if more is not None:
        yield from _of_gathered(more / GATHERED)


def _of_manifest(data: Path, every: bool) -> Iterator[Whole]:
    manifest = data / "manifest.jsonl"
    if not manifest.exists():
        raise DataError(f"There is no {manifest}. Give a folder that holds manifest.jsonl.")
    for line in manifest.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        group = row.get("group") or row.get("subject") or row["path"]
        new = row["path"].startswith(NEW)
        if row["kind"] == "audio" and not row.get("group"):
            group = f"{row['source']}:{row.get('subject') or row['path']}"
        if not (every or new or row["split"] == "dev" or _kept(row["kind"], str(group))):
            continue
        yield Whole(
            path=data / row["path"],
            item=row["path"],
            kind=row["kind"],
            label=row["label"],
            source=row["source"],
            group=f"{row['source']}:{group}",
            part="new" if new else "dev" if row["split"] == "dev" else "fit",
            family=_family(row) if row["label"] == "fake" else "",
            maker=str(row.get("method") or ""),
        )


def _kept(kind: str, group: str) -> bool:
    """Whether the model of that kind kept a group of the training split for calibration.

    For pictures with faces that is the face model's rule, or that of the picture model. Videos are
    too few to leave any out: the models have met some of their frames.
    """
    if kind == "audio":
        return zlib.crc32(group.encode()) % 100 < 12
    face, picture = (
        int(hashlib.sha256(f"{name}{group}".encode()).hexdigest()[:8], 16) / 2**32
        for name in ("face:", "picture ")
    )
    return kind == "video" or min(face, picture) < 0.12


def _family(row: dict[str, str]) -> str:
    if row["kind"] == "image":
        return "pictures by generators" if row["path"].startswith(NEW) else "portraits by a GAN"
    return "redrawn lips" if row["kind"] == "video" else "recordings by known speech generators"


def gathered() -> list[dict[str, str]]:
    """The lines of ``gathered.csv``: a file each, its repository, and git's hash of it."""
    with (_HERE / "gathered.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kept_from_training(source: str) -> bool:
    """Whether the small models were trained on nothing of a gathered source, by its name's hash."""
    digest = hashlib.sha256(f"gathered {source}".encode()).hexdigest()
    return int(digest[:8], 16) / 2**32 < KEPT


def photographs(more: Path) -> list[Whole]:
    """The authentic still pictures of ``gathered.csv`` that lie under ``more``."""
    found = _of_gathered(more / GATHERED)
    return [one for one in found if one.kind == "image" and one.label == "real"]


def _of_gathered(folder: Path) -> Iterator[Whole]:
    """Single files of many repositories, as far as they are there."""
    for row in gathered():
        path = folder / row["path"]
        if path.is_file():
            yield Whole(
                path=path,
                item=f"{GATHERED}/{row['path']}",
                kind=row["kind"],
                label=row["label"],
                source=row["source"],
                group=row["group"],
                part="new",
                family=FAMILIES[row["family"]] if row["label"] == "fake" else "",
                maker=row["maker"],
            )


def _of_source(source: Source, folder: Path) -> Iterator[Whole]:
    pattern = re.compile(source.files, re.IGNORECASE)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and pattern.search(name):
            item = f"{source.name}/{name}"
            origin = f"{source.name}/{name.split('/')[0]}" if source.collections else source.name
            plain = Whole(path, item, source.kind, source.label, origin, item, "new")
            yield replace(plain, family=source.family, maker=source.maker)
