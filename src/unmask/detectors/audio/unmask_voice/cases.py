"""Made cases with a known place: a second of forged speech laid into a real recording.

A recording of some seconds comes from joining real clips of one speaker, with short cross-fades at
the joins, so that a join by itself is no sign. The insert is what covers the place re-synthesised
by a vocoder, or other synthetic speech, brought to the level of what it covers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.analyzers.base import Options
from unmask.analyzers.voice import VoiceAnalyzer
from unmask.forge.vocode import insert, resynthesise
from unmask.types import AudioBlock, Claim, Kind, MediaInfo, Samples, Span, Vote

RATE = 16000
_FADE = 0.02
_BLOCK = 4800


@dataclass(frozen=True, slots=True)
class Recording:
    """A real recording of some seconds: who speaks, where it comes from, its samples."""

    name: str
    source: str
    group: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Case:
    """A recording after an insert. ``span`` is the forged stretch, ``None`` when left alone."""

    name: str
    source: str
    group: str
    method: str
    samples: Samples
    span: Span | None


def joined(clips: Sequence[Samples], fade: float = _FADE) -> Samples:
    """Clips in a row at one level, cross-faded over ``fade`` seconds."""
    edge = int(fade * RATE)
    level = float(np.sqrt(np.mean(clips[0] ** 2)))
    out = clips[0]
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    for clip in clips[1:]:
        loud = max(float(np.sqrt(np.mean(clip**2))), 1e-6)
        clip = np.asarray(clip * (level / loud), np.float32)
        over = out[-edge:] * (1 - ramp) + clip[:edge] * ramp
        out = np.concatenate([out[:-edge], over, clip[edge:]])
    return out


def recordings(
    clips: Iterable[tuple[str, str, str, Samples]], seconds: float = 8.0
) -> Iterator[Recording]:
    """Recordings of at least ``seconds`` from (speaker, source, group, samples).

    What is left over of a speaker makes none.
    """
    waiting: dict[tuple[str, str], list[Samples]] = defaultdict(list)
    made: dict[tuple[str, str], int] = defaultdict(int)
    for speaker, source, group, samples in clips:
        row = waiting[speaker, source]
        row.append(samples)
        if sum(clip.size for clip in row) >= seconds * RATE:
            number = made[speaker, source]
            made[speaker, source] += 1
            yield Recording(f"{speaker}#{number}", source, group, joined(row))
            waiting[speaker, source] = []


def _running(samples: Samples, size: int) -> NDArray[np.float64]:
    """Energy of every stretch of ``size`` samples."""
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    return np.asarray(total[size:] - total[:-size])


Maker = Callable[[Samples, np.random.Generator], Samples]
"""From the stretch that is replaced (with its surroundings at hand) to the piece that goes in."""


def vocoded(method: str) -> Maker:
    """The same speech through a vocoder of ``forge.vocode``."""
    return lambda piece, rng: resynthesise(method, piece, RATE, rng)


def spoken(fakes: Sequence[Samples]) -> Maker:
    """A loud stretch of one of some synthetic recordings."""

    def make(piece: Samples, rng: np.random.Generator) -> Samples:
        fake = fakes[int(rng.integers(len(fakes)))]
        if fake.size <= piece.size:
            return np.resize(fake, piece.size)
        power = _running(fake, piece.size)
        good = np.flatnonzero(power > 0.6 * power.max())
        start = int(good[int(rng.integers(good.size))])
        return fake[start : start + piece.size]

    return make


def case(
    recording: Recording, method: str, make: Maker, seconds: float, rng: np.random.Generator
) -> Case:
    """Lay ``seconds`` of a fake in at a random place where there is speech."""
    real = recording.samples
    size = round(seconds * RATE)
    loud = _running(real, size)
    margin = min(int(0.5 * RATE), (real.size - size) // 4)
    inside = np.arange(margin, real.size - size - margin)
    good = inside[loud[inside] > 0.7 * float(np.median(loud[inside]))]
    first = int(good[int(rng.integers(good.size))])
    start = first / RATE
    piece = make(real[first : first + size], rng)
    mixed = insert(real, piece, start, RATE, fade=_FADE)
    name = f"{recording.name}@{method}"
    span = Span(start, start + seconds)
    return Case(name, recording.source, recording.group, method, mixed, span)


def edge_error(truth: Span, found: Sequence[Span]) -> float:
    """The larger of the two edge errors in seconds of the found span that overlaps the truth most.

    Infinite when none overlaps: the insert was missed.
    """
    best, error = 0.0, math.inf
    for span in found:
        shared = min(truth.end, span.end) - max(truth.start, span.start)
        if shared > best:
            best = shared
            error = max(abs(span.start - truth.start), abs(span.end - truth.end))
    return error


@dataclass(frozen=True, slots=True)
class Answer:
    """What the analyzer said of a case. ``error``: see ``edge_error``; not a number untouched."""

    score: float
    flagged: bool
    synthetic: bool
    spans: tuple[Span, ...]
    error: float


def untouched(recording: Recording) -> Case:
    """The recording as it is."""
    name = f"{recording.name}@untouched"
    return Case(name, recording.source, recording.group, "real", recording.samples, None)


def answer(made: Case, fpr: float = 0.01) -> Answer:
    """Run the voice analyzer of a scan over a case, in blocks as a decoder hands them out."""
    media = MediaInfo(
        path=made.name, kind=Kind.AUDIO, container="wav", bytes=made.samples.nbytes,
        sha256="0" * 64, seconds=made.samples.size / RATE, audio_codec="pcm_s16le",
        sample_rate=RATE, channels=1,
    )  # fmt: skip
    analyzer = VoiceAnalyzer(media, Options(fpr=fpr, threads=1))
    for at in range(0, made.samples.size, _BLOCK):
        analyzer.sound(AudioBlock(at / RATE, RATE, made.samples[at : at + _BLOCK]))
    findings = {finding.claim: finding for finding in analyzer.finish().findings}
    edited = findings.get(Claim.VOICE_EDITED)
    whole = findings.get(Claim.VOICE_SYNTHETIC)
    spans = edited.where.spans if edited else ()
    return Answer(
        score=edited.score if edited and edited.score is not None else 0.0,
        flagged=bool(edited and edited.vote is Vote.FORGED),
        synthetic=bool(whole and whole.vote is Vote.FORGED),
        spans=spans,
        error=edge_error(made.span, spans) if made.span else math.nan,
    )
