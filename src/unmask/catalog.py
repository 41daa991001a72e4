"""Everything that works, by key (``detector:sbi``, ``strategy:sam`` …), with its paper.

Nothing is listed by hand: the entries are the folders and files that the registries find, and
their papers are read from the cards, adapters and protocols themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import unmask
from unmask import registry
from unmask.bench.faces.protocol import face_protocols, read_face_protocol
from unmask.bench.protocol import protocols, read_protocol
from unmask.cards.card import read_card
from unmask.datasets.adapter import adapter, adapters
from unmask.errors import DataError
from unmask.plugin_files import ROOMS, constants, described, names
from unmask.plugins import leave_out
from unmask.sources import FILE, sources
from unmask.taxonomy.reading import Taxonomy, taxonomies, taxonomy

_HERE = Path(unmask.__file__).parent
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})", re.IGNORECASE)
_ARXIV_WORDS = re.compile(r"arXiv (\d{4}\.\d{4,5})")
_DOI = re.compile(r"doi\.org/(10\.\S+)")
_CITATION = re.compile(
    r"(?P<authors>.+?): (?P<title>.+(?:[?!]|(?=\.)))\.? (?P<venue>(?:(?![.?!] ).)*\d{4})$"
)
_SOURCE = re.compile(r"(?P<authors>.+?) (?P<year>(?:19|20)\d\d)\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that works. ``where``: its file in the package; ``arxiv`` and ``doi`` if known."""

    key: str
    title: str
    authors: str
    year: int | None
    url: str
    arxiv: str
    doi: str
    where: str

    def bibtex(self) -> str:
        """The entry for a list of references."""
        names = [name.strip() for name in re.split(r",| and | et al\.", self.authors)]
        fields = {
            "title": f"{{{self.title}}}",
            "author": " and ".join(name for name in names if name),
            "year": str(self.year or ""),
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" if self.arxiv else "",
            "doi": self.doi,
            "url": self.url,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@misc{{{self.key.replace(':', '-')},", *lines, "}"])


def catalog() -> tuple[Entry, ...]:
    """All entries, in the order of their keys."""
    found = [
        *_detectors(),
        *_datasets(),
        *_protocols(),
        *_rooms(),
        *_generators(),
        *_taxonomies(),
        *_perturbations(),
    ]
    return tuple(sorted(found, key=lambda entry: entry.key))


def class_of(key: str, survey: Taxonomy) -> str:
    """Where a taxonomy puts what a key stands for; empty for what it does not sort."""
    kind, _, name = key.partition(":")
    if kind == "detector":
        return survey.of_detector(name)
    return survey.of(sources().by_key[name]) if kind == "generator" else ""


def _entry(
    key: str, title: str, authors: str, year: int | None, url: str, where: Path, words: str = ""
) -> Entry:
    arxiv = _ARXIV.search(url) or _ARXIV_WORDS.search(words)
    doi = _DOI.search(url)
    return Entry(
        key,
        title,
        authors,
        year,
        url,
        arxiv[1] if arxiv else "",
        doi[1] if doi else "",
        where.relative_to(_HERE).as_posix() if where.is_relative_to(_HERE) else str(where),
    )


def _detectors() -> Iterator[Entry]:
    for name in registry.detectors():
        path = registry.detector_card(name)
        card = read_card(path)
        if name in registry.methods():
            if not card.sources:
                leave_out(f"The detector {name!r} at {path.parent}", "its card names no source")
                continue
            paper = card.sources[0]
            yield _entry(f"detector:{name}", paper.title, paper.authors, paper.year, paper.url,
                         path.parent)  # fmt: skip
        else:
            year = int(card.training.date[:4]) if card.training else None
            yield _entry(f"detector:{name}", card.title, "The unmask authors", year, "",
                         path.parent)  # fmt: skip


def _datasets() -> Iterator[Entry]:
    import sys

    for name in adapters():
        one = adapter(name)
        authors, title, year = cited(one.citation)
        file = sys.modules[type(one).__module__].__file__
        assert file
        yield _entry(f"dataset:{name}", title, authors, year, one.url, Path(file), one.citation)


def _protocols() -> Iterator[Entry]:
    for name, path in protocols().items():
        one = read_protocol(name)
        yield _protocol(name, one.title, one.source, path)
    for name, path in face_protocols().items():
        asked = read_face_protocol(name)
        yield _protocol(name, asked.title, asked.source, path)


def _protocol(name: str, title: str, source: str, path: Path) -> Entry:
    found = _SOURCE.match(source)
    authors = found["authors"] if found else source
    year = int(found["year"]) if found else None
    return _entry(f"protocol:{name}", title, authors, year, "", path)


def _rooms() -> Iterator[Entry]:
    for room, kind in ROOMS.items():
        for name in names(room):
            said = described(room, name)
            try:
                authors, title, year = cited(said.citation)
            except DataError as error:
                if said.path.is_relative_to(_HERE):
                    raise
                leave_out(f"The {kind} {name!r} at {said.path}", error)
                continue
            yield _entry(f"{kind}:{name}", title, authors, year, said.url, said.path)


def _generators() -> Iterator[Entry]:
    """Those with a paper; the others are labels that resolve, and cite nobody."""
    for source in sources().by_key.values():
        if source.paper:
            authors, title, year = cited(source.paper)
            yield _entry(f"generator:{source.key}", title, authors, year, source.url, FILE,
                         source.paper)  # fmt: skip


def _perturbations() -> Iterator[Entry]:
    """Files of ``forge`` that cite what ``bench --perturb`` runs; ``KEY`` if not their name."""
    for path in sorted((_HERE / "forge").glob("*.py")):
        said = constants(path)
        if "CITATION" in said:
            authors, title, year = cited(said["CITATION"])
            key = said.get("KEY", path.stem.replace("_", "-"))
            yield _entry(f"perturbation:{key}", title, authors, year, said["URL"], path)


def _taxonomies() -> Iterator[Entry]:
    for name, path in taxonomies().items():
        survey = taxonomy(name)
        authors, title, year = cited(survey.citation)
        yield _entry(f"taxonomy:{name}", title, authors, year, survey.url, path, survey.citation)


def cited(citation: str) -> tuple[str, str, int]:
    """Authors, title and year of ``Authors: Title. Venue Year``. Raises DataError."""
    found = _CITATION.match(citation)
    if found is None:
        raise DataError(
            f"The citation {citation!r} is not of the form 'Authors: Title. Venue Year'."
        )
    return found["authors"], found["title"], int(found["venue"][-4:])
