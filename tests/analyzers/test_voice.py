"""The voice analyzer: what it refuses to judge, and that blocks, length and level do not matter."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from unmask.analyzers.base import Options, Result
from unmask.analyzers.voice import VoiceAnalyzer
from unmask.runtime.model import load_model
from unmask.types import AudioBlock, Claim, Kind, MediaInfo, Samples, Vote
from unmask.voices.activity import STEP, Activity
from unmask.voices.hearing import Heard, Hearing
from unmask.voices.parts import evidence

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

from voice_samples import RATE, speech


def media(codec: str | None = "pcm_s16le", kind: Kind = Kind.AUDIO) -> MediaInfo:
    return MediaInfo("a.wav", kind, "wav", 1, "0" * 64, audio_codec=codec, sample_rate=RATE)


def heard(samples: Samples, block: int = 4800, codec: str | None = "pcm_s16le") -> Result:
    analyzer = VoiceAnalyzer(media(codec), Options(fpr=0.01, threads=1))
    for at in range(0, samples.size, block):
        analyzer.sound(AudioBlock(at / RATE, RATE, samples[at : at + block]))
    return analyzer.finish()


def why(result: Result) -> str:
    assert result.findings == ()
    (skipped,) = result.not_checked
    assert skipped.analyzer == "voice"
    return skipped.why


def test_a_video_without_sound_is_not_checked() -> None:
    analyzer = VoiceAnalyzer(media(None, Kind.VIDEO), Options(threads=1))
    assert "no sound track" in why(analyzer.finish())


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(0, np.float32), "empty"),
        (np.zeros(4 * RATE, np.float32), "silent"),
        (0.1 * np.sin(np.arange(4 * RATE) * 0.3).astype(np.float32), "no speech"),
        (speech(0.7), "s of speech"),
    ],
    ids=["empty", "silent", "tone", "a word"],
)
def test_what_cannot_be_judged_is_said_plainly(samples: Samples, said: str) -> None:
    assert said in why(heard(samples))


def test_noise_is_no_speech() -> None:
    noise = 0.05 * np.random.default_rng(0).standard_normal(5 * RATE)
    assert "no speech" in why(heard(noise.astype(np.float32)))


def test_speech_gets_both_findings_with_series_and_calibration() -> None:
    result = heard(speech(9))
    claims = {finding.claim: finding for finding in result.findings}
    assert set(claims) == {Claim.VOICE_SYNTHETIC, Claim.VOICE_EDITED}
    for finding in claims.values():
        assert finding.llr is not None
        assert finding.vote is not None
        assert finding.detector == "unmask_voice"
        assert finding.reason.endswith(".")
    (series,) = claims[Claim.VOICE_SYNTHETIC].series
    assert len(series.times) == len(series.values)
    assert all(0 <= value <= 1 for value in series.values)
    assert np.all(np.diff(series.times) > 0)
    assert 0 <= series.times[0] < 0.3
    assert 8.6 < series.times[-1] <= 9.0


def test_a_short_recording_is_judged_as_a_whole_only() -> None:
    result = heard(speech(2.2))
    assert [finding.claim for finding in result.findings] == [Claim.VOICE_SYNTHETIC]
    (skipped,) = result.not_checked
    assert "too little to compare" in skipped.why


@pytest.mark.parametrize("block", [977, 16000, 10**6])
def test_the_blocks_do_not_matter(block: int) -> None:
    sound = speech(7)
    one, two = heard(sound), heard(sound, block)
    for a, b in zip(one.findings, two.findings, strict=True):
        assert a.score == pytest.approx(b.score, abs=1e-3)
        assert a.vote is b.vote


def test_loudness_does_not_matter() -> None:
    sound = speech(7)
    loud, quiet = heard(sound), heard(sound * np.float32(0.1))
    for a, b in zip(loud.findings, quiet.findings, strict=True):
        assert a.score == pytest.approx(b.score, abs=0.15)


def test_a_pause_without_sound_leaves_numbers() -> None:
    sound = np.concatenate([speech(2.1), np.zeros(20 * RATE, np.float32), speech(6)])
    for finding in heard(sound).findings:
        assert finding.score is not None
        assert np.isfinite(finding.score)


def test_spans_lie_inside_the_recording() -> None:
    sound = speech(9)
    sound[4 * RATE : 5 * RATE] = 0.05 * np.sign(sound[4 * RATE : 5 * RATE])
    for finding in heard(sound).findings:
        for span in finding.where.spans:
            assert 0 <= span.start < span.end <= 9.001


@pytest.mark.parametrize(
    ("rate", "vote"), [(0.003, Vote.FORGED), (0.03, Vote.UNDECIDED), (0.15, Vote.UNDECIDED)]
)
def test_a_stretch_is_marked_unless_the_file_is_cleared_of_it(
    monkeypatch: pytest.MonkeyPatch, rate: float, vote: Vote
) -> None:
    """The decision about the file may mark what few real ones stand out as much, or any."""
    row = load_model("unmask_voice").card.for_claim(Claim.VOICE_EDITED)
    frames = 200
    logits = np.random.default_rng(0).normal(0, 1, frames).astype(np.float32)
    speech = np.ones(frames, bool)
    logits[100:125] += 4
    wanted = row.threshold(rate)
    low, high = 0.0, 60.0
    for _ in range(60):  # the height of the bump that gives just more evidence than wanted
        height = (low + high) / 2
        raised = logits.copy()
        raised[100:125] += height - 4
        low, high = (low, height) if evidence(raised, speech) > wanted else (height, high)
    raised = logits.copy()
    raised[100:125] += high - 4
    made = Heard(
        Activity(np.full(frames, -20, np.float32), speech),
        raised,
        np.zeros(frames, np.float32),
        row.clear - 5,
        evidence(raised, speech),
        4,
        frames * STEP / RATE,
    )
    analyzer = VoiceAnalyzer(media(), Options(fpr=0.01, threads=1))
    monkeypatch.setattr(Hearing, "finish", lambda self: made)
    finding = {one.claim: one for one in analyzer.finish().findings}[Claim.VOICE_EDITED]
    assert finding.vote is vote
    for marked in (Vote.FORGED, Vote.UNDECIDED):
        (span,) = finding.settled(marked).where.spans
        assert span.start == pytest.approx(100 * STEP / RATE, abs=0.3)
        assert span.end == pytest.approx(125 * STEP / RATE, abs=0.3)
    assert finding.settled(Vote.CLEAR).where.spans == ()


def test_memory_does_not_grow_with_length() -> None:
    analyzer = VoiceAnalyzer(media(), Options(threads=1))
    # Silent stretches are not run through the network: they pass in seconds.
    block = np.zeros(RATE * 20, np.float32)
    for at in range(3):
        analyzer.sound(AudioBlock(at * 20.0, RATE, block))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for at in range(3, 60):
        analyzer.sound(AudioBlock(at * 20.0, RATE, block))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 1_000_000, "more than 1 MB for twenty minutes of sound"
    assert "silent" in why(analyzer.finish())
