"""The birth certificate of a calibration: ``newsroom.toml``, sealed against a slip of the hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from unmask._toml import read_toml, toml_text
from unmask.decision.ratio import Ratio
from unmask.errors import DataError
from unmask.types import Kind

FORMAT = 1
_SEAL = "seal = "
_HEAD = """\
# Thresholds from one's own material, as `unmask calibrate` writes them. Not to be edited: the seal
# would not fit any more. Other options: unmask calibrate recompute THIS_FILE --out OTHER.toml
"""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(_Part):
    """At ``fpr`` a file is flagged whose statistic exceeds ``threshold``.

    ``vouched``: how many of the groups of at least ``conformal.ENOUGH`` files can vouch by
    themselves that ``worst`` times the rate holds in them; in the others of that size nothing below
    their highest is flagged.
    """

    fpr: float = Field(gt=0, lt=1)
    threshold: float
    vouched: int


class Voter(_Part):
    """One opinion: the shipped rule, or a joined detector.

    ``spoke``: authentic files in which it gave a value. ``tied``: it gave all the same.
    """

    name: str
    spoke: int
    tied: bool
    ratio: Ratio | None = None
    no_ratio: str = ""


class KindTable(_Part):
    """What was fitted on the authentic files of one kind.

    ``files``: those that any voter could judge; ``silent``: those that none could. ``groups``:
    files by group. ``ratio``: of the statistic, from forged files.
    """

    kind: Kind
    files: int
    silent: int
    fakes: int
    groups: dict[str, int]
    lowest: float
    rates: list[Rate] = Field(min_length=1)
    voters: list[Voter] = Field(min_length=1)
    ratio: Ratio | None = None
    no_ratio: str = ""


class Refused(_Part):
    """A kind with too few authentic files."""

    kind: Kind
    files: int
    needed: int


class Birth(_Part):
    """What shapes the scores. ``models``: checksums by name. ``joined``: names of detectors."""

    fps: float
    analyzers: list[str]
    joined: list[str]
    models: dict[str, str]

    def differs(self, now: Birth) -> str:
        """The first thing in which a scan differs, in words; empty when nothing does."""
        if self.joined != now.joined:
            return f"joined detectors {_named(self.joined)}, now {_named(now.joined)} (--with)"
        if self.analyzers != now.analyzers:
            return f"analyzers {_named(self.analyzers)}, now {_named(now.analyzers)} (--only)"
        if self.fps != now.fps:
            return f"{self.fps:g} pictures a second, now {now.fps:g} (--fps)"
        for name in sorted({*self.models, *now.models}):
            if name not in now.models:
                return f"{name}, which this scan does not have"
            if name not in self.models:
                return f"what a scan finds without {name}"
            if self.models[name] != now.models[name]:
                return f"another version of {name} (its checksum differs)"
        return ""


class Material(_Part):
    """Where files came from. ``folders`` as they were given."""

    folders: list[str]
    files: int
    unreadable: int
    twice: int


class Certificate(_Part):
    """The whole file."""

    format: int
    date: str
    worst: float = Field(ge=1)
    scores: str
    scores_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    birth: Birth
    versions: dict[str, str]
    real: Material
    fake: Material | None = None
    kinds: list[KindTable] = Field(min_length=1)
    refused: list[Refused] = Field(default_factory=list)
    seal: str

    @property
    def number(self) -> str:
        """A short number to tell calibrations apart."""
        return self.seal[:12]


def sealed(values: dict[str, Any]) -> bytes:
    """The text of a certificate (all but the seal), and its seal in the first line."""
    text = toml_text(values)
    return f'{_HEAD}{_SEAL}"{_mark(text)}"\n{text}'.encode()


def read_certificate(path: Path) -> Certificate:
    """Read it back. Raises DataError when it is missing, malformed, or not as it was written."""
    found = read_toml(path, Certificate, "calibration", DataError)
    if found.format != FORMAT:
        raise DataError(
            f"The calibration {path} has format {found.format}; this version reads {FORMAT}. "
            "Make it again: unmask calibrate"
        )
    text = path.read_text(encoding="utf-8")
    _, _, rest = text.partition(f'{_SEAL}"{found.seal}"\n')
    if found.seal != _mark(rest):
        raise DataError(
            f"The calibration {path} was changed after it was made (its seal does not fit). "
            "Make it again: unmask calibrate recompute"
        )
    return found


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _named(names: list[str]) -> str:
    return ", ".join(names) or "none"
