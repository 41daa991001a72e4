"""A user's own calibration at work: the statistic of a file, its rate, and whether that holds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from unmask.decision.certificate import Certificate, KindTable, read_certificate
from unmask.decision.conformal import Grouped, needed
from unmask.decision.features import features
from unmask.decision.likeness import Likeness
from unmask.decision.rows import BASE, Row, from_parquet, of_kind
from unmask.decision.rule import MARKED
from unmask.decision.statistic import Voters
from unmask.errors import DataError, SettingError
from unmask.types import Finding, Kind, MediaInfo, Vote


@dataclass(frozen=True, slots=True)
class Judged:
    """A file among the calibration files of its kind.

    ``statistic``: log of the mean of 1/p over the voters that spoke. ``p``: the lowest rate at
    which the file is flagged. ``shares``: p of each voter. ``llr``: of the statistic, nats;
    ``None`` without forged files.
    """

    statistic: float
    p: float
    shares: dict[str, float]
    llr: float | None

    @property
    def strongest(self) -> str:
        """The voter that did most for it."""
        return min(self.shares, key=lambda name: (self.shares[name], name))

    @property
    def surprise(self) -> float:
        """Minus the natural logarithm of ``p``."""
        return math.log(1 / self.p)


@dataclass(frozen=True, slots=True)
class OfKind:
    """What was fitted on one kind of medium."""

    voters: Voters
    statistic: Grouped
    likeness: Likeness

    @classmethod
    def of(cls, rows: Sequence[Row], worst: float) -> Self:
        """From the authentic files of the kind that any voter could judge."""
        values = [row.values() for row in rows]
        voters = Voters.of(values)
        statistic = Grouped.of(voters.own(values), [row.group for row in rows], worst)
        return cls(voters, statistic, Likeness.of(rows))


@dataclass(frozen=True, slots=True)
class Calibration:
    """A certificate and what was fitted on each kind."""

    path: str
    certificate: Certificate
    kinds: dict[Kind, OfKind]

    def table(self, kind: Kind) -> KindTable | None:
        """What the certificate says of a kind; ``None`` when it is not calibrated."""
        return next((one for one in self.certificate.kinds if one.kind is kind), None)

    def check_rate(self, fpr: float) -> None:
        """Raises SettingError when no kind has enough files to vouch for ``fpr``."""
        most = max(self.certificate.kinds, key=lambda one: one.files)
        if fpr < most.lowest:
            raise SettingError(
                f"{most.files} calibration files cannot vouch for --fpr {fpr:g}: at least "
                f"{needed(fpr)} of a kind are needed; these reach {most.lowest:.3g}. Calibrate "
                f"with more, or give --fpr {math.ceil(most.lowest * 1e4) / 1e4:g} or more."
            )

    def judge(
        self, kind: Kind, surprise: float | None, joined: Mapping[str, float]
    ) -> Judged | None:
        """Where a file stands; ``None`` when its kind is not calibrated or no voter spoke.

        ``surprise``: of the shipped rule; ``joined``: raw scores of joined detectors by name.
        """
        own, table = self.kinds.get(kind), self.table(kind)
        if own is None or table is None:
            return None
        values = ({} if surprise is None else {BASE: surprise}) | dict(joined)
        shares = own.voters.shares(values)
        if not shares:
            return None
        statistic = float(own.voters.statistics([values])[0])
        llr = table.ratio.llr(statistic) if table.ratio else None
        return Judged(statistic, float(own.statistic.p(statistic)), shares, llr)

    def threshold(self, kind: Kind, fpr: float) -> float:
        """The statistic above which a file of ``kind`` is flagged. Raises DataError."""
        if kind not in self.kinds:
            raise DataError(self._lacking(kind))
        return self.kinds[kind].statistic.threshold(fpr)

    def voted(self, kind: Kind, findings: Iterable[Finding], fpr: float) -> tuple[Finding, ...]:
        """The findings; those of joined detectors vote at their own rate.

        *Forged* where p ≤ fpr, *undecided* where p ≤ max(``MARKED``, fpr), else *clear*. A
        likelihood ratio is set where one was fitted on forged files, and never otherwise.
        """
        return tuple(self._voting(kind, finding, fpr) for finding in findings)

    def share(self, kind: Kind, voter: str, value: float) -> float:
        """p of one voter's value; 1 where the kind is not calibrated or the voter not known."""
        own = self.kinds.get(kind)
        return own.voters.shares({voter: value}).get(voter, 1.0) if own else 1.0

    def _voting(self, kind: Kind, finding: Finding, fpr: float) -> Finding:
        table = self.table(kind)
        known = table is not None and finding.detector in self.certificate.birth.joined
        if table is None or not known or finding.score is None:
            return finding
        voter = next((one for one in table.voters if one.name == finding.detector), None)
        if voter is None:
            return finding
        p = self.share(kind, voter.name, finding.score)
        vote = Vote.FORGED if p <= fpr else Vote.UNDECIDED if p <= max(MARKED, fpr) else Vote.CLEAR
        llr = voter.ratio.llr(finding.score) if voter.ratio else None
        return replace(finding.settled(vote), llr=llr, rate=p)

    def unlike(self, media: MediaInfo, findings: Iterable[Finding], fpr: float) -> str:
        """Why the rate may not hold for this file, a sentence; empty when it is like the others."""
        table = self.table(media.kind)
        if table is None:
            return self._lacking(media.kind)
        if fpr < table.lowest:
            return (
                f"The calibration's {table.files} {media.kind} files cannot vouch for a rate of "
                f"{fpr:g}; {needed(fpr)} would be needed."
            )
        said = self.kinds[media.kind].likeness.unlike(*features(media, findings))
        return f"The rates do not hold for this file: {said}." if said else ""

    def _lacking(self, kind: Kind) -> str:
        few = next((one for one in self.certificate.refused if one.kind is kind), None)
        had = f"{few.files} {kind} files, of which {few.needed} are needed" if few else f"no {kind}"
        return f"The calibration holds {had}: none of its rates is about this file."

    def basis(self, kind: Kind) -> str:
        """On what the rates of a kind were fitted, a line; empty when it is not calibrated."""
        table = self.table(kind)
        if table is None:
            return ""
        made = self.certificate
        groups = ", ".join(f"{name} ({count})" for name, count in list(table.groups.items())[:5])
        more = f" and {len(table.groups) - 5} more" if len(table.groups) > 5 else ""
        rates = ", ".join(f"{rate.fpr:g}" for rate in table.rates)
        settings = f"fps {made.birth.fps:g}"
        if made.birth.joined:
            settings += f", with {', '.join(made.birth.joined)}"
        models = ", ".join(f"{name} {mark[:8]}" for name, mark in made.birth.models.items())
        return (
            f"{Path(self.path).name} ({made.number}), {made.date}: {table.files} authentic "
            f"{kind} files of {len(table.groups)} groups: {groups}{more}; rates {rates}, in no "
            f"large group over {made.worst:g} times that; unmask "
            f"{made.versions.get('unmask', '?')}, {models}; {settings}"
        )


def fit_kind(rows: Sequence[Row], kind: Kind, worst: float) -> OfKind | None:
    """What is fitted on the authentic rows of a kind; ``None`` when they cannot vouch for 5 %."""
    own = [row for row in of_kind(rows, kind, 0) if row.values()]
    return OfKind.of(own, worst) if len(own) >= needed(MARKED) else None


def stored(path: Path) -> tuple[Certificate, list[Row]]:
    """A certificate and the rows of the table beside it.

    Raises DataError when either is missing, damaged or was changed; MissingExtra.
    """
    found = read_certificate(path)
    beside = path.parent / found.scores
    try:
        data = beside.read_bytes()
    except OSError as error:
        raise DataError(
            f"The scores of the calibration {path} are not at {beside} ({error.strerror}). "
            "They belong beside it."
        ) from None
    if hashlib.sha256(data).hexdigest() != found.scores_sha256:
        raise DataError(
            f"{beside} is not the table of scores that {path} was made from (sha256 differs). "
            "Make the calibration again: unmask calibrate"
        )
    return found, from_parquet(data, str(beside))


def read_calibration(path: Path) -> Calibration:
    """A calibration from its TOML and the table of scores beside it; raises as ``stored``."""
    found, rows = stored(path)
    fitted = {one.kind: fit_kind(rows, one.kind, found.worst) for one in found.kinds}
    return Calibration(str(path), found, {k: own for k, own in fitted.items() if own is not None})
