"""Adds recordings out of public repositories to a manifest: real ones and those of generators.

    python -m unmask.detectors.audio.unmask_voice.material.pages --pages FOLDER --out WIDER

``FOLDER`` holds a folder for each repository of ``pages.toml`` (``OWNER+NAME``) with its sound at
the revision that is named there; what is not there is left out and named. Of every recording the
first 8.8 s of sound are kept, of a generator on a page ``MOST`` recordings, spread over all.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from unmask._toml import read_toml
from unmask.detectors.audio.unmask_voice.items import PAGES
from unmask.detectors.audio.unmask_voice.material.reading import UNREADABLE, decoded, trimmed
from unmask.detectors.audio.unmask_voice.material.shelves import Shelf
from unmask.detectors.audio.unmask_voice.material.writing import Writer
from unmask.detectors.audio.unmask_voice.spectra import CLIP, RATE
from unmask.errors import DataError

MOST = 60
"""Recordings of one generator, or real ones, of one source."""
SHORTEST = 1.5
"""Seconds of sound."""
_REAL, _SKIPPED = "real", "skip"
_ENDS = {".wav", ".mp3", ".flac", ".ogg", ".m4a"}


class Page(BaseModel):
    """One repository. What each field means stands in ``pages.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str
    revision: str
    split: Literal["train", "foreign"]
    rules: tuple[tuple[re.Pattern[str], str], ...]
    source: str = ""
    licence: str = "not stated"
    what: str = ""
    collections: bool = False

    @property
    def folder(self) -> str:
        """Its folder below ``--pages``."""
        return self.repository.replace("/", "+")

    def maker(self, path: str) -> str:
        """ "real", what made the recording at this path, or nothing: it is left out."""
        for pattern, said in self.rules:
            if found := pattern.search(path):
                return "" if said == _SKIPPED else found.expand(said)
        return ""

    def source_of(self, path: str) -> str:
        """The source that a recording counts to."""
        name = self.source or self.repository
        return f"{name}/{path.partition('/')[0]}" if self.collections else name


class _Pages(BaseModel):
    page: list[Page]


def read_pages(path: Path | None = None) -> list[Page]:
    """All entries of the table. Raises DataError when it is malformed."""
    table = path or Path(__file__).with_name("pages.toml")
    return read_toml(table, _Pages, "table of pages", DataError).page


def _chosen(page: Page, root: Path) -> Iterator[tuple[Path, str, str]]:
    """File, source and maker of what is taken, ``MOST`` of each maker in a source."""
    by: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() in _ENDS and (maker := page.maker(name)):
            by[page.source_of(name), maker].append(path)
    for (source, maker), paths in by.items():
        for path in paths[:: -(-len(paths) // MOST)]:
            yield path, source, maker


def _take(page: Page, root: Path, writer: Writer) -> int:
    taken = 0
    for path, source, maker in _chosen(page, root):
        try:
            sound = trimmed(decoded(path))[: 4 * CLIP]
        except UNREADABLE:
            continue
        if sound.size < SHORTEST * RATE:
            continue
        name = path.relative_to(root).as_posix()
        shelf = Shelf(source, page.split, page.repository, page.licence)
        place = re.sub(r"[^a-zA-Z0-9_.-]", "_", f"{page.folder}_{name}")
        utterance = f"{source}:{path.stem}"
        system = "" if maker == _REAL else maker
        writer.write(shelf, place, sound, utterance, utterance, system=system)
        taken += 1
    return taken


def take(pages: Path, out: Path) -> Iterator[str]:
    """Write the recordings and add them to the manifest of ``out``; what came of it, in words."""
    manifest = out / "manifest.jsonl"
    if not manifest.exists():
        raise DataError(f"There is no {manifest}. Gather the other recordings first.")
    writer = Writer(out, PAGES)
    for page in read_pages():
        root = pages / page.folder
        if root.is_dir():
            count = _take(page, root.resolve(), writer)
            yield f"{page.repository} ({page.split}): {count} recordings"
        else:
            yield f"{page.repository}: left out, because there is no {root}"
    lines = manifest.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not json.loads(line)["path"].startswith(f"{PAGES}/")]
    text = "".join(f"{line}\n" for line in [*kept, *map(json.dumps, writer.rows)])
    manifest.write_text(text, encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    for line in take(args.pages, args.out):
        print(line, flush=True)


if __name__ == "__main__":
    main()
