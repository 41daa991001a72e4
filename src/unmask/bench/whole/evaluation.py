"""How the rule does on sources that it was not fitted on: fitted again without each of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from unmask.bench.whole.fitting import encoded, fit, judged
from unmask.bench.whole.rows import FileRow
from unmask.decision.evidence import Situation
from unmask.decision.fused import judged as fused
from unmask.decision.rule import Level, Rule
from unmask.errors import DataError


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a rule fitted without its source makes of one file, with the encoder or without."""

    item: str
    encoder: bool
    surprise: float
    llr: float


@dataclass(frozen=True, slots=True)
class _Study:
    """All that a rule without a source is fitted on."""

    rows: Sequence[FileRow]
    date: str
    given: Mapping[str, list[Level]]
    like: Rule

    def without(self, source: str) -> list[LeftOut]:
        """Its files that were judged, by a rule fitted without them."""
        own = [row for row in judged(self.rows) if row.source == source]
        if not own:
            return []
        others = [row for row in self.rows if row.source != source]
        rule = fit(others, self.date, self.given, self.like, {Situation(r.situation) for r in own})
        return [answer(row, rule) for row in own]


def left_out(
    rows: Sequence[FileRow],
    date: str,
    given: Mapping[str, list[Level]],
    like: Rule,
    said: Callable[[int, int], None],
    jobs: int = 1,
) -> list[LeftOut]:
    """Every file that was judged, by a rule fitted without the files of its source.

    How the rate is shared among the signs is taken over from ``like``. ``jobs``: processes.
    """
    study = _Study(rows, date, given, like)
    sources = sorted({row.source for row in rows})
    found: list[LeftOut] = []
    with ExitStack() as stack:
        if jobs == 1:
            parts: Iterable[list[LeftOut]] = map(study.without, sources)
        else:
            start = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(jobs, start, initializer=_begin, initargs=(study,))
            parts = stack.enter_context(pool).map(_without, sources)
        for number, part in enumerate(parts, 1):
            found += part
            said(number, len(sources))
    return sorted(found, key=lambda one: (one.item, one.encoder))


_given: list[_Study] = []
"""In a worker: what it was started with."""


def _begin(study: _Study) -> None:
    _given[:] = [study]


def _without(source: str) -> list[LeftOut]:
    return _given[0].without(source)


def answer(row: FileRow, rule: Rule) -> LeftOut:
    """What a rule makes of one file that was judged."""
    result = fused(row.evidence(), rule)
    assert result.rule is not None
    assert result.surprise is not None
    llr = result.rule.llr(result.score)
    return LeftOut(row.item, encoded(row), round(result.surprise, 5), round(llr, 5))


def write_left_out(path: Path, rows: Iterable[LeftOut]) -> None:
    """Store them as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows]), path, compression="zstd")


def read_left_out(path: Path) -> dict[tuple[str, bool], LeftOut]:
    """Read them back by item and encoder. Raises DataError when there are none."""
    import pyarrow.parquet as pq

    if not path.exists():
        raise DataError(f"There is no {path}. Run: unmask bench whole fit")
    return {
        (row["item"], row["encoder"]): LeftOut(**row) for row in pq.read_table(path).to_pylist()
    }
