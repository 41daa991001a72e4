"""Which pictures the page shows, and the marks that belong on each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unmask.report.drawing import Placed, heat, jpeg_uri, outline
from unmask.report.phrases import clock, located, marked, sentence
from unmask.report.pictures import LONGEST
from unmask.report.plain import visible
from unmask.report.words import title
from unmask.types import Box, Finding, Kind, Mask, Report, Snapshot, Vote

MAX_FRAMES = 12
_SAME_FRAME = 0.021  # seconds; half a frame at 24 a second
_WHOLE = 0.85  # a picture that covers this share of the original shows all of it

Numbered = tuple[int, Finding]


@dataclass(frozen=True, slots=True)
class Outline:
    """A labelled rectangle or region. ``style`` is the vote's name."""

    number: int
    style: str
    box: Box | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture with its marks. ``uri`` is empty when the pixels were not kept.

    ``view`` is the part of the original that is shown; all marks are in the same coordinates.
    """

    view: Box
    uri: str
    heats: tuple[Placed, ...]
    outlines: tuple[Outline, ...]
    alt: str
    caption: str
    time: float | None = None

    @property
    def unit(self) -> float:
        """A length of 1/100 of the picture, for strokes and letters."""
        return max(math.sqrt(self.view.area), 1.0) / 100


def style_of(finding: Finding) -> str:
    """The name under which the style sheet knows a finding: its vote, or ``fact``."""
    if finding.vote is None:
        return "fact" if finding.kind == "fact" else Vote.UNDECIDED.value
    return finding.vote.value


def still(
    report: Report, numbered: Sequence[Numbered], pictures: Sequence[Snapshot]
) -> list[Scene]:
    """The scenes of a still picture: the whole with all marks, then close-ups of single findings.

    ``pictures`` are pictures that the caller kept besides those of the findings.
    """
    kept = [*pictures, *(shot for _, finding in numbered for shot in finding.snapshots)]
    whole = max(kept, key=lambda shot: (shot.box.area, shot.pixels.size), default=None)
    canvas = _canvas(report, whole)
    marks_exist = any(f.where.boxes or f.where.masks for _, f in numbered)
    if canvas is None or (whole is None and not marks_exist):
        return []
    everything = [(n, finding, _masks(finding, None)) for n, finding in numbered]
    if whole is None or whole.box.area < _WHOLE * canvas.area:
        main = _scene(canvas, None, everything, report, "The whole picture")
    else:
        main = _scene(whole.box, whole, everything, report, whole.caption or "The whole picture")
        canvas = whole.box
    close = [
        _scene(shot.box, shot, [(n, f, _masks(f, None))], report, shot.caption or title(f))
        for n, f in numbered
        for shot in f.snapshots
        if shot.box.area < _WHOLE * canvas.area
    ]
    return [main, *close[:MAX_FRAMES]]


def frames(
    report: Report, numbered: Sequence[Numbered], pictures: Sequence[Snapshot]
) -> list[Scene]:
    """The scenes of a video: the frames kept by findings, in order of time."""
    own = [(n, f, shot) for n, f in numbered for shot in f.snapshots]
    own.sort(key=lambda item: item[0])  # the most telling findings have the lowest numbers
    chosen = sorted(own[:MAX_FRAMES], key=lambda item: (item[2].time or 0.0, item[0]))
    scenes = [
        _scene(
            shot.box,
            shot,
            [(n, f, _masks(f, shot.time))],
            report,
            shot.caption or title(f),
        )
        for n, f, shot in chosen
    ]
    free = max(0, MAX_FRAMES - len(scenes))
    scenes += [
        _scene(shot.box, shot, [], report, shot.caption or "Frame") for shot in pictures[:free]
    ]
    return sorted(scenes, key=lambda scene: scene.time or 0.0)


def _masks(finding: Finding, time: float | None) -> list[Mask]:
    """The masks of a still picture (``time`` is ``None``) or of one frame.

    Only of what points to forgery: colour over a clear picture would look like evidence.
    """
    if finding.vote not in (Vote.FORGED, None):
        return []
    if time is None:
        return list(finding.where.masks)
    return [
        mask
        for mask in finding.where.masks
        if mask.time is None or abs(mask.time - time) <= _SAME_FRAME
    ]


def _canvas(report: Report, whole: Snapshot | None) -> Box | None:
    if report.media.width and report.media.height:
        return Box(0, 0, report.media.width, report.media.height)
    return whole.box if whole else None


def _boxes(finding: Finding, masks: Iterable[Mask], kind: Kind) -> list[Box]:
    """The boxes to draw.

    Boxes hold no time. In a video they belong to the one frame that the finding keeps; where it
    keeps more, those of the frame's masks are drawn instead.
    """
    if kind is Kind.VIDEO and len(finding.snapshots) > 1:
        return [mask.box for mask in masks]
    return list(finding.where.boxes)


def _scene(
    view: Box,
    shot: Snapshot | None,
    marks: Iterable[tuple[int, Finding, list[Mask]]],
    report: Report,
    caption: str,
) -> Scene:
    time = shot.time if shot and report.media.kind is Kind.VIDEO else None
    heats: list[Placed] = []
    outlines: list[Outline] = []
    words: list[str] = []
    for number, finding, masks in marks:
        style, subject = style_of(finding), visible(finding.subject, 60) or "the picture"
        boxes = _boxes(finding, masks, report.media.kind)
        seen = [box for box in boxes if box.iou(view) > 0 and box.area < _WHOLE * view.area]
        outlines += [Outline(number, style, box=box) for box in seen]
        words += [f"Box {number} frames {subject} in the {located(box, view)}." for box in seen]
        for mask in masks:
            if mask.box.iou(view) == 0:
                continue
            heats.append(heat(mask))
            path = outline(mask)
            if path:
                outlines.append(Outline(number, style, path=path))
            words.append(marked(mask, subject))
    if not outlines and not heats:
        words.append("Nothing is marked in it.")
    when = f" at {clock(time)}" if time is not None else ""
    label = f"{sentence(visible(caption, 160))}{when}"
    kept = "" if shot else ". The pixels were not kept in this report; only the marks are drawn"
    return Scene(
        view=view,
        uri=jpeg_uri(shot.pixels, LONGEST if time is None else 720) if shot else "",
        heats=tuple(heats),
        outlines=tuple(outlines),
        alt=f"{label}{kept}. {' '.join(words)}",
        caption=label + kept,
        time=time,
    )
