"""Adds freely licensed recordings from Debian packages to a manifest.

``python -m unmask.detectors.audio.unmask_voice.gather --data DIR --debian ROOT --out DIR``

``ROOT`` is ``/`` when the packages are installed, or a folder they were unpacked into: the voices
of ``ktuberling-data`` (some 35 languages), ``asterisk-core-sounds-{en,es,fr,it,ru}-g722``,
``klettres-data`` and ``pocketsphinx-testdata``. They widen the *real* side: other rooms, languages
and microphones. Fakes of them are made by copy-synthesis in training. The English prompts, the
spelt letters and the audiobook are kept out of training, for a test on unseen recordings.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

from unmask.detectors.audio.unmask_voice.front import LEVEL, RATE, SAMPLES
from unmask.forge.launder_sound import band
from unmask.types import Samples

PLACES = (
    ("usr/share/ktuberling/sounds", "debian/ktuberling", "train", 9),
    ("usr/share/asterisk/sounds/es_MX_f_Allison", "debian/asterisk-es", "train", 40),
    ("usr/share/asterisk/sounds/fr_CA_f_June", "debian/asterisk-fr", "train", 40),
    ("usr/share/asterisk/sounds/it_IT_m_Carlo", "debian/asterisk-it", "train", 40),
    ("usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU", "debian/asterisk-ru", "train", 40),
    ("usr/share/asterisk/sounds/en_US_f_Allison", "debian/asterisk-en", "unseen", 60),
    ("usr/share/klettres", "debian/klettres", "unseen", 4),
    ("usr/share/pocketsphinx/test/data", "debian/pocketsphinx", "unseen", 30),
)
"""Folder, source, split, most clips a speaker."""
_ENDS = {".wav", ".ogg", ".opus", ".g722"}


def decoded(path: Path) -> Samples:
    """Mono samples at 16 kHz."""
    parts = []
    form = "g722" if path.suffix == ".g722" else None
    with av.open(str(path), format=form, metadata_errors="ignore") as source:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in source.decode(audio=0):
            parts += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(frame)]
        parts += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)


def trimmed(samples: Samples, below: float = 0.02) -> Samples:
    """Without what is quieter than ``below`` × the loudest 10 ms at either end."""
    step = RATE // 100
    n = samples.size // step
    if n == 0:
        return samples[:0]
    loud = np.abs(samples[: n * step]).reshape(n, step).max(axis=1)
    kept = np.flatnonzero(loud > below * max(float(loud.max()), 1e-4))
    if kept.size == 0:
        return samples[:0]
    return samples[kept[0] * step : (kept[-1] + 1) * step]


def clips(files: list[Path], most: int, whole: bool) -> Iterator[Samples]:
    """Windows of 2.2 s: the first of a long recording, or short words of one speaker in a row."""
    row: list[Samples] = []
    made = 0
    for path in files:
        if made >= most:
            return
        try:
            sound = trimmed(decoded(path))
        except (av.FFmpegError, IndexError):
            continue
        row.append(sound)
        if sum(part.size for part in row) < SAMPLES:
            continue
        sound = np.concatenate(row)
        row = []
        step = SAMPLES if whole else sound.size
        for at in range(0, sound.size - SAMPLES + 1, step):
            if made < most:
                yield sound[at : at + SAMPLES]
                made += 1


def _speakers(folder: Path, source: str) -> dict[str, list[Path]]:
    speakers: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _ENDS or "silence" in path.parts:
            continue
        parts = path.relative_to(folder).parts
        many = source.rpartition("/")[2] in ("ktuberling", "klettres", "pocketsphinx")
        speakers[parts[0] if many else "one"].append(path)
    return speakers


def gather(data: Path, debian: Path, out: Path) -> int:
    """Write ``out``: the sound of ``data`` (linked) and the further clips. Returns how many."""
    (out / "further").mkdir(parents=True, exist_ok=True)
    link = out / "audio"
    if not link.exists():
        link.symlink_to((data / "audio").resolve())
    lines = (data / "manifest.jsonl").read_text().splitlines()
    rows: list[dict[str, Any]] = [row for row in map(json.loads, lines) if row["kind"] == "audio"]
    added = 0
    for place, source, split, most in PLACES:
        rng = np.random.default_rng(0)
        for speaker, files in _speakers(debian / place, source).items():
            mixed = [files[i] for i in rng.permutation(len(files))]
            for number, sound in enumerate(clips(mixed, most, source.endswith("pocketsphinx"))):
                held = band(sound, RATE, 0, 7000)
                level = float(np.sqrt(np.mean(held**2)))
                if level < 1e-4:
                    continue
                name = f"further/{source.replace('/', '_')}_{speaker}_{number:03d}.flac"
                wave = np.clip(held * (LEVEL / level), -1, 1)
                soundfile.write(out / name, wave, RATE, subtype="PCM_16")
                subject = f"{source}:{speaker}"
                rows.append(
                    {
                        "path": name,
                        "kind": "audio",
                        "label": "real",
                        "source": source,
                        "split": split,
                        "subject": subject,
                        "group": subject,
                        "seconds": 2.2,
                        "language": speaker
                        if len(speaker) < 8 and speaker != "one"
                        else source[-2:],
                    }
                )
                added += 1
    (out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return added


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("data", "debian", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    print(f"{gather(args.data, args.debian, args.out)} further recordings")


if __name__ == "__main__":
    main()
