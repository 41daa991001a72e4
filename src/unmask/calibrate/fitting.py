"""From scored rows to the two files of a calibration: the certificate and the table of scores."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unmask.calibrate.material import Side
from unmask.decision.calibration import OfKind, fit_kind
from unmask.decision.certificate import (
    FORMAT,
    Birth,
    Certificate,
    KindTable,
    Material,
    Rate,
    Refused,
    Voter,
    sealed,
)
from unmask.decision.conformal import ENOUGH, Floats, needed
from unmask.decision.ratio import Ratio, fit_ratio
from unmask.decision.rows import Row, of_kind, to_parquet
from unmask.decision.rule import MARKED
from unmask.errors import DataError
from unmask.types import Kind
from unmask.vault import replace

RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
"""Rates that a table is written for, as far as the files can vouch for them."""
NO_FAKES = "no forged files were given"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a certificate says besides the figures."""

    date: str
    birth: Birth
    versions: dict[str, str]
    real: Material
    fake: Material | None


def material(side: Side, rows: Sequence[Row]) -> Material:
    """What a certificate says of one side of the material."""
    failed = sum(bool(row.error) for row in rows) + len(side.unreadable)
    return Material(folders=list(side.places), files=len(rows), unreadable=failed, twice=side.twice)


def write_calibration(path: Path, rows: Sequence[Row], origin: Origin, worst: float) -> Certificate:
    """Fit, and write ``path`` (TOML) with the table of scores beside it; the same to the byte
    for the same rows and origin.

    Raises DataError when no kind has enough authentic files, MissingExtra, OutputError.
    """
    scores = path.with_suffix(".parquet")
    tables, refused = fit_tables(rows, worst)
    data = to_parquet(rows)
    values: dict[str, Any] = {
        "format": FORMAT,
        "date": origin.date,
        "worst": worst,
        "scores": scores.name,
        "scores_sha256": hashlib.sha256(data).hexdigest(),
        "birth": origin.birth.model_dump(),
        "versions": origin.versions,
        "real": origin.real.model_dump(),
        "fake": origin.fake.model_dump() if origin.fake else None,
        "kinds": [table.model_dump(mode="json") for table in tables],
        "refused": [one.model_dump(mode="json") for one in refused],
    }
    text = sealed(values)
    replace(scores, (data,))
    replace(path, (text,))
    return Certificate.model_validate(values | {"seal": text.decode().split('"')[1]})


def fit_tables(rows: Sequence[Row], worst: float) -> tuple[list[KindTable], list[Refused]]:
    """The table of each kind, and the kinds with too few files. Raises DataError when all are."""
    tables: list[KindTable] = []
    refused: list[Refused] = []
    for kind in Kind:
        reals = of_kind(rows, kind, 0)
        if not reals:
            continue
        fitted = fit_kind(rows, kind, worst)
        judged = [row for row in reals if row.values()]
        if fitted is None:
            refused.append(Refused(kind=kind, files=len(judged), needed=needed(MARKED)))
        else:
            silent = len(reals) - len(judged)
            tables.append(_table(kind, fitted, judged, silent, of_kind(rows, kind, 1)))
    if not tables:
        had = ", ".join(f"{one.files} {one.kind}" for one in refused) or "none"
        raise DataError(
            f"There are too few authentic files that could be judged ({had}): at least "
            f"{needed(MARKED)} of a kind vouch for a rate of 5 %, {needed(0.01)} for 1 %."
        )
    return tables, refused


def _table(
    kind: Kind, fitted: OfKind, reals: Sequence[Row], silent: int, fakes: Sequence[Row]
) -> KindTable:
    values = [row.values() for row in reals]
    forged = [row for row in fakes if row.values()]
    said = fitted.voters.statistics([row.values() for row in forged])
    ratio, no_ratio = _ratio(fitted.voters.own(values), said, reals, forged)
    lowest = 1 / (len(reals) + 1)
    groups = dict(sorted(Counter(row.group for row in reals).items()))
    return KindTable(
        kind=kind,
        files=len(reals),
        silent=silent,
        fakes=len(forged),
        groups=groups,
        lowest=lowest,
        rates=[_rate(fitted, rate, groups) for rate in RATES if rate >= lowest],
        voters=[_voter(fitted, name, reals, forged) for name in fitted.voters.rising],
        ratio=ratio,
        no_ratio=no_ratio,
    )


def _rate(fitted: OfKind, rate: float, groups: dict[str, int]) -> Rate:
    own = min(1.0, fitted.statistic.worst * rate)
    vouched = sum(files >= max(ENOUGH, needed(own)) for files in groups.values())
    return Rate(fpr=rate, threshold=round(fitted.statistic.threshold(rate), 9), vouched=vouched)


def _voter(fitted: OfKind, name: str, reals: Sequence[Row], fakes: Sequence[Row]) -> Voter:
    own = [row for row in reals if name in row.values()]
    forged = [row for row in fakes if name in row.values()]
    ratio, no_ratio = _ratio(_of(name, own), _of(name, forged), own, forged)
    rising = fitted.voters.rising[name]
    tied = bool(rising[0] == rising[-1])
    return Voter(name=name, spoke=len(own), tied=tied, ratio=ratio, no_ratio=no_ratio)


def _of(name: str, rows: Sequence[Row]) -> Floats:
    return np.array([row.values()[name] for row in rows], np.float64)


def _ratio(
    real: Floats, fake: Floats, reals: Sequence[Row], fakes: Sequence[Row]
) -> tuple[Ratio | None, str]:
    if not len(fake):
        return None, NO_FAKES
    found = fit_ratio(real, fake, [row.group for row in reals], [row.group for row in fakes])
    return (None, found) if isinstance(found, str) else (found, "")
