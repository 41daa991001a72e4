"""Sound of any rate, depth and number of channels: mono, contiguous, in step, not aliased."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import make_media as make
from unmask.errors import MediaTooLarge, UnreadableMedia
from unmask.media import Limits, blocks, frames, probe, stream
from unmask.media.sound import Blocks
from unmask.scanning import scan
from unmask.types import AudioBlock, Kind


def heard(path: Path, rate: int = 16_000, **options: object) -> NDArray[np.float32]:
    """All samples, after checking that blocks are contiguous."""
    found = list(blocks(path, probe(path), rate, **options))  # type: ignore[arg-type]
    for before, after in itertools.pairwise(found):
        assert after.start == pytest.approx(before.start + len(before.samples) / rate, abs=1e-6)
    for block in found:
        assert block.rate == rate
        assert block.samples.dtype == np.float32
        assert block.samples.ndim == 1
    return np.concatenate([block.samples for block in found])


def loudest(samples: NDArray[np.float32], rate: int = 16_000) -> float:
    """The frequency with the most energy, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def test_every_sound_format_is_read(kinds: dict[str, list[Path]]) -> None:
    for path in kinds["audio"]:
        info = probe(path)
        samples = heard(path)
        assert info.kind is Kind.AUDIO, path.name
        assert info.seconds == pytest.approx(2.0, abs=0.1), path.name
        assert len(samples) == pytest.approx(32_000, abs=1_800), path.name
        assert loudest(samples) == pytest.approx(440, abs=2), path.name
        middle = samples[8_000:24_000]
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.354, rel=0.06), path.name


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_rates(tmp_path: Path, rate: int) -> None:
    path = make.wav(tmp_path / "a.wav", make.tone(2 * rate, rate), rate)
    samples = heard(path)
    assert len(samples) == pytest.approx(32_000, abs=40)
    assert loudest(samples) == pytest.approx(440, abs=1)
    assert probe(path).sample_rate == rate


def test_high_tones_do_not_fold_down(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", make.tone(96_000, 48_000, 15_000.0), 48_000)
    middle = heard(path)[4_000:-4_000]
    assert np.sqrt(np.mean(middle**2)) < 0.002


@pytest.mark.parametrize("layout", ["mono", "stereo", "3.0", "quad", "5.1", "7.1"])
def test_channels_are_mixed(tmp_path: Path, layout: str) -> None:
    path = make.sound(tmp_path / "a.flac", "flac", layout=layout, rate=16_000)
    assert np.sqrt(np.mean(heard(path)[2_000:-2_000] ** 2)) == pytest.approx(0.354, rel=0.02)


def test_left_alone_is_heard(tmp_path: Path) -> None:
    both = np.zeros((32_000, 2))
    both[:, 0] = make.tone(32_000, 16_000)
    path = make.wav(tmp_path / "left.wav", both.reshape(-1), channels=2)
    assert loudest(heard(path)) == pytest.approx(440, abs=1)


def test_eight_planes(tmp_path: Path) -> None:
    path = make.sound(tmp_path / "a.m4a", "aac", layout="7.1", rate=48_000, muxer="ipod")
    assert probe(path).channels == 8
    samples = heard(path)
    assert loudest(samples) == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(samples[2_000:-2_000] ** 2)) == pytest.approx(0.354, rel=0.1)


@pytest.mark.parametrize("channels", [5, 11, 17])
def test_channels_without_a_layout_are_averaged(tmp_path: Path, channels: int) -> None:
    values = np.repeat(make.tone(32_000, 16_000)[:, None], channels, axis=1)
    path = make.wav(tmp_path / "many.wav", values.reshape(-1), channels=channels)
    samples = heard(path)
    assert probe(path).channels == channels
    assert loudest(samples) == pytest.approx(440, abs=1)
    assert np.abs(samples).max() == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize(
    ("codec", "end"),
    [("pcm_u8", "wav"), ("pcm_s24le", "wav"), ("pcm_s32le", "wav"), ("pcm_f64le", "wav")],
)
def test_bit_depths(tmp_path: Path, codec: str, end: str) -> None:
    path = make.sound(tmp_path / f"a.{end}", codec)
    assert np.abs(heard(path)).max() == pytest.approx(0.5, abs=0.02)


def test_floats_beyond_full_scale_and_not_numbers(tmp_path: Path) -> None:
    values = np.tile(np.array([0.5, np.nan, np.inf, 7.0, -7.0], np.float32), 4_000)
    path = tmp_path / "wild.wav"
    make.sound(path, "pcm_f32le", seconds=20_000 / 16_000)
    data = path.read_bytes()
    at = data.index(b"data") + 8
    path.write_bytes(data[:at] + values.tobytes() + data[at + values.nbytes :])
    samples = heard(path)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1


@pytest.mark.parametrize("block", [1, 17, 160, 4_096, 30_000])
def test_odd_frame_sizes(tmp_path: Path, block: int) -> None:
    path = make.sound(tmp_path / "a.mkv", "pcm_s16le", seconds=1.0, block=block)
    samples = heard(path)
    assert len(samples) == pytest.approx(16_000, abs=16)
    assert np.allclose(samples[:15_000], make.tone(16_000, 16_000)[:15_000], atol=0.01)


@pytest.mark.parametrize("seconds", [0.25, 1.0, 3.7, 10.0])
def test_blocks_have_the_asked_length(tmp_path: Path, seconds: float) -> None:
    path = make.wav(tmp_path / "a.wav", make.tone(10 * 16_000, 16_000))
    found = list(blocks(path, probe(path), block_seconds=seconds))
    assert all(len(block.samples) == round(16_000 * seconds) for block in found[:-1])
    assert sum(len(block.samples) for block in found) == 160_000
    assert np.allclose(
        np.concatenate([b.samples for b in found]), make.tone(160_000, 16_000), atol=1e-3
    )


def test_other_rates_on_request(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", make.tone(32_000, 16_000))
    assert len(heard(path, 8_000)) == pytest.approx(16_000, abs=20)
    assert loudest(heard(path, 24_000), 24_000) == pytest.approx(440, abs=1)


def test_silence_is_silent(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", np.zeros(16_000))
    samples = heard(path)
    assert len(samples) == 16_000
    assert not samples.any()


def test_no_sound_at_all(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", np.zeros(0))
    with pytest.raises(UnreadableMedia, match="no sound") as caught:
        probe(path)
    assert "\n" not in str(caught.value)


def test_cover_art_is_not_a_video(kinds: dict[str, list[Path]]) -> None:
    path = next(path for path in kinds["audio"] if path.name == "cover.mp3")
    info = probe(path)
    assert (info.kind, info.video_codec, info.width) == (Kind.AUDIO, None, None)
    assert list(frames(path, info)) == []
    assert all(isinstance(item, AudioBlock) for item in stream(path, info))


def test_truncated_wav_gives_what_is_there(tmp_path: Path) -> None:
    whole = make.wav(tmp_path / "a.wav", make.tone(10 * 16_000, 16_000))
    path = tmp_path / "cut.wav"
    path.write_bytes(whole.read_bytes()[:100_001])
    samples = heard(path)
    assert len(samples) == pytest.approx(49_978, abs=2)


def test_truncated_mp3_is_noted(tmp_path: Path) -> None:
    whole = make.sound(tmp_path / "a.mp3", "libmp3lame", 44_100, seconds=20)
    path = tmp_path / "cut.mp3"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    notes: list[str] = []
    info = probe(path)
    found = list(blocks(path, info, on_note=notes.append))
    assert sum(len(b.samples) for b in found) == pytest.approx(160_000, rel=0.05)
    assert any("truncated" in note for note in notes)


def test_renamed_sound(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", make.tone(16_000, 16_000)).rename(tmp_path / "song.mp3")
    info = probe(path)
    assert info.container == "WAV"
    assert info.notes == ("renamed: the name ends in .mp3, the content is WAV",)


def test_a_late_start_and_a_hole_are_silence() -> None:
    held = Blocks(100, 1.0)
    found = list(held.place(1.5))
    held.add(np.ones(50, np.float32))
    found += held.place(60.0)
    held.add(np.ones(50, np.float32))
    found += held.ready(last=True)
    joined = np.concatenate([block.samples for block in found])
    for before, after in itertools.pairwise(found):
        assert after.start == pytest.approx(before.start + len(before.samples) / 100)
    assert sum(len(block.samples) for block in found if block.filled) == 150 + 5800
    assert len(joined) == 6050
    assert joined[150:200].all()
    assert joined[6000:].all()
    assert joined.sum() == 100
    assert max(len(block.samples) for block in found) == 100


def test_a_hole_without_end_is_not_filled() -> None:
    held = Blocks(100, 1.0)
    list(held.place(0.0))
    held.add(np.ones(100, np.float32))
    assert list(held.place(1e6)) == []
    held.add(np.ones(100, np.float32))
    assert held.position == pytest.approx(2.0)
    assert held.skipped == pytest.approx(1e6, rel=0.01)


def bursts(*seconds: float, rate: int = 16_000) -> np.ndarray:
    """Half a second of a tone at each of the seconds; silence until then."""
    sound = np.zeros(int((seconds[-1] + 1) * rate), np.float32)
    for second in seconds:
        at = int(second * rate)
        sound[at : at + rate // 2] = 0.5 * np.sin(np.arange(rate // 2) * 0.3)
    return sound


def muxed(path: Path, pieces: list[tuple[float, np.ndarray]], codec: str, rate: int) -> Path:
    """A file whose sound holds the pieces at their seconds and nothing between; a film before it.

    The film, one small picture a second, starts the file's clock at 0.
    """
    with av.open(str(path), "w") as out:
        film = out.add_stream("mpeg4", rate=1, width=32, height=32, pix_fmt="yuv420p")
        stream = out.add_stream(codec, rate=rate, layout="mono")
        for second in range(int(pieces[-1][0] + 3)):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = second, Fraction(1)
            out.mux(film.encode(picture))
        out.mux(film.encode(None))
        for second, sound in pieces:
            size = stream.frame_size or 4096
            for at in range(0, sound.size, size):
                part = (sound[None, at : at + size] * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
                frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = round(second * rate) + at
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.mkv", "a.mov"])
def test_sound_keeps_to_the_clock_of_the_file(tmp_path: Path, name: str) -> None:
    piece = bursts(0.0)[:8000]
    pieces = [(2.0, piece), (47.0, piece)]
    path = muxed(tmp_path / name, pieces, "flac" if name == "a.mkv" else "pcm_s16le", 16_000)
    if name == "a.mov":  # its samples follow each other; only a late start can be told
        pieces = pieces[:1]
    samples = heard(path)
    loud = np.abs(samples) > 0.2
    assert not loud[: 2 * 16_000 - 400].any()
    for second, _ in pieces:
        at = int(second * 16_000)
        assert loud[at : at + 8000].mean() > 0.3


@pytest.mark.parametrize("factor", [-1.0, -0.98, -0.7])
def test_channels_of_opposite_phase_do_not_cancel(tmp_path: Path, factor: float) -> None:
    tone = make.tone(16_000, 16_000)
    both = np.stack([tone, factor * tone], axis=1)
    path = make.wav(tmp_path / "a.wav", both, channels=2)
    notes: list[str] = []
    found = list(blocks(path, probe(path), on_note=notes.append))
    mixed = np.concatenate([block.samples for block in found])
    expected = (1 - factor) / 2 * float(np.abs(tone).max())
    assert float(np.abs(mixed).max()) == pytest.approx(expected, rel=0.05)
    assert any("opposite phase" in note for note in notes)


@pytest.mark.parametrize("turned", [(1, -1, 0), (0, 1, -1), (1, 1, -1, -1), (1, -1, 0, 0, 1, -1)])
def test_nor_do_any_two_of_more_channels(tmp_path: Path, turned: tuple[int, ...]) -> None:
    tone = make.tone(16_000, 16_000)
    both = np.stack([sign * tone for sign in turned], axis=1)
    path = make.wav(tmp_path / "a.wav", both, channels=len(turned))
    notes: list[str] = []
    found = list(blocks(path, probe(path), on_note=notes.append))
    mixed = np.concatenate([block.samples for block in found])
    assert float(np.abs(mixed).max()) > 0.3 * float(np.abs(tone).max())
    assert any("opposite phase" in note for note in notes)


@pytest.mark.parametrize("factor", [1.0, 0.3, 0.0])
def test_channels_that_agree_are_averaged(tmp_path: Path, factor: float) -> None:
    tone = make.tone(16_000, 16_000)
    path = make.wav(tmp_path / "a.wav", np.stack([tone, factor * tone], axis=1), channels=2)
    notes: list[str] = []
    found = list(blocks(path, probe(path), on_note=notes.append))
    mixed = np.concatenate([block.samples for block in found])
    assert float(np.abs(mixed).max()) == pytest.approx(
        (1 + factor) / 2 * np.abs(tone).max(), rel=0.05
    )
    assert notes == []


def two_tracks(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        streams = [out.add_stream("flac", rate=16_000, layout="mono") for _ in range(2)]
        streams[1].metadata["language"] = "fra"
        for at in range(0, 32_000, 4096):
            for stream, level in zip(streams, (0, 9000), strict=True):
                part = np.full((1, 4096), level, np.int16)
                frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
                frame.sample_rate, frame.pts = 16_000, at
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


def test_further_tracks_are_named(tmp_path: Path) -> None:
    path = two_tracks(tmp_path / "a.mka")
    assert probe(path).further == ("sound track 2 (flac, fra)",)
    report = scan(path, analyzers=["voice"])
    assert any("sound track 2" in one.what for one in report.not_checked)


def test_what_was_not_read_is_not_truncated(tmp_path: Path) -> None:
    path = make.sound(tmp_path / "a.flac", "flac", 16_000, seconds=20)
    notes: list[str] = []
    info = probe(path)
    assert list(stream(path, info, want_frames=False, want_sound=False, on_note=notes.append)) == []
    assert notes == []


def test_an_estimated_length_announces_nothing(tmp_path: Path) -> None:
    quiet = make.sound(tmp_path / "a.mp3", "libmp3lame", 44_100, seconds=20).read_bytes()
    frames = quiet[quiet.index(b"\xff\xfb", 500) :]  # without the frame that counts them
    path = tmp_path / "b.mp3"
    path.write_bytes(frames[: len(frames) // 2])
    notes: list[str] = []
    assert list(blocks(path, replace(probe(path), seconds=900.0), on_note=notes.append))
    assert not any("truncated" in note for note in notes)


def test_too_long_a_recording(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", np.zeros(64_000))
    with pytest.raises(MediaTooLarge, match=r"lasts .* allowed are"):
        probe(path, Limits(media_seconds=2))
