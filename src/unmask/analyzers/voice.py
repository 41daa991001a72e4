"""The voice of a recording or of a video's sound: synthetic as a whole, or replaced in part?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.cards.card import Operating
from unmask.runtime.model import load_model
from unmask.types import (
    AudioBlock,
    Claim,
    Finding,
    Kind,
    MediaInfo,
    NotChecked,
    Saying,
    Series,
    Span,
    Tensor,
    Vote,
    Where,
    posterior,
)
from unmask.voices.activity import RATE, STEP
from unmask.voices.channel import Channel
from unmask.voices.hearing import Heard, Hearing
from unmask.voices.listening import Sort, unfit
from unmask.voices.parts import filled, raised, smoothed, stretches

DETECTOR = "unmask_voice"
_SECOND = STEP / RATE
_MOST_POINTS = 2000
_SHORTEST_SERIES = 0.1
_MARKED = 0.05
"""Undecided speech over the threshold of this rate is marked too: a hint, not a verdict."""


class VoiceAnalyzer(Analyzer):
    """Scores speech with ``unmask_voice``, as a whole and along time."""

    name = "voice"
    title = "Voice"
    kinds = frozenset({Kind.AUDIO, Kind.VIDEO})
    wants_sound = True
    detectors = (DETECTOR,)

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._model = load_model(DETECTOR, options.threads)
        self._parameters = self._model.card.parameters
        size = int(self._model.card.inputs[0].shape[-1])
        frames = int(self._model.card.outputs[1].shape[-1])
        least = float(self._parameters["least_speech"])
        self._hearing = Hearing(self._network, size, frames, least, options.threads)

    def _network(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        out = self._model.run({self._model.card.inputs[0].name: wave})
        return out["logit"], out["frames"]

    def sound(self, block: AudioBlock) -> None:
        """Take the next block of sound."""
        self._hearing.feed(block.samples)

    def finish(self) -> Result:
        """Say whether the voice is synthetic, whether a part is, or why neither was judged."""
        if self.media.audio_codec is None:
            return self._not_checked("it has no sound track")
        heard = self._hearing.finish()
        if heard.seconds == 0:
            return self._not_checked("its sound track is empty")
        if heard.activity.silent:
            return self._not_checked("its sound track is silent")
        if not heard.activity.speech.any() or heard.windows == 0:
            return self._not_checked("no speech was heard in its sound")
        least = float(self._parameters["least_speech"])
        if heard.activity.seconds < least:
            found = f"only {heard.activity.seconds:.1f} s of speech were heard"
            return self._not_checked(f"{found}; at least {least:g} s are needed")
        if heard.sort is Sort.SONG:
            return self._not_checked(unfit("speech", heard.sort))
        codec, bitrate = self.media.audio_codec, self.media.audio_bitrate
        channel = Channel(codec, bitrate, heard.band, heard.voiced)
        part = float(self._parameters["least_for_parts"])
        whole = self._whole(heard)
        shown = [_heard_through(whole, heard, channel)]
        if heard.seconds < part:
            why = f"it is shorter than {part:g} s, so there is too little to compare a part with"
            skipped = (NotChecked(self.name, "Replaced parts of the speech", why),)
            return Result(tuple(shown), skipped)
        shown.append(_heard_through(self._edited(heard, whole), heard, channel))
        return Result(tuple(shown))

    def _not_checked(self, why: str) -> Result:
        return Result(not_checked=(NotChecked(self.name, self.title, why),))

    def _whole(self, heard: Heard) -> Finding:
        claim = Claim.VOICE_SYNTHETIC
        operating = self._model.card.for_claim(claim)
        words = {
            Vote.FORGED: "Most of the speech carries traces that speech generators and vocoders "
            "leave and voices do not.",
            Vote.CLEAR: "The speech carries no more traces of the generators and vocoders that "
            "this model knows than real speech does.",
            Vote.UNDECIDED: "The speech carries traces of generators and vocoders as little real "
            "speech does, but not enough for a verdict.",
        }
        spoken = heard.activity.seconds
        spans = {Vote.FORGED: (Span(0.0, heard.seconds),)}
        return Finding(
            analyzer=self.name,
            claim=claim,
            reason="",
            detector=DETECTOR,
            score=heard.score,
            llr=operating.llr(heard.score),
            series=(_series("Synthetic voice", heard.course, heard, operating),),
            details={"windows": heard.windows},
            sayings=tuple(
                Saying(
                    vote,
                    f"{said} {spoken:.1f} s of speech were judged.",
                    Where(spans=spans.get(vote, ())),
                )
                for vote, said in words.items()
            ),
        ).settled(operating.vote(heard.score, self.options.fpr))

    def _edited(self, heard: Heard, whole: Finding) -> Finding:
        claim = Claim.VOICE_EDITED
        operating = self._model.card.for_claim(claim)
        # The more there is to search, the higher the highest half second of a real recording: the
        # rate is shared by stretches as long as those that the threshold was fitted on.
        tries = max(1.0, heard.seconds / float(self._parameters["fitted_seconds"]))
        rate = self.options.fpr / tries
        levels = {
            Vote.FORGED: operating.threshold(rate),
            Vote.UNDECIDED: operating.threshold(max(rate, _MARKED / tries)),
        }
        sayings = [Saying(Vote.CLEAR, "No part of the speech stands out of the rest.")]
        for vote, level in levels.items():
            if whole.vote is Vote.FORGED:
                text = "The speech is suspect as a whole; no part can be told from the rest."
                sayings.append(Saying(vote, text))
                continue
            # What the file's decision marks stands out less than this level where other signs
            # decided with it: then the most suspect stretch is shown.
            least = min(level, heard.evidence)
            spans = tuple(
                Span(first * _SECOND, min(last * _SECOND, heard.seconds))
                for first, last in stretches(heard.logits, heard.activity.speech, least)
            )
            said = ", ".join(f"{span.start:.1f}–{span.end:.1f} s" for span in spans[:5])
            sayings.append(Saying(vote, _odd(said, vote is Vote.UNDECIDED), Where(spans=spans)))
        return Finding(
            analyzer=self.name,
            claim=claim,
            reason="",
            detector=DETECTOR,
            score=heard.evidence,
            llr=operating.llr(heard.evidence),
            series=(
                _series(
                    "Replaced speech", raised(heard.logits, heard.activity.speech), heard, operating
                ),
            ),
            details={"tries": round(tries, 3)},
            sayings=tuple(sayings),
        ).settled(operating.vote(heard.evidence, rate))


def _heard_through(finding: Finding, heard: Heard, channel: Channel) -> Finding:
    """The finding with what the speech came through; without a vote where that forbids one."""
    spoken = heard.activity.seconds
    details = {
        **finding.details,
        "heard": heard.sort.value,
        "speech_seconds": round(spoken, 2),
        **channel.details(),
    }
    if not channel.doubt:
        return replace(finding, details=details)
    reason = f"No vote: {channel.doubt}. {_words(finding.claim)}"
    if finding.claim is Claim.VOICE_SYNTHETIC:
        reason += f" {spoken:.1f} s of speech were heard."
    return replace(
        finding,
        details=details,
        withheld=channel.doubt,
        sayings=tuple(Saying(vote, reason) for vote in Vote),
    ).settled(Vote.UNDECIDED)


def _words(claim: Claim) -> str:
    """What the score of a voice without a vote is."""
    if claim is Claim.VOICE_EDITED:
        return "Its score says how far the most suspect half second stands out."
    return "Its score says how much the speech is like generated speech to the model."


def _odd(where: str, hint: bool) -> str:
    """What is said of marked speech."""
    if not where:
        return "A part of the speech stands out a little, too short to be marked."
    if hint:
        return (
            f"The speech at {where} stands out as it does in few real recordings, but not enough "
            "for a verdict; the mark shows where to listen."
        )
    return (
        f"The speech at {where} does not go with what surrounds it: it was generated, "
        "or comes from another recording."
    )


def _series(name: str, along: NDArray[np.float32], heard: Heard, operating: Operating) -> Series:
    """Probability along time, some ten a second, the highest of each stretch in long files."""
    speech = heard.activity.speech
    level = filled(smoothed(filled(along, speech), 5), speech)
    count = level.size
    pool = max(round(_SHORTEST_SERIES / _SECOND), math.ceil(count / _MOST_POINTS), 1)
    starts = np.arange(0, count, pool)
    values: NDArray[np.float32] = np.maximum.reduceat(level, starts) if count else level
    spoken = np.logical_or.reduceat(speech[:count], starts) if count else speech
    probability = [
        posterior(operating.llr(float(value)), 0.5) if heard_here else 0.0
        for value, heard_here in zip(values, spoken, strict=True)
    ]
    middles = (starts + np.minimum(starts + pool, count)) / 2 * _SECOND
    return Series(
        name,
        tuple(round(float(t), 3) for t in middles),
        tuple(round(p, 4) for p in probability),
    )
