"""What is said about the saving of recordings, on recordings made here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from unmask.analyzers.base import Options, Result
from unmask.analyzers.compression import CompressionAnalyzer
from unmask.compression.noise_floor import changes
from unmask.compression.spectrum import STEPS, listen
from unmask.media import probe
from unmask.types import AudioBlock, Finding, Label

RATE = 44_100
Signal = np.ndarray[tuple[int], np.dtype[np.float32]]


def speech(seconds: float, seed: int = 0, level: float = -60.0) -> Signal:
    """Bursts of a buzz with pauses, over steady noise at a level in dB of full scale."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    buzz = np.sign(np.sin(2 * np.pi * 120 * at)) * 0.2
    words = np.sin(2 * np.pi * 1.7 * at + seed) > 0
    noise = rng.normal(0, 10 ** (level / 20), at.shape)
    return (buzz * words + noise).astype(np.float32)


def said(path: Path) -> Result:
    return CompressionAnalyzer(probe(path), Options()).finish()


def about(result: Result, subject: str) -> Finding | None:
    return next((one for one in result.findings if one.subject == subject), None)


def saved(path: Path, sound: Signal) -> Path:
    soundfile.write(path, sound, RATE, subtype="PCM_16")
    return path


def low_passed(sound: Signal, hertz: float) -> Signal:
    spectrum = np.fft.rfft(sound)
    spectrum[round(hertz * len(sound) / RATE) :] = 0
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)


def test_an_even_recording_gives_no_finding(tmp_path: Path) -> None:
    result = said(saved(tmp_path / "x.wav", speech(6)))
    assert not result.findings
    assert result.absent


def test_what_was_an_mp3_ends_at_a_frequency(tmp_path: Path) -> None:
    if shutil.which("lame") is None:
        pytest.skip("the program lame is not installed")
    saved(tmp_path / "x.wav", speech(4))
    for way in (["-b", "64", "x.wav", "x.mp3"], ["--decode", "x.mp3", "y.wav"]):
        subprocess.run(["lame", "--quiet", *way], cwd=tmp_path, check=True)
    found = about(said(tmp_path / "y.wav"), "earlier saving of the sound")
    assert found is not None
    assert found.bearing is None
    assert 10_000 < found.details["ends at (Hz)"] < 19_000


def test_a_cut_is_read_to_a_few_hundred_hertz(tmp_path: Path) -> None:
    result = said(saved(tmp_path / "x.wav", low_passed(speech(4), 16_000)))
    found = about(result, "earlier saving of the sound")
    assert found is not None
    assert found.details["ends at (Hz)"] == pytest.approx(16_000, abs=400)


def test_a_part_that_ends_lower_is_placed(tmp_path: Path) -> None:
    sound = speech(9)
    sound[3 * RATE : 6 * RATE] = low_passed(sound, 8_000)[3 * RATE : 6 * RATE]
    found = about(said(saved(tmp_path / "x.wav", sound)), "a part of the sound")
    assert found is not None
    assert found.bearing is Label.INCONCLUSIVE
    (span,) = found.where.spans
    assert span.start == pytest.approx(3, abs=0.6)
    assert span.end == pytest.approx(6, abs=0.6)


def test_a_background_that_jumps_is_placed(tmp_path: Path) -> None:
    sound = np.concatenate([speech(3, 0, -65), speech(3, 1, -45)])
    found = about(said(saved(tmp_path / "x.wav", sound)), "background")
    assert found is not None
    assert found.bearing is Label.INCONCLUSIVE
    assert found.details["moments (s)"][0] == pytest.approx(3, abs=0.5)


def test_a_background_that_drifts_is_not_a_jump() -> None:
    sound = speech(12, 0, -120)
    ramp = 10 ** (np.linspace(-65, -45, len(sound)) / 20)
    drifting = sound + np.random.default_rng(1).normal(0, 1, len(sound)) * ramp
    heard = listen([AudioBlock(0.0, RATE, drifting.astype(np.float32))])
    assert heard is not None
    assert changes(heard.levels) == []


def test_digital_silence_inside_is_told_from_that_at_the_ends(tmp_path: Path) -> None:
    sound = speech(4)
    sound[: RATE // 2] = 0
    assert about(said(saved(tmp_path / "x.wav", sound)), "digital silence") is None
    sound[2 * RATE : 2 * RATE + RATE // 5] = 0
    found = about(said(saved(tmp_path / "x.wav", sound)), "digital silence")
    assert found is not None
    assert found.details == {"stretches": 1, "seconds": pytest.approx(0.2, abs=0.01)}
    assert found.where.spans[0].start == pytest.approx(2, abs=0.01)


def test_blocks_of_any_size_give_the_same_levels() -> None:
    sound = speech(2)
    sound[30_000:40_000] = 0
    whole = listen([AudioBlock(0.0, RATE, sound)])
    pieces = listen(
        AudioBlock(at / RATE, RATE, sound[at : at + 7_001]) for at in range(0, len(sound), 7_001)
    )
    assert whole is not None
    assert pieces is not None
    assert np.allclose(whole.levels, pieces.levels, atol=1e-3)
    assert whole.silences == pieces.silences
    assert len(whole.levels) == pytest.approx(2 * STEPS, abs=2)


def test_a_lossy_format_says_what_it_hides(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.mp3", speech(3), RATE)
    result = said(tmp_path / "x.mp3")
    assert any("earlier saving" in one.what for one in result.not_checked)
    assert about(result, "earlier saving of the sound") is None


def test_too_little_sound_is_said(tmp_path: Path) -> None:
    result = said(saved(tmp_path / "x.wav", speech(0.2)))
    assert not result.findings
    assert result.not_checked[0].why == "There is too little sound."


def test_time_without_sound_is_no_digital_silence() -> None:
    rate = 16_000
    noise = np.random.default_rng(0).normal(0, 0.05, 3 * rate).astype(np.float32)
    for filled in (True, False):
        parts = [noise, np.zeros(10 * rate, np.float32), noise]
        at, found = 0, []
        for number, part in enumerate(parts):
            found.append(AudioBlock(at / rate, rate, part, filled and number == 1))
            at += part.size
        heard = listen(found)
        assert heard is not None
        assert bool(heard.silences) is not filled
