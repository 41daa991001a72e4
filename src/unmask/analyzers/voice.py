"""The voice of a recording or of a video's sound: synthetic as a whole, or replaced in part?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.detectors.card import Operating
from unmask.runtime.model import load_model
from unmask.types import (
    AudioBlock,
    Claim,
    Finding,
    Kind,
    MediaInfo,
    NotChecked,
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
        codec, bitrate = self.media.audio_codec, self.media.audio_bitrate
        channel = Channel(codec, bitrate, heard.band, heard.voiced)
        whole = self._whole(heard)
        part = float(self._parameters["least_for_parts"])
        shown = [_bounded(whole, heard, channel, part)]
        if heard.seconds < part:
            why = f"it is shorter than {part:g} s, so there is too little to compare a part with"
            skipped = (NotChecked(self.name, "Replaced parts of the speech", why),)
            return Result(tuple(shown), skipped)
        shown.append(_bounded(self._edited(heard, whole), heard, channel, part))
        return Result(tuple(shown))

    def _not_checked(self, why: str) -> Result:
        return Result(not_checked=(NotChecked(self.name, self.title, why),))

    def _whole(self, heard: Heard) -> Finding:
        claim = Claim.VOICE_SYNTHETIC
        operating = self._model.card.for_claim(claim)
        vote = operating.vote(heard.score, self.options.fpr / 2)
        words = {
            Vote.FORGED: "Most of the speech carries traces that speech generators and vocoders "
            "leave and voices do not.",
            Vote.CLEAR: "The speech carries no traces of the generators and vocoders that this "
            "model knows.",
            Vote.UNDECIDED: "The traces in the speech are too weak to call it synthetic and too "
            "strong to clear it.",
        }
        spoken = heard.activity.seconds
        spans = (Span(0.0, heard.seconds),) if vote is Vote.FORGED else ()
        return Finding(
            analyzer=self.name,
            claim=claim,
            reason=f"{words[vote]} {spoken:.1f} s of speech were judged.",
            where=Where(spans=spans),
            detector=DETECTOR,
            score=heard.score,
            llr=operating.llr(heard.score),
            vote=vote,
            series=(_series("Synthetic voice", heard.course, heard, operating),),
            details={"windows": heard.windows},
        )

    def _edited(self, heard: Heard, whole: Finding) -> Finding:
        claim = Claim.VOICE_EDITED
        operating = self._model.card.for_claim(claim)
        # The more there is to search, the higher the highest half second of a real recording: the
        # rate is shared by stretches as long as those that the threshold was fitted on.
        tries = max(1.0, heard.seconds / float(self._parameters["fitted_seconds"]))
        rate = self.options.fpr / 2 / tries
        vote = operating.vote(heard.evidence, rate)
        if vote is Vote.FORGED and whole.vote is Vote.FORGED:
            vote = Vote.UNDECIDED
        spans: tuple[Span, ...] = ()
        least = operating.threshold(rate if vote is Vote.FORGED else max(rate, _MARKED / tries))
        hint = vote is Vote.UNDECIDED and whole.vote is not Vote.FORGED
        if vote is Vote.FORGED or (hint and heard.evidence >= least):
            spans = tuple(
                Span(first * _SECOND, min(last * _SECOND, heard.seconds))
                for first, last in stretches(heard.logits, heard.activity.speech, least)
            )
        if spans:
            said = ", ".join(f"{span.start:.1f}–{span.end:.1f} s" for span in spans[:5])
            reason = _odd(said, hint)
        elif whole.vote is Vote.FORGED:
            reason = "The speech is suspect as a whole; no part can be told from the rest."
        elif vote is Vote.CLEAR:
            reason = "No part of the speech stands out of the rest."
        else:
            reason = "A part of the speech stands out a little, but not enough to call it replaced."
        return Finding(
            analyzer=self.name,
            claim=claim,
            reason=reason,
            where=Where(spans=spans),
            detector=DETECTOR,
            score=heard.evidence,
            llr=operating.llr(heard.evidence),
            vote=vote,
            series=(
                _series(
                    "Replaced speech", raised(heard.logits, heard.activity.speech), heard, operating
                ),
            ),
        )


def _bounded(finding: Finding, heard: Heard, channel: Channel, least: float) -> Finding:
    """The finding with a vote no stronger than what the speech came through bears.

    ``least``: seconds of speech under which nothing is cleared.
    """
    spoken = heard.activity.seconds
    details = {**finding.details, "speech_seconds": round(spoken, 2), **channel.details()}
    bounded = replace(finding, details=details)
    if channel.doubt:
        reason = f"No vote: {channel.doubt}. {_words(finding.claim)}"
        if finding.claim is Claim.VOICE_SYNTHETIC:
            reason += f" {spoken:.1f} s of speech were heard."
        return replace(bounded, vote=Vote.UNDECIDED, reason=reason, where=Where())
    if finding.vote is Vote.CLEAR and spoken < least:
        reason = f"{finding.reason} Under {least:g} s that is too little to clear it."
        return replace(bounded, vote=Vote.UNDECIDED, reason=reason)
    return bounded


def _words(claim: Claim) -> str:
    """What the score of a voice without a vote is."""
    if claim is Claim.VOICE_EDITED:
        return "Its score says how far the most suspect half second stands out."
    return "Its score says how much the speech is like generated speech to the model."


def _odd(where: str, hint: bool) -> str:
    """What is said of marked speech."""
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
