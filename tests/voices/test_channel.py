"""What a voice came through is known from its container and its band, and bounds its vote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from voice_samples import RATE, speech

from unmask.analyzers.base import Options, Result
from unmask.analyzers.voice import VoiceAnalyzer
from unmask.cards.card import Operating
from unmask.decision.evidence import gather
from unmask.decision.fusion import fuse
from unmask.media import blocks, probe
from unmask.types import AudioBlock, Kind, Label, MediaInfo, Samples, Vote
from unmask.voices.channel import NARROW, Band, Channel

EXAMPLES = Path(__file__).parents[2] / "examples"


def coded(path: Path, samples: Samples, codec: str, rate: int, bitrate: int = 0) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        if bitrate:
            stream.bit_rate = bitrate
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 0
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path


def cut(samples: Samples, edge: float) -> Samples:
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(samples.size, 1 / RATE) > edge] = 0
    return np.fft.irfft(spectrum, samples.size).astype(np.float32)


def hissing(seconds: float) -> Samples:
    """The made voice with a hiss of its own up to the highest frequency."""
    spoken = speech(seconds)
    return spoken + np.random.default_rng(1).normal(0, 8e-4, spoken.size).astype(np.float32)


def band(samples: Samples, block: int = 5000) -> float:
    meter = Band()
    for at in range(0, samples.size, block):
        meter.feed(samples[at : at + block])
    return meter.edge()


@pytest.mark.parametrize("edge", [3400, 4000, 5000, 6000, 7000])
def test_the_edge_of_the_band_is_measured_in_any_blocks(edge: int) -> None:
    samples = cut(0.1 * np.random.default_rng(0).standard_normal(4 * RATE), edge)
    assert band(samples) == pytest.approx(edge, abs=200)
    assert band(samples, 333) == pytest.approx(band(samples, 10**6), abs=1)


def test_silence_has_no_band_and_full_sound_all_of_it() -> None:
    assert band(np.zeros(RATE, np.float32)) == 0
    assert band(hissing(3)) > 7500


@pytest.mark.parametrize(
    ("codec", "bitrate", "doubted"),
    [
        ("amrnb", 4750, True),
        ("amrnb", None, True),
        ("amrwb", 23850, True),
        ("gsm", 13000, True),
        ("speex", 15000, True),
        ("opus", 8000, True),
        ("opus", 16000, True),
        ("opus", None, True),
        ("opus", 24000, False),
        ("mp3float", 32000, True),
        ("mp3float", 64000, False),
        ("aac", 64000, False),
        ("pcm_s16le", 256000, False),
        ("flac", None, False),
    ],
)
def test_codecs_that_break_the_rate_are_doubted(
    codec: str, bitrate: float | None, doubted: bool
) -> None:
    assert bool(Channel(codec, bitrate, 7900).doubt) is doubted


def test_the_doubt_names_codec_rate_and_band() -> None:
    assert "AMR-NB at 4.75 kbit/s" in Channel("amrnb", 4750, 4000).doubt
    assert "ends at 3.5 kHz" in Channel("pcm_s16le", 256000, 3500).doubt
    assert "whispered" in Channel("flac", None, 7900, voiced=False).doubt
    assert not Channel("pcm_s16le", None, NARROW).doubt


@pytest.mark.parametrize(
    ("name", "codec", "rate", "bitrate", "known"),
    [
        ("a.opus", "libopus", 48000, 8000, "opus"),
        ("a.webm", "libopus", 48000, 12000, "opus"),
        ("a.mp3", "libmp3lame", 16000, 24000, "mp3float"),
    ],
)
def test_codec_and_rate_are_read_from_the_file(
    tmp_path: Path, name: str, codec: str, rate: int, bitrate: int, known: str
) -> None:
    info = probe(coded(tmp_path / name, speech(6), codec, rate, bitrate))
    assert info.audio_codec == known
    assert info.audio_bitrate is not None
    assert info.audio_bitrate == pytest.approx(bitrate, rel=0.45)


def judged(
    media: MediaInfo, sound: list[Samples], monkeypatch: pytest.MonkeyPatch, vote: Vote
) -> Result:
    monkeypatch.setattr(Operating, "vote", lambda *_: vote)
    analyzer = VoiceAnalyzer(media, Options(fpr=0.01, threads=1))
    start = 0
    for samples in sound:
        analyzer.sound(AudioBlock(start / RATE, RATE, samples))
        start += samples.size
    return analyzer.finish()


@pytest.mark.parametrize("vote", [Vote.FORGED, Vote.CLEAR])
def test_a_voice_through_a_speech_codec_has_no_vote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vote: Vote
) -> None:
    reading = EXAMPLES / "reading.flac"
    spoken = np.concatenate([block.samples for block in blocks(reading, probe(reading))])
    path = coded(tmp_path / "a.opus", spoken[: 6 * RATE], "libopus", 48000, 8000)
    info = probe(path)
    result = judged(info, [block.samples for block in blocks(path, info)], monkeypatch, vote)
    assert len(result.findings) == 2
    for finding in result.findings:
        assert finding.vote is Vote.UNDECIDED
        assert finding.score is not None
        assert "Opus at " in finding.reason
        assert "Opus at " in finding.withheld
        assert finding.where.spans == ()
        assert finding.details["codec"] == "opus"
        assert finding.details["kbit_per_second"] < 12
        assert finding.details["speech_seconds"] > 3
        assert finding.details["band_hz"] < 6000
    verdict, settled = fuse(info, result.findings, 0.01, 0.5)
    assert verdict.label is Label.INCONCLUSIVE
    assert "Opus at " in verdict.reason
    assert verdict.surprise is None
    assert {finding.vote for finding in settled} == {Vote.UNDECIDED}


def test_a_narrow_band_without_its_codec_has_no_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    media = MediaInfo("a.wav", Kind.AUDIO, "WAV", 1, "0" * 64, audio_codec="pcm_s16le")
    reading = EXAMPLES / "reading.flac"
    spoken = np.concatenate([block.samples for block in blocks(reading, probe(reading))])
    for edge, vote in ((3400, Vote.UNDECIDED), (6500, Vote.FORGED)):
        (whole, _) = judged(media, [cut(spoken, edge)], monkeypatch, Vote.FORGED).findings
        assert whole.vote is vote
        assert bool(whole.withheld) == (vote is Vote.UNDECIDED)
        assert whole.details["band_hz"] == pytest.approx(edge, abs=250)


@pytest.mark.parametrize("vote", Vote)
def test_little_speech_is_judged_like_any_other_and_its_length_is_told(
    monkeypatch: pytest.MonkeyPatch, vote: Vote
) -> None:
    """What a short clip without a sign is worth is said by the power of the check in such files."""
    media = MediaInfo("a.wav", Kind.AUDIO, "WAV", 1, "0" * 64, audio_codec="pcm_s16le")
    for seconds in (3, 7):
        (whole, *_) = judged(media, [hissing(seconds)], monkeypatch, vote).findings
        assert whole.vote is vote
        assert not whole.withheld
        spoken = gather(media, [whole]).quality["speech"]
        assert spoken == whole.details["speech_seconds"]
        assert 0.5 * seconds < spoken <= seconds


def test_the_container_of_an_unknown_rate_is_doubted() -> None:
    channel = replace(Channel("opus", 24000, 8000), bitrate=None)
    assert "Opus: this model" in channel.doubt
