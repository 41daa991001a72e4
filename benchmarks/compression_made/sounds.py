"""Recordings: untouched, packed with loss and unpacked, and with a part of another recording."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from fact_table import Case

from compression_made.pictures import named, said
from unmask.types import Finding

WHOLE, BACKGROUND, PART = "earlier saving of the sound", "background", "a part of the sound"
PROMPTS, READ = Path("/usr/share/ktuberling"), Path("/usr/share/pocketsphinx")
TELEPHONE = Path("/usr/share/asterisk")


def run(*command: str | Path) -> None:
    """Run a program that must succeed and is not listened to."""
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def lossy(kind: str, source: Path, folder: Path) -> Path:
    """Pack with loss, or to a lower rate, and unpack to WAV again."""
    target = folder / "unpacked.wav"
    mp3, aac, opus = folder / "a.mp3", folder / "a.m4a", folder / "a.opus"
    if kind.startswith("lame"):
        run("lame", "--quiet", "-b", kind.split()[1], source, mp3)
        run("lame", "--quiet", "--decode", mp3, target)
    elif kind.startswith("ffmpeg, AAC"):
        run("ffmpeg", "-y", "-i", source, "-c:a", "aac", "-b:a", "64k", aac)
        run("ffmpeg", "-y", "-i", aac, target)
    elif kind.startswith("opusenc"):
        run("opusenc", "--quiet", "--bitrate", "16", source, opus)
        run("ffmpeg", "-y", "-i", opus, target)
    else:
        run("sox", source, "-r", "16000", folder / "low.wav")
        run("sox", folder / "low.wav", "-r", "44100", target)
    return target


def _wide() -> list[Path]:
    """Recordings of voices at 44.1 kHz, as the Debian package ktuberling-data has them."""
    found = sorted(PROMPTS.rglob("*.wav"))
    return [path for path in found if soundfile.info(path).samplerate == 44_100]


def packed(data: Path, folder: Path) -> Iterator[Case]:
    """The whole recording was packed with loss before."""
    wide = _wide()
    for number, path in enumerate(wide[:: max(1, len(wide) // 110)][:110]):
        name = f"sound {path.stem} {number}"
        stated = named(said(path), WHOLE) is not None
        yield Case(name, "voice at 44.1 kHz, as found: earlier saving", False, stated)
        if number % 3:
            continue
        for kind in ("lame 48", "lame 64", "lame 96", "ffmpeg, AAC 64", "opusenc 16", "16 kHz"):
            right = named(said(lossy(kind, path, folder)), WHOLE) is not None
            yield Case(name, f"{kind}, unpacked to WAV: earlier saving", True, right)


def _inside(finding: Finding | None, second: float) -> bool:
    return finding is not None and any(
        span.start - 0.7 <= second <= span.end + 0.7 for span in finding.where.spans
    )


def _noisy(samples: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """With white noise, faintly coloured by a mean of three, at a level in dB of full scale."""
    noise = np.convolve(rng.normal(0, 1, len(samples) + 2), [0.25, 0.5, 0.25], "valid")
    return samples + 10 ** (level / 20) * noise / noise.std()


def spliced(data: Path, folder: Path) -> Iterator[Case]:
    """A part with another background, or with another cut-off, put into a recording."""
    rng = np.random.default_rng(40)
    path = folder / "made.wav"
    long = [one for one in sorted(TELEPHONE.rglob("*.wav")) if soundfile.info(one).duration > 4]
    long += sorted(READ.rglob("librivox/*.wav"))
    clips = sorted((data / "video").rglob("*.mp4"))
    for number, one in enumerate([*rng.permutation(np.array(long))[:90], *clips[:60]]):
        result = said(Path(one))
        kind = "clip" if Path(one).suffix == ".mp4" else "recording"
        yield Case(
            f"sound {Path(one).stem} {number}",
            f"{kind} as found: background",
            False,
            named(result, BACKGROUND) is not None,
        )
    for number in range(40):
        one, other = (Path(str(p)) for p in rng.choice(np.array(long), 2, replace=False))
        first, rate = soundfile.read(one)
        second, other_rate = soundfile.read(other)
        if rate != other_rate:
            second = np.interp(
                np.arange(0, len(second), other_rate / rate), np.arange(len(second)), second
            )
        half, quiet = 2 * rate, float(rng.uniform(-65, -55))
        for kind, jump in (("20 dB", 20), ("30 dB", 30)):
            parts = _noisy(first[:half], quiet, rng), _noisy(second[:half], quiet + jump, rng)
            soundfile.write(path, np.concatenate(parts), rate, subtype="PCM_16")
            right = _inside(named(said(path), BACKGROUND), len(parts[0]) / rate)
            what = f"two recordings joined, noise {kind} apart: background, at the place"
            yield Case(f"sound {one.stem} {number}", what, True, right)
        same = np.concatenate([_noisy(first[: 2 * half], quiet, rng)])
        soundfile.write(path, same, rate, subtype="PCM_16")
        flagged = named(said(path), BACKGROUND) is not None
        what = "one recording with even noise: background"
        yield Case(f"sound {one.stem} {number}", what, False, flagged)


def narrowed(data: Path, folder: Path) -> Iterator[Case]:
    """A part of a recording at 44.1 kHz that was an MP3 or of 16 kHz before."""
    wide = _wide()
    rng = np.random.default_rng(41)
    for number in range(60):
        picked = [wide[at] for at in rng.choice(len(wide), 6, replace=False)]
        voices = [_noisy(soundfile.read(one)[0], -65, rng) for one in picked]
        sound = np.concatenate(voices)
        path, part = folder / "made.wav", folder / "part.wav"
        soundfile.write(path, sound, 44_100, subtype="PCM_16")
        name = f"sound joined {number}"
        flagged = named(said(path), PART) is not None
        yield Case(name, "voices with even noise to 22 kHz: a part that ends lower", False, flagged)
        if number >= 40:
            continue
        start, end = len(voices[0]) + len(voices[1]), sum(map(len, voices[:4]))
        soundfile.write(part, sound[start:end], 44_100, subtype="PCM_16")
        for kind in ("16 kHz", "lame 48"):
            narrow = soundfile.read(lossy(kind, part, folder))[0]
            made = np.concatenate([sound[:start], narrow[: end - start], sound[end:]])
            soundfile.write(path, made, 44_100, subtype="PCM_16")
            right = _inside(named(said(path), PART), (start + end) / 2 / 44_100)
            yield Case(
                name, f"a part through {kind}: a part that ends lower, at the place", True, right
            )
