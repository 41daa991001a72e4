"""What the saving of a recording tells, in words."""

from __future__ import annotations

from unmask.analyzers.base import Result
from unmask.compression.cutoff import cutoff, stretches
from unmask.compression.fact import NAME, fact
from unmask.compression.noise_floor import changes
from unmask.compression.spectrum import LONGEST, STEPS, Sound, listen
from unmask.errors import MediaError
from unmask.media import blocks
from unmask.types import Absent, Finding, Label, MediaInfo, NotChecked, Span, Where

MOST_RATE = 48_000
"""Samples a second that are looked at; sound of a higher rate is brought down to it."""
SHORTEST = 0.5
_LOSSLESS = ("pcm", "flac", "alac", "wavpack", "ape", "tta")
_WHAT = "cuts and earlier savings of the sound"
_AROUND = 0.3


def stated(media: MediaInfo) -> Result:
    """Findings about the sound of a file."""
    rate = min(MOST_RATE, media.sample_rate or 0)
    if not rate:
        return Result(not_checked=(NotChecked(NAME, _WHAT, "The file has no sound."),))
    try:
        sound = listen(blocks(media.file, media, rate=rate))
    except MediaError as error:
        return Result(not_checked=(NotChecked(NAME, _WHAT, str(error)),))
    if sound is None or sound.seconds < SHORTEST:
        return Result(not_checked=(NotChecked(NAME, _WHAT, "There is too little sound."),))
    lossless = (media.audio_codec or "").startswith(_LOSSLESS)
    findings = [*_background(sound)]
    if lossless:
        findings += [*_narrow(sound), *_whole(sound), *_silence(sound)]
    absent = [] if findings else [Absent(NAME, _WHAT)]
    return Result(tuple(findings), _limits(media, sound, lossless), tuple(absent))


def _limits(media: MediaInfo, sound: Sound, lossless: bool) -> tuple[NotChecked, ...]:
    notes = []
    if not lossless:
        why = "The format itself throws high frequencies away, so an earlier loss does not show."
        notes.append(NotChecked(NAME, "an earlier saving of the sound with loss", why))
    if media.seconds and media.seconds > LONGEST + 1:
        why = f"Only the first {LONGEST / 60:.0f} minutes were looked at."
        notes.append(NotChecked(NAME, "all of the sound", why))
    return tuple(notes)


def _background(sound: Sound) -> list[Finding]:
    """The background changes at once: a doubt, with the moments."""
    found = changes(sound.levels)
    if not found:
        return []
    spans = tuple(_span(one.frame / STEPS, one.frame / STEPS, sound) for one in found)
    at = ", ".join(f"{one.frame / STEPS:.1f} s" for one in found[:5])
    jump = max(one.jump for one in found)
    reason = (
        f"The background noise changes at once at {at}, by {jump:.0f} dB. Sound from another "
        "recording may begin or end there; so may a switch, a mute or a noise gate."
    )
    return [
        fact(
            reason=reason,
            where=Where(spans=spans),
            subject="background",
            bearing=Label.INCONCLUSIVE,
            details={"moments (s)": [round(one.frame / STEPS, 2) for one in found]},
        )
    ]


def _span(start: float, end: float, sound: Sound) -> Span:
    return Span(max(0.0, start - _AROUND), min(sound.seconds, end + _AROUND))


def _narrow(sound: Sound) -> list[Finding]:
    """Stretches that end lower in frequency than the rest: a doubt."""
    found = stretches(sound.levels, sound.rate)
    if not found:
        return []
    spans = tuple(Span(start / STEPS, end / STEPS) for start, end, _ in found)
    kilo = " and ".join(f"{hertz / 1000:.1f}" for _, _, hertz in found[:3])
    reason = (
        f"A part of the recording has no sound above {kilo} kHz, while the rest has: that part "
        "was packed with loss or recorded at a lower rate before it came into this file."
    )
    return [
        fact(
            reason=reason,
            where=Where(spans=spans),
            subject="a part of the sound",
            bearing=Label.INCONCLUSIVE,
            details={"ends at (Hz)": [round(hertz) for _, _, hertz in found]},
        )
    ]


def _whole(sound: Sound) -> list[Finding]:
    """The whole recording ends at a frequency that the format does not call for."""
    end = cutoff(sound.levels, sound.rate)
    if end is None:
        return []
    reason = (
        f"There is no sound above {end / 1000:.1f} kHz, though the file could hold up to "
        f"{sound.rate / 2000:.1f} kHz: it was packed with loss (such as MP3 or AAC) or had a "
        "lower sampling rate before it was saved without loss."
    )
    return [
        fact(
            reason=reason,
            subject="earlier saving of the sound",
            details={"ends at (Hz)": round(end), "could hold (Hz)": sound.rate // 2},
        )
    ]


def _silence(sound: Sound) -> list[Finding]:
    """Runs of exact zeros inside the recording."""
    if not sound.silences:
        return []
    spans = tuple(Span(*run) for run in sound.silences[:20])
    total = sum(end - start for start, end in sound.silences)
    reason = (
        f"Inside the recording are {len(sound.silences)} stretches of exact digital silence, "
        f"{total:.2f} s in all. No microphone gives that: something was muted, gated, inserted, "
        "or made by a machine."
    )
    return [
        fact(
            reason=reason,
            where=Where(spans=spans),
            subject="digital silence",
            details={"stretches": len(sound.silences), "seconds": round(total, 3)},
        )
    ]
