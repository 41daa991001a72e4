"""Stored predictions of the head: every row by one that met nothing of its source.

Protocols: ``calibration`` (as found), ``unseen`` (as found and laundered), ``loso:SOURCE`` (as
found, of sources with enough files) and ``real-vs-real:A|B``. All come from one pass, so the
protocol to ask for is ``cross-fitted``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from unmask.decision.evidence import ENCODED
from unmask.detectors.image.unmask_clip.cross_fitting import Scored
from unmask.detectors.image.unmask_clip.training import ClipHead
from unmask.errors import UnknownName
from unmask.metrics.predictions import Prediction
from unmask.train.recipe import Recipe
from unmask.types import Claim

CONDITIONS = ("as found", "laundered")
ENOUGH = 20
"""Rows of a source from which on it has a line of its own."""
SEVERAL = 100
"""Rows of an authentic source from which on it is held against others."""


def predictions(recipe: Recipe, data: Path, onnx: Path, protocol: str) -> Iterator[Prediction]:
    """All rows. ``onnx`` is not looked at: the shipped head met every source.

    Raises UnknownName for another protocol.
    """
    del onnx
    if protocol != "cross-fitted":
        raise UnknownName("protocol", protocol, ("cross-fitted",))
    rows = [_row(one) for one in ClipHead(recipe, data).scored(lambda done, whole: None)]
    found = [row for row in rows if row.condition == CONDITIONS[0]]
    yield from (replace(row, protocol="calibration") for row in found)
    yield from rows
    for claim in dict.fromkeys(row.claim for row in rows):
        yield from _by_source([row for row in found if row.claim == claim])
        yield from _controls([row for row in found if row.claim == claim])


def _row(one: Scored) -> Prediction:
    whole = one.sample.sign == ENCODED
    return Prediction(
        item_id=one.sample.item,
        media_id=one.sample.item,
        group=one.sample.group,
        source=one.sample.source,
        label=int(one.sample.forged),
        family=one.sample.maker if one.sample.forged else "",
        claim=(Claim.PICTURE_GENERATED if whole else Claim.FACE_MANIPULATED).value,
        protocol="unseen",
        condition=CONDITIONS[one.sample.variant],
        score=one.score,
    )


def _by_source(rows: Sequence[Prediction]) -> Iterator[Prediction]:
    counts = Counter(row.source for row in rows)
    for row in rows:
        if counts[row.source] >= ENOUGH:
            yield replace(row, protocol=f"loso:{row.source}")


def _controls(rows: Sequence[Prediction]) -> Iterator[Prediction]:
    reals = [row for row in rows if row.label == 0]
    counts = Counter(row.source for row in reals)
    names = sorted(name for name, count in counts.items() if count >= SEVERAL)
    for first, second in combinations(names, 2):
        for row in reals:
            if row.source in (first, second):
                protocol = f"real-vs-real:{first}|{second}"
                yield replace(row, protocol=protocol, label=int(row.source == second))
