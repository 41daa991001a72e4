"""A report as JSON. The form is that of ``schema``."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from PIL import Image

from unmask.cards.card import Card
from unmask.report import schema
from unmask.report.cards import cards_of
from unmask.report.plain import finite, plain, unicode_text
from unmask.report.words import RAREST
from unmask.types import (
    Box,
    Finding,
    Mask,
    MediaInfo,
    Node,
    NotChecked,
    Report,
    Series,
    Snapshot,
    Verdict,
    Where,
    posterior,
)


def to_dict(
    report: Report,
    prior: float | None = None,
    *,
    snapshots: bool = False,
    cards: Mapping[str, Card] | None = None,
) -> dict[str, Any]:
    """The report as plain values that validate against ``schema.json_schema()``.

    ``prior`` replaces the verdict's own prior in every probability. ``snapshots`` adds the
    evidence pictures. ``cards`` stands in for installed cards. Raises UnknownName, ModelError.
    """
    return to_record(report, prior, snapshots=snapshots, cards=cards).model_dump(mode="json")


def to_json(
    report: Report,
    prior: float | None = None,
    *,
    indent: int | None = None,
    snapshots: bool = False,
    cards: Mapping[str, Card] | None = None,
) -> str:
    """The report as ASCII JSON: one line, or indented."""
    return dumps(to_dict(report, prior, snapshots=snapshots, cards=cards), indent)


def dumps(record: Mapping[str, Any], indent: int | None = None) -> str:
    """A record as ASCII JSON. Without ``indent`` it is one line, whatever the strings hold."""
    return json.dumps(record, indent=indent, allow_nan=False)


def error_dict(path: str, error: Exception) -> dict[str, Any]:
    """The record of a file that could not be scanned."""
    message = " ".join(str(error).split()) or "No message."
    return schema.ErrorRecord(
        schema_version=schema.SCHEMA_VERSION,
        path=unicode_text(path),
        error=schema.ErrorDetail(kind=type(error).__name__, message=unicode_text(message)),
    ).model_dump(mode="json")


def skipped_dict(path: str, why: str) -> dict[str, Any]:
    """The record of a file in a folder that is no medium."""
    return schema.SkippedRecord(
        schema_version=schema.SCHEMA_VERSION,
        path=unicode_text(path),
        skipped=schema.SkippedDetail(why=unicode_text(why)),
    ).model_dump(mode="json")


def to_record(
    report: Report,
    prior: float | None = None,
    *,
    snapshots: bool = False,
    cards: Mapping[str, Card] | None = None,
) -> schema.ReportRecord:
    """The report as a typed record; see ``to_dict``."""
    used = report.verdict.prior if prior is None else prior
    return schema.ReportRecord(
        schema_version=schema.SCHEMA_VERSION,
        path=unicode_text(report.media.path),
        media=_media(report.media),
        verdict=_verdict(report.verdict, used),
        findings=[_finding(finding, used, snapshots) for finding in report.findings],
        not_checked=[_not_checked(item) for item in report.not_checked],
        absent=[
            schema.AbsentRecord(analyzer=item.analyzer, what=unicode_text(item.what))
            for item in report.absent
        ],
        detectors=[_detector(card) for card in cards_of(report.detectors, cards)],
        settings=plain(report.settings),
        versions=plain(report.versions),
        created=report.created,
        seconds=report.seconds,
    )


def jpeg_bytes(pixels: np.ndarray[Any, np.dtype[np.uint8]], longest: int, quality: int) -> bytes:
    """Pixels as JPEG, reduced so that no side is longer than ``longest``; holds no metadata."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def _verdict(verdict: Verdict, prior: float) -> schema.VerdictRecord:
    llr = finite(verdict.llr)
    same = prior == verdict.prior or llr is None
    return schema.VerdictRecord(
        label=verdict.label,
        probability=finite(verdict.probability) if same or llr is None else posterior(llr, prior),
        llr=llr,
        fpr=verdict.fpr,
        prior=prior,
        reason=unicode_text(verdict.reason),
        rate=None if verdict.surprise is None else max(RAREST, math.exp(-verdict.surprise)),
        decided_by=verdict.decided_by,
        powers=[schema.PowerRecord(**asdict(power)) for power in verdict.powers],
        basis=unicode_text(verdict.basis),
        unlike=unicode_text(verdict.unlike),
    )


def _media(media: MediaInfo) -> schema.MediaRecord:
    return schema.MediaRecord(
        path=unicode_text(media.path),
        kind=media.kind,
        container=unicode_text(media.container),
        bytes=media.bytes,
        sha256=media.sha256,
        width=media.width,
        height=media.height,
        seconds=finite(media.seconds),
        frame_rate=finite(media.frame_rate),
        frames=media.frames,
        video_codec=media.video_codec,
        audio_codec=media.audio_codec,
        sample_rate=media.sample_rate,
        channels=media.channels,
        notes=[unicode_text(note) for note in media.notes],
        audio_bitrate=finite(media.audio_bitrate),
        further=[unicode_text(track) for track in media.further],
    )


def _finding(finding: Finding, prior: float, snapshots: bool) -> schema.FindingRecord:
    llr = finite(finding.llr)
    return schema.FindingRecord(
        analyzer=finding.analyzer,
        claim=finding.claim,
        kind=finding.kind,
        subject=unicode_text(finding.subject),
        detector=finding.detector,
        score=finite(finding.score),
        llr=llr,
        probability=None if llr is None else posterior(llr, prior),
        vote=finding.vote,
        reason=unicode_text(finding.reason),
        where=_where(finding.where),
        series=[_series(series) for series in finding.series],
        details=plain(finding.details),
        snapshots=[_snapshot(snapshot) for snapshot in finding.snapshots] if snapshots else [],
        bearing=finding.bearing,
        tree=[_node(node) for node in finding.tree],
        rate=finding.rate,
        withheld=unicode_text(finding.withheld),
    )


def _node(node: Node) -> schema.NodeRecord:
    return schema.NodeRecord(
        label=unicode_text(node.label),
        remark=unicode_text(node.remark),
        children=[_node(child) for child in node.children],
    )


def _where(where: Where) -> schema.WhereRecord:
    return schema.WhereRecord(
        boxes=[_box(box) for box in where.boxes],
        spans=[schema.SpanRecord(start=span.start, end=span.end) for span in where.spans],
        masks=[_mask(mask) for mask in where.masks],
    )


def _box(box: Box) -> schema.BoxRecord:
    return schema.BoxRecord(x=box.x, y=box.y, width=box.width, height=box.height)


def _mask(mask: Mask) -> schema.MaskRecord:
    grid = np.rint(np.clip(np.nan_to_num(mask.values), 0, 1) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grid).save(buffer, "PNG", optimize=True)
    return schema.MaskRecord(
        png=base64.b64encode(buffer.getvalue()).decode("ascii"),
        rows=grid.shape[0],
        columns=grid.shape[1],
        box=_box(mask.box),
        level=mask.level,
        time=finite(mask.time),
    )


def _series(series: Series) -> schema.SeriesRecord:
    return schema.SeriesRecord(
        name=unicode_text(series.name),
        times=list(series.times),
        values=[finite(value) for value in series.values],
    )


def _snapshot(snapshot: Snapshot) -> schema.SnapshotRecord:
    data = jpeg_bytes(snapshot.pixels, longest=1400, quality=85)
    return schema.SnapshotRecord(
        jpeg=base64.b64encode(data).decode("ascii"),
        box=_box(snapshot.box),
        time=finite(snapshot.time),
        caption=unicode_text(snapshot.caption),
    )


def _not_checked(item: NotChecked) -> schema.NotCheckedRecord:
    return schema.NotCheckedRecord(
        analyzer=item.analyzer, what=unicode_text(item.what), why=unicode_text(item.why)
    )


def _detector(card: Card) -> schema.DetectorRecord:
    weights = card.file()
    return schema.DetectorRecord(
        name=card.name,
        title=card.title,
        version=card.version,
        weights_sha256=weights.sha256,
        weights_licence=weights.licence,
        limits=list(card.limits),
        calibrations=[
            schema.CalibrationRecord(
                claim=row.claim,
                fitted_on=row.fitted_on,
                laundering=row.laundering,
                date=row.date,
                reals=row.reals,
                fakes=row.fakes,
                groups=row.groups,
                miss=row.miss,
            )
            for row in card.operating
        ],
    )
