"""Every face of a picture, every followed face of a video: was it swapped, blended or redrawn?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.cards.card import Operating
from unmask.faces.crop import lay_back, square, thinned
from unmask.faces.detect import detect
from unmask.faces.follow import Follower
from unmask.faces.history import History, suspect_spans
from unmask.faces.quality import judge
from unmask.faces.views import View, views
from unmask.faces.words import left_out_words, reason
from unmask.runtime.model import load_model
from unmask.types import (
    Box,
    Claim,
    Face,
    Finding,
    Frame,
    Kind,
    MediaInfo,
    NotChecked,
    Pixels,
    Saying,
    Series,
    Snapshot,
    Span,
    Vote,
    Where,
    posterior,
)

DETECTOR = "unmask_face"
BATCH = 16
_STILL_SIDE = 1280
_SHORTEST = 3
"""Judged frames that a face of a video needs."""
_MOST_FINDINGS = 32
_SNAPSHOT = 320


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at one face of the present frame."""

    history: History
    face: Face
    view: View
    pixels: Pixels


class FaceAnalyzer(Analyzer):
    """Scores each face with ``unmask_face`` and maps its forged part back to the picture."""

    name = "face"
    title = "Faces"
    kinds = frozenset({Kind.IMAGE, Kind.VIDEO})
    wants_frames = True
    detectors = (DETECTOR,)

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._model = load_model(DETECTOR, options.threads)
        card = self._model.card
        self._size = int(card.inputs[0].shape[-1])
        self._views = views(card.parameters["margins"])
        self._level = float(card.parameters["mask_level"])
        self._still = media.kind is Kind.IMAGE
        self._follower = Follower()
        self._histories: dict[int, History] = {}
        self._kept: dict[int, History] = {}
        self._frames = 0

    def frame(self, frame: Frame) -> None:
        """Find, follow and score the faces of one picture."""
        pixels = frame.pixels
        self._frames += 1
        looks: list[_Look] = []
        for number, face in self._found(frame):
            history = self._histories.setdefault(number, History(number, frame.time, frame.time))
            history.last = frame.time
            history.seen += 1
            turn = history.judged % len(self._views)
            chosen = self._views if self._still else self._views[turn : turn + 1]
            cuts = [view.take(pixels, face.box, self._size) for view in chosen]
            why = judge(face, cuts[0]).problem()
            if why:
                history.leave_out(why)
                continue
            looks += [
                _Look(history, face, view, cut) for view, cut in zip(chosen, cuts, strict=True)
            ]
        if looks:
            self._score(frame, looks)

    def _found(self, frame: Frame) -> list[tuple[int, Face]]:
        if self._still:
            return list(enumerate(detect(frame.pixels, _STILL_SIDE), start=1))
        return self._follower.look(frame.time, frame.pixels)

    def _score(self, frame: Frame, looks: Sequence[_Look]) -> None:
        """Run the network over all looks of a frame; a face's score is the mean of its looks."""
        logits: dict[int, list[float]] = {}
        masks: dict[int, tuple[_Look, NDArray[np.float32]]] = {}
        for start in range(0, len(looks), BATCH):
            part = looks[start : start + BATCH]
            batch = np.stack([look.pixels for look in part]).transpose(0, 3, 1, 2)
            name = self._model.card.inputs[0].name
            outputs = self._model.run({name: batch.astype(np.float32)})
            for look, logit, mask in zip(part, outputs["logit"], outputs["mask"], strict=True):
                number = look.history.number
                logits.setdefault(number, []).append(float(logit))
                masks.setdefault(number, (look, look.view.upright(mask)))
        for number, (look, mask) in masks.items():
            value = sum(logits[number]) / len(logits[number])
            history = look.history
            history.judged += 1
            history.total += value
            history.curve.add(frame.time, value)
            if value > history.worst:
                history.worst = value
                history.worst_time = frame.time
                history.worst_box = look.face.box
                history.worst_region = look.view.region(look.face.box)
                history.worst_mask = (1 / (1 + np.exp(-mask))).astype(np.float16)
                self._keep_snapshot(frame, history, history.worst_region)

    def _keep_snapshot(self, frame: Frame, history: History, region: Box) -> None:
        """Keep the worst frame's cut-out, for the most suspect faces only."""
        if history.number not in self._kept and len(self._kept) >= _MOST_FINDINGS:
            least = min(self._kept.values(), key=lambda kept: kept.worst)
            if least.worst >= history.worst:
                return
            least.snapshot = None
            del self._kept[least.number]
        self._kept[history.number] = history
        shown, place = thinned(frame.pixels, square(region, 1.25), _SNAPSHOT)
        time = None if self._still else frame.time
        history.snapshot = Snapshot(shown, place, time, f"face {history.number}")

    def finish(self) -> Result:
        """One finding a face that could be judged; a plain reason for each that could not."""
        if not self._histories:
            why = "no face was found" + ("" if self._still else " in the frames looked at")
            return Result((), (NotChecked(self.name, "faces", why),))
        usable: list[tuple[History, str]] = []
        skipped: list[tuple[History, str]] = []
        for history in self._histories.values():
            why = self._unusable(history)
            (skipped if why else usable).append((history, why))
        usable.sort(key=lambda pair: -pair[0].score)
        table = self._model.card.for_claim(Claim.FACE_MANIPULATED)
        shown = sorted(usable[:_MOST_FINDINGS], key=lambda pair: pair[0].number)
        findings = tuple(self._finding(history, table) for history, _ in shown)
        left_out = left_out_words(self.name, [(h.number, why) for h, why in skipped])
        if len(usable) > len(shown):
            rest = len(usable) - len(shown)
            why = f"they were judged, but only the {_MOST_FINDINGS} most suspect are listed"
            left_out.append(NotChecked(self.name, f"{rest} more faces", why))
        return Result(findings, tuple(left_out))

    def _unusable(self, history: History) -> str:
        """Why a face does not vote; empty when it does."""
        if history.judged == 0:
            return history.problem()
        if not self._still and history.judged < min(_SHORTEST, self._frames):
            return history.problem() or "the face is seen too briefly"
        return ""

    def _finding(self, history: History, table: Operating) -> Finding:
        score = history.score
        subject = f"face {history.number}"
        times, logits = history.curve.points()
        chances = tuple(posterior(table.llr(value), 0.5) for value in logits)
        series = () if self._still else (Series(f"{subject}: forged", tuple(times), chances),)
        details: dict[str, Any] = {
            "judged_frames": history.judged,
            "seen_frames": history.seen,
            "highest_score": round(history.worst, 4),
        }
        if not self._still:
            details["aggregate"] = "mean over judged frames, calibrated on stills and filmed stills"
        level = table.threshold(self.options.fpr)
        sayings = tuple(
            Saying(
                vote,
                reason(vote, history.judged, self._still),
                self._where(history, vote, times, logits, level),
            )
            for vote in Vote
        )
        return Finding(
            analyzer=self.name,
            claim=Claim.FACE_MANIPULATED,
            reason="",
            subject=subject,
            detector=DETECTOR,
            score=score,
            llr=table.llr(score),
            series=series,
            snapshots=(history.snapshot,) if history.snapshot else (),
            details=details,
            sayings=sayings,
        ).settled(table.vote(score, self.options.fpr))

    def _where(
        self,
        history: History,
        vote: Vote,
        times: list[float],
        logits: list[float],
        threshold: float,
    ) -> Where:
        boxes = (history.worst_box,) if history.worst_box else ()
        spans: tuple[Span, ...] = ()
        if not self._still:
            step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.2
            if vote is Vote.FORGED:
                spans = suspect_spans(times, logits, threshold, step)
            spans = spans or (Span(history.first, history.last),)
        if vote is Vote.CLEAR or history.worst_mask is None or history.worst_region is None:
            return Where(boxes, spans)
        width = self.media.width or round(history.worst_region.x + history.worst_region.width)
        height = self.media.height or round(history.worst_region.y + history.worst_region.height)
        time = None if self._still else history.worst_time
        values = history.worst_mask.astype(np.float32)
        mask = lay_back(values, history.worst_region, width, height, self._level, time)
        return Where(boxes, spans, (mask,) if mask else ())
