"""One detector that the user names: a published method with weights, by its card alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.analyzers import guesses
from unmask.analyzers.base import Analyzer, Options, Result
from unmask.analyzers.guesses import Guesses
from unmask.analyzers.moments import Moments, spans
from unmask.analyzers.windows import (
    Clips,
    Faces,
    Films,
    Lights,
    Pictures,
    Points,
    Sounds,
    Take,
    Window,
)
from unmask.cards.card import Card, Input, Operating
from unmask.errors import ModelError
from unmask.runtime.model import opened_model
from unmask.types import (
    AudioBlock,
    Box,
    Claim,
    Finding,
    Frame,
    Kind,
    Mask,
    MediaInfo,
    NotChecked,
    Saying,
    Series,
    Snapshot,
    Span,
    Vote,
    Where,
    posterior,
)
from unmask.voices.listening import Listener, unfit

_BATCH = 8


class Published(Analyzer):
    """Runs the detector of a card over a file with the card's own preparation.

    The score of a file is the mean over its parts (faces, frames, clips, stretches of sound). A
    card with an operating table for its claim votes; without one the score is shown and no verdict
    is drawn from it. ``called``: the name or path under which the user asked for it.
    """

    title = "The chosen detector"
    kinds = frozenset(Kind)

    def __init__(
        self, media: MediaInfo, options: Options, card_path: Path, called: str = ""
    ) -> None:
        super().__init__(media, options)
        self.model = opened_model(card_path, options.threads)
        self.card = self.model.card
        self.name = self.card.name
        self.detectors = (called or str(card_path),)
        self.claim, self._score = scoring(self.card)
        self._take = taker(self.card.inputs)
        self.wants_frames = self._take.frames
        self.wants_sound = not self._take.frames
        judges = self.card.inputs[0].judges
        self._listener = Listener(options.threads) if self.wants_sound and judges else None
        self._sort = ""
        self._waiting: list[Window] = []
        self._scores: list[tuple[float, float]] = []
        self._shown: tuple[float, Window] | None = None
        self._fault = ""
        self._area: NDArray[np.float32] | None = None
        self._origins: list[NDArray[np.float32]] = []
        self._moments: list[Moments] = []
        self._guesses: list[Guesses] = []

    @property
    def rate(self) -> float:
        """Frames a second that the card needs; 0: any will do."""
        return self._take.rate

    @property
    def calibrated(self) -> bool:
        """Whether its card says what its score is worth, so that it votes."""
        return self._operating is not None

    @property
    def _operating(self) -> Operating | None:
        return next((row for row in self.card.operating if row.claim == self.claim), None)

    def applies(self) -> bool:
        """Whether the file holds what the detector takes."""
        if self._take.frames:
            return self.media.kind is not Kind.AUDIO and (
                self.media.kind is Kind.VIDEO or self._take.still
            )
        return self.media.audio_codec is not None

    def frame(self, frame: Frame) -> None:
        """Take the next picture."""
        if self._fault:
            return
        try:
            windows = self._take.frame(frame)
        except ModelError as error:  # what prepares the pictures is not here
            self._fault = str(error)
            return
        self._collect(windows)

    def sound(self, block: AudioBlock) -> None:
        """Take the next block of sound."""
        if self._listener:
            self._listener.feed(block.samples)
        self._collect(self._take.sound(block))

    def finish(self) -> Result:
        """Say what the detector makes of the file."""
        self._collect(self._take.rest())
        self._run()
        if self._fault:
            return Result(not_checked=(NotChecked(self.name, self.card.title, self._fault),))
        why = "" if self._scores else self._take.nothing
        if self._listener and not why:
            sort = self._listener.finish().sort
            self._sort, why = sort.value, unfit(self.card.inputs[0].judges, sort)
        if why:
            return Result(not_checked=(NotChecked(self.name, self.card.title, why),))
        return Result((self._finding(),))

    def _collect(self, windows: list[Window]) -> None:
        for window in windows if not self._fault else ():
            self._waiting.append(window)
            if len(self._waiting) == _BATCH:
                self._run()

    def _run(self) -> None:
        """Judge what is waiting. A network that fails costs its own word, not the scan."""
        if not self._waiting or self._fault:
            return
        try:
            self._judge()
        except ModelError as error:
            self._fault = str(error)
        self._waiting = []

    def _judge(self) -> None:
        name = self.card.inputs[0].name
        batch, *sides = self.card.inputs[0].shape
        # Pictures that keep their own size cannot stand in one batch; a network may take but one.
        apart = batch == 1 or any(isinstance(side, str) for side in sides)
        groups = [[window] for window in self._waiting] if apart else [self._waiting]
        for group in groups:
            values = np.stack([window.value for window in group]).astype(np.float32)
            outputs = self.model.run({name: values})
            scores = np.reshape(outputs[self._score], len(group))
            if not np.isfinite(scores).all():
                raise ModelError("its network gives no number")
            for index, window in enumerate(group):
                score = float(scores[index])
                self._scores.append((window.time, score))
                if "moments" in outputs:
                    self._hold(window, outputs["moments"][index])
                if "times" in outputs:
                    self._guess(window, outputs["times"][index])
                if "sources" in outputs:
                    self._origins.append(outputs["sources"][index])
                    if len(self._named) != len(self._origins[-1]):
                        raise ModelError("its card does not name the sources of its network")
                if self._shown is None or score > self._shown[0]:
                    self._shown = (score, window)
                    area = outputs.get("mask")
                    self._area = None if area is None else area[index]

    def _hold(self, window: Window, values: NDArray[np.float32]) -> None:
        """Keep what is said of each moment of a stretch of sound."""
        until = window.time if window.until is None else window.until
        step = window.value.shape[-1] / self.card.inputs[0].rate / len(values)
        self._moments.append(Moments(values, window.time, until, step))

    def _guess(self, window: Window, rows: NDArray[np.float32]) -> None:
        """Keep the guesses at stretches within a clip."""
        until = window.time if window.until is None else window.until
        step = self.card.inputs[0].step or (until - window.time) / max(1, len(window.value) - 1)
        self._guesses.append(Guesses(rows, window.time, until + step, step))

    def _finding(self) -> Finding:
        score = float(np.mean([value for _, value in self._scores]))
        operating = self._operating
        sayings: tuple[Saying, ...] = ()
        parts = f"mean over {len(self._scores)} {self._take.what}"
        if self._sort:
            parts += f"; heard: {self._sort}"
        if operating is None:
            reason = (
                f"{self.card.title} gives {score:.3f} ({parts}; higher = more like its forgeries). "
                "Nobody has calibrated it: no false-positive rate is known, so no verdict follows."
            )
            vote, llr, rate = None, None, None
        else:
            vote, llr = operating.vote(score, self.options.fpr), operating.llr(score)
            rate = operating.rate(score)
            words = {
                Vote.FORGED: "finds what it was trained to find",
                Vote.CLEAR: "finds nothing of what it was trained to find",
                Vote.UNDECIDED: "is undecided",
            }
            sayings = tuple(
                Saying(one, f"{self.card.title} {said} ({parts}).", self._where(one))
                for one, said in words.items()
            )
            reason = ""
        times = tuple(round(time, 3) for time, _ in self._scores)
        chances = tuple(round(posterior(value, 0.5), 4) for _, value in self._scores)
        series = (Series(self.card.title, times, chances),) if len(times) > 1 else ()
        finding = Finding(
            analyzer=self.name,
            claim=self.claim,
            reason=reason,
            where=self._where(vote),
            detector=self.card.name,
            score=score,
            llr=llr,
            vote=vote,
            series=series,
            snapshots=self._snapshots(),
            details={
                "parts": len(times),
                "preparation": self.card.inputs[0].preparation,
                **({"heard": self._sort} if self._sort else {}),
                **self._origin(),
            },
            rate=rate,
            sayings=sayings,
        )
        return finding if vote is None else finding.settled(vote)

    @property
    def _named(self) -> list[str]:
        """The sources that the card names, in the network's order."""
        return [str(name) for name in self.card.parameters.get("classes", [])]

    def _origin(self) -> dict[str, Any]:
        """The source that a card's classes name, or *unknown* where none is likely enough."""
        if not self._origins:
            return {}
        chances, names = np.mean(self._origins, axis=0), self._named
        best = int(np.argmax(chances))
        known = chances[best] >= float(self.card.parameters.get("known_from", 0.5))
        each = zip(names, chances, strict=True)
        return {
            "source": names[best] if known else "unknown",
            "sources": {name: round(float(chance), 4) for name, chance in each},
        }

    def _where(self, vote: Vote | None) -> Where:
        if self._shown is None or vote is Vote.CLEAR or vote is Vote.UNDECIDED:
            return Where()
        if self._moments:
            return Where(spans=spans(self._moments))
        shown = self._shown[1]
        area = self._shown_area()
        if shown.box is None:
            return Where(spans=self._stretches(shown), masks=area)
        return Where(masks=area) if area else Where(boxes=(shown.box,))

    def _stretches(self, shown: Window) -> tuple[Span, ...]:
        """What the network guesses at, along all clips; else the most suspect part of several."""
        if self._guesses:
            return guesses.spans(self._guesses)
        # One of several stretches is a place; the only one is the whole file.
        several = len(self._scores) > 1 and shown.until is not None
        return (Span(shown.time, shown.until or 0.0),) if several else ()

    def _shown_area(self) -> tuple[Mask, ...]:
        """The map of the most suspect part, or of its middle frame, laid over the picture."""
        assert self._shown is not None
        shown = self._shown[1]
        place = shown.region or shown.box
        if self._area is None or place is None:
            return ()
        likely = np.asarray(1 / (1 + np.exp(-self._area.clip(-80, 80))), np.float32)
        return (Mask(likely, place, 0.5, self._time(shown)),)

    def _time(self, shown: Window) -> float | None:
        """The second of the picture of a part; None where the file is a picture."""
        if self.media.kind is not Kind.VIDEO:
            return None
        return shown.time if shown.middle is None else shown.middle

    def _snapshots(self) -> tuple[Snapshot, ...]:
        picture = None if self._shown is None else self._shown[1].picture
        if self._shown is None or picture is None:
            return ()
        height, width = picture.shape[:2]
        whole = Box(0, 0, float(self.media.width or width), float(self.media.height or height))
        time = self._time(self._shown[1])
        return (Snapshot(picture, whole, time, "The most suspect part"),)


def taker(inputs: list[Input]) -> Take:
    """What feeds a card's network. Raises ModelError when a scan cannot."""
    names = [part.take or part.name for part in inputs]
    if len(inputs) > 1:
        raise ModelError(
            f"This detector takes {' and '.join(names)} together; a scan feeds detectors of one "
            "input. Use: unmask bench run"
        )
    kinds: dict[str, type[Take]] = {
        "face": Faces,
        "light": Lights,
        "picture": Pictures,
        "clip": Clips,
        "points": Points,
        "frames": Films,
        "sound": Sounds,
    }
    if names[0] not in kinds:
        raise ModelError(
            f"A scan cannot feed the input {names[0]!r}; it can: {', '.join(kinds)}. "
            "Use: unmask bench run"
        )
    return kinds[names[0]](inputs[0])


def scoring(card: Card) -> tuple[Claim, str]:
    """The claim of a card and the output that scores it. Raises ModelError when it has none."""
    for part in card.outputs:
        if part.claim:
            return Claim(part.claim), part.name
    for row in card.operating:
        return Claim(row.claim), row.output
    raise ModelError(
        f"The card of {card.name!r} does not say what its score claims: give an output a claim "
        f"({', '.join(Claim)})."
    )
