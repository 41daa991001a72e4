"""One file, one case: the analyzer is run on it, and what it says is held against what was done."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from fact_table import Case

import sign_media
from unmask.analyzers.base import Options, Result
from unmask.analyzers.provenance import ProvenanceAnalyzer
from unmask.errors import MediaError
from unmask.provenance import reading, worker
from unmask.provenance.find import Store
from unmask.provenance.store import Refused
from unmask.types import Kind, Label, MediaInfo

Says = Callable[[Result], bool]


def changed(result: Result) -> bool:
    return any(f.bearing is Label.MANIPULATED and f.tree for f in result.findings)


def doubted(result: Result) -> bool:
    return any(f.bearing is not None for f in result.findings)


def valid(result: Result) -> bool:
    told = [f for f in result.findings if f.details.get("state") == "valid"]
    return bool(told) and told[0].bearing is None


def absent(result: Result) -> bool:
    return bool(result.absent) and not result.findings


def anything(result: Result) -> bool:
    return bool(result.findings)


def says(label: Label, count: int = 2) -> Says:
    return lambda r: len(r.findings) == count and r.findings[-1].bearing is label


_APART = reading.read


def _here(path: Path, store: Store, trust: str) -> dict[str, object]:
    """What the library says, asked in this process."""
    pieces = [[piece.offset, piece.length] for piece in store.pieces]
    answer = worker.read(str(path), store.mime, trust, pieces)
    if "error" in answer:
        raise Refused(str(answer["error"]))
    return answer


class Bench:
    """Collects cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases: list[Case] = []
        self._numbers = count()
        self.seconds: dict[bool, list[float]] = {True: [], False: []}
        self.me, self.other = sign_media.identity(), sign_media.identity("Other Works")
        self.trust = folder / "trust.pem"
        self.trust.write_bytes(self.me.root)

    def look(self, path: Path, trust: bool = False, apart: bool = False) -> Result:
        reading.read = _APART if apart else _here
        begun = time.monotonic()
        media = MediaInfo(str(path), Kind.IMAGE, "", 0, "")
        options = Options(trust=str(self.trust) if trust else "")
        result = ProvenanceAnalyzer(media, options).finish()
        if apart or not result.findings:
            self.seconds[bool(result.findings)].append(time.monotonic() - begun)
        return result

    def add(
        self,
        kind: str,
        path: Path,
        right: Says,
        present: bool = True,
        trust: bool = False,
        apart: bool = False,
    ) -> None:
        try:
            found = right(self.look(path, trust, apart))
        except MediaError:  # no longer media at all: the scan ends with that error
            return
        name = f"{path.name}, with a trust list" if trust else path.name
        self.cases.append(Case(name, kind, present, found))

    def write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def sign(self, path: Path, by: sign_media.Identity | None = None, **given: object) -> Path:
        to = self.folder / f"signed-{next(self._numbers)}-{path.name}"
        return sign_media.sign_file(path, by or self.me, to, **given)
