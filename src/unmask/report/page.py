"""What the page says, worked out before the template prints it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from unmask.cards.card import Card
from unmask.report import phrases, words
from unmask.report.cards import cards_of
from unmask.report.plain import finite, plain, visible
from unmask.report.power_words import UNMEASURED, power_lines
from unmask.report.scenes import Numbered, Scene, frames, still, style_of
from unmask.report.timeline import Timeline, timeline
from unmask.types import FLAGGED, Finding, Kind, Label, MediaInfo, Node, Report, Snapshot, Vote

Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Tile:
    """One answer to "how sure": a short value and what it means."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of a tree on the page."""

    label: str
    remark: str
    children: list[Branch]


@dataclass(frozen=True, slots=True)
class Item:
    """A finding on the page."""

    number: int
    style: str
    title: str
    vote: str
    reason: str
    chance: str
    probability: str
    share: float | None
    facts: Rows
    places: list[str]
    details: Rows
    tree: list[Branch]


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template prints. Text is not yet escaped for HTML; the template does that."""

    name: str
    style: str
    headline: str
    meaning: str
    reason: str
    worth: list[str]
    unlike: str
    tiles: list[Tile]
    kind: str
    scenes: list[Scene]
    is_video: bool
    timeline: Timeline | None
    items: list[Item]
    not_checked: list[tuple[str, str, str]]
    absent: list[tuple[str, str]]
    cards: list[Card]
    media: Rows
    making: Rows
    settings: Rows
    created: str


def page(
    report: Report,
    pictures: Sequence[Snapshot] = (),
    cards: Mapping[str, Card] | None = None,
) -> Page:
    """Work out a page. Raises UnknownName, ModelError when a detector's card is missing."""
    numbered = ordered(report)
    used = cards_of(report.detectors, cards)
    titles = {card.name: card.title for card in used}
    kind, verdict = report.media.kind, report.verdict
    show = {Kind.IMAGE: still, Kind.VIDEO: frames}.get(kind)
    return Page(
        name=visible(PurePath(report.media.path).name or report.media.path, 120),
        style=verdict.label.value,
        headline=words.answer(report),
        meaning=words.explained(report),
        reason=visible(verdict.reason),
        worth=worth(report),
        unlike=visible(verdict.unlike),
        tiles=_tiles(report),
        kind=words.KINDS[kind],
        scenes=show(report, numbered, pictures) if show else [],
        is_video=kind is Kind.VIDEO,
        timeline=timeline(report, numbered),
        items=[_item(number, finding, report, titles) for number, finding in numbered],
        not_checked=[
            (
                phrases.sentence(visible(item.what)),
                phrases.sentence(visible(item.why), stop=True),
                visible(item.analyzer),
            )
            for item in report.not_checked
        ],
        absent=[
            (phrases.sentence(visible(item.what)), visible(item.analyzer)) for item in report.absent
        ],
        cards=used,
        media=_media(report.media),
        making=_making(report),
        settings=_rows(report.settings),
        created=phrases.moment(visible(report.created)),
    )


def worth(report: Report) -> list[str]:
    """What *no sign found* is worth; nothing under another verdict, or under a comparison."""
    if report.verdict.label is not Label.NO_SIGN or words.is_comparison(report):
        return []
    return power_lines(report.verdict.powers, report.media.kind) or [UNMEASURED]


def ordered(report: Report) -> list[Numbered]:
    """The findings numbered from 1: what decides first, facts that bear on nothing last."""
    decided = report.verdict.decided_by

    def rank(numbered: tuple[int, Finding]) -> tuple[int, float]:
        number, finding = numbered
        strength = -(finite(finding.llr) or 0.0)
        if number == decided:
            return 0, strength
        if finding.bearing in FLAGGED or finding.vote is Vote.FORGED:
            return 1, strength
        if finding.bearing is not None or finding.vote is Vote.UNDECIDED:
            return 2, strength
        if finding.score is not None:
            return 3, strength
        return 4, 0.0

    findings = sorted(enumerate(report.findings), key=rank)
    return [(place, finding) for place, (_, finding) in enumerate(findings, start=1)]


def _tiles(report: Report) -> list[Tile]:
    verdict, terms = report.verdict, words.terms(report)
    held = f" The rate was set on {_short(visible(verdict.basis))}." if verdict.basis else ""
    said = f"{words.rarity(verdict)} {words.false_alarm(verdict, terms)}".strip()
    alarm = Tile(
        "False alarms",
        f"{verdict.fpr * 100:.3g} %",
        f"{said}{held} On material of another kind it may be more.",
    )
    llr, probability = finite(verdict.llr), finite(verdict.probability)
    if llr is None or probability is None:
        why = (
            "The verdict rests on facts read from the file, not on an estimate."
            if any(finding.bearing in FLAGGED for finding in report.findings)
            else "No check gave a score that could be turned into a probability."
        )
        return [Tile(terms.name, "not estimated", why)]
    share = round(verdict.prior * 100, 1)
    was = "forged" if terms is words.FORGERY else "another person's"
    return [
        Tile(
            terms.name,
            phrases.percent(probability),
            f"If {share:g} of 100 such files were {was} before looking (the prior), this share of "
            "those with evidence like this would be. Another prior gives another probability.",
        ),
        Tile(
            "Strength of the evidence",
            words.likelihood(llr, terms).capitalize(),
            f"What was measured is {words.ratio(llr, terms)}, whatever the prior. "
            f"{words.caveat(verdict, terms)}".strip(),
        ),
        alarm,
    ]


def _item(number: int, finding: Finding, report: Report, titles: Mapping[str, str]) -> Item:
    share = finding.probability(report.verdict.prior) if words.tells(finding) else None
    facts: Rows = []
    if finding.detector:
        facts.append(("Detector", visible(titles.get(finding.detector, finding.detector))))
    facts.append(("Analyzer", visible(finding.analyzer)))
    score, llr = finite(finding.score), finite(finding.llr)
    if llr is not None:
        facts.append(("Evidence", words.ratio(llr, words.terms_of(finding))))
    if score is not None:
        facts.append(("Raw score", f"{score:.3f}"))
    return Item(
        number=number,
        style=style_of(finding),
        title=words.title(finding),
        vote=words.vote(finding),
        reason=visible(finding.reason),
        chance=words.terms_of(finding).name,
        probability="" if share is None else phrases.percent(share),
        share=share,
        facts=facts,
        places=_places(finding, report.media),
        details=_rows(finding.details),
        tree=_branches(finding.tree),
    )


def _branches(nodes: Sequence[Node]) -> list[Branch]:
    return [
        Branch(visible(node.label), visible(node.remark), _branches(node.children))
        for node in nodes
    ]


def _places(finding: Finding, media: MediaInfo) -> list[str]:
    places = [
        f"Box at {box.x:.0f}, {box.y:.0f}: {box.width:.0f} × {box.height:.0f} pixels"
        for box in finding.where.boxes
    ]
    places += [
        f"{phrases.clock(span.start)} to {phrases.clock(span.end)}" for span in finding.where.spans
    ]
    if finding.vote in (Vote.FORGED, None):
        subject = visible(finding.subject) or f"the {words.KINDS[media.kind]}"
        for mask in finding.where.masks:
            when = f" ({phrases.clock(mask.time)})" if mask.time is not None else ""
            places.append(phrases.marked(mask, subject).rstrip(".") + f"{when}.")
    return places if len(places) <= 12 else [*places[:11], f"and {len(places) - 11} more places"]


def _media(media: MediaInfo) -> Rows:
    rows: list[tuple[str, str | None]] = [
        ("Path", visible(media.path)),
        ("SHA-256", media.sha256),
        ("Size", phrases.size(media.bytes)),
        ("Kind", words.KINDS[media.kind]),
        ("Container", visible(media.container)),
        ("Dimensions", f"{media.width} × {media.height} pixels" if media.width else None),
        ("Duration", phrases.clock(media.seconds) if media.seconds is not None else None),
        ("Frame rate", f"{media.frame_rate:.3g} per second" if media.frame_rate else None),
        ("Frames", f"{media.frames:,}" if media.frames else None),
        ("Video codec", media.video_codec),
        ("Audio codec", media.audio_codec),
        ("Sample rate", f"{media.sample_rate:,} Hz" if media.sample_rate else None),
        ("Channels", str(media.channels) if media.channels else None),
        *(("Note", visible(note)) for note in media.notes),
    ]
    return [(name, value) for name, value in rows if value]


def _short(basis: str) -> str:
    """Without the names of the sources, which stand at the end of the page."""
    return re.sub(r" \(.*\)", "", basis)


def _making(report: Report) -> Rows:
    basis = visible(report.verdict.basis)
    return [
        ("Report made", phrases.moment(visible(report.created)) or "not recorded"),
        ("Scan took", f"{report.seconds:.1f} seconds"),
        *([("Rate set on", basis)] if basis else []),
        *((visible(name), visible(version)) for name, version in report.versions.items()),
    ]


def _rows(values: Mapping[str, Any]) -> Rows:
    rows = []
    for key, value in plain(values).items():
        rows.append((visible(key, 80), visible(_text(value), 600)))
    return rows


def _text(value: Any) -> str:
    """A value for a person: words as they are, a list of words with semicolons, else JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)
