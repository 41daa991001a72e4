"""Media where a model's score must not count: speech codecs, sounds without speech, regular grain.

Authentic files, the sources of a study (``docs/decision.md``) in turn, are sent through what has
misled a model, and each is scanned as a person would::

    python benchmarks/withheld_scores.py --data DATA --more MORE --files 40 --write

*Flagged* counts against the promised rate of 1 %. For a band edge the mean shift of the voice's
score is told beside it. Sounds without speech are made here; of them it is counted how often speech
was judged at all. FFmpeg and SoX write the codecs; what one of them cannot write is left out and
said.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from PIL import Image
from stability import drawn_of
from tqdm import tqdm
from withheld_made import PATTERNS, RATE, SOUNDS, dithered

from unmask import scan
from unmask.datasets.whole_files.listing import Whole, listed
from unmask.media import read_image
from unmask.types import FLAGGED

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "results" / "withheld_scores.md"
LONGEST = 8.0
SHORTEST = 1.5


FFMPEG: dict[str, tuple[str, list[str]]] = {
    "as it is": (".wav", []),
    "Opus 6 kbit/s": (".ogg", ["-c:a", "libopus", "-b:a", "6k", "-application", "voip"]),
    "Opus 8 kbit/s": (".ogg", ["-c:a", "libopus", "-b:a", "8k", "-application", "voip"]),
    "Opus 12 kbit/s": (".ogg", ["-c:a", "libopus", "-b:a", "12k", "-application", "voip"]),
    "Speex 4 kbit/s": (".ogg", ["-ar", "8000", "-c:a", "libspeex", "-b:a", "4k"]),
    "GSM full rate": (".wav", ["-ar", "8000", "-ac", "1", "-c:a", "libgsm_ms"]),
    "mu-law": (".wav", ["-ar", "8000", "-c:a", "pcm_mulaw"]),
}
AMR = {"AMR-NB 4.75 kbit/s": "0", "AMR-NB 7.4 kbit/s": "4", "AMR-NB 12.2 kbit/s": "7"}
EDGES = (3400, 4000, 5000, 5500, 6000, 6500, 7000, 7200)


def _run(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def coded(plain: Path, name: str, folder: Path) -> Path | None:
    """The recording through a codec or under a band edge; ``None`` when it cannot be written."""
    if name in AMR:
        out = folder / "coded.amr-nb"
        done = _run("sox", str(plain), "-r", "8000", "-C", AMR[name], str(out))
    elif name.startswith("band"):
        out = folder / "coded.wav"
        done = _run("sox", str(plain), str(out), "sinc", "-n", "1023", f"-{name.split()[3]}")
    else:
        suffix, words = FFMPEG[name]
        out = folder / f"coded{suffix}"
        done = _run("ffmpeg", "-v", "error", "-y", "-i", str(plain), *words, str(out))
    return out if done else None


@dataclass(frozen=True, slots=True)
class Seen:
    """One changed file: its verdict, the sign of speech, whether a score was withheld."""

    source: str
    label: str
    judged: bool
    withheld: bool
    score: float | None

    @property
    def flagged(self) -> bool:
        """Whether it says that something is forged."""
        return self.label in FLAGGED


def seen(path: Path, source: str) -> Seen:
    """The verdict of a scan."""
    report = scan(path, threads=1)
    scores = [one for one in report.findings if one.kind == "score"]
    voices = [one.score for one in scores if one.analyzer == "voice" and one.score is not None]
    return Seen(
        source,
        report.verdict.label.value,
        bool(voices),
        any(one.withheld for one in scores),
        max(voices, default=None),
    )


def speech(files: Sequence[Whole], folder: Path) -> Iterator[tuple[str, Seen | None]]:
    """Every recording through every codec; ``None`` for what could not be written."""
    names = [*FFMPEG, *AMR, *(f"band up to {edge} Hz" for edge in EDGES)]
    for one in tqdm(files, unit="recording"):
        sound, rate = sf.read(one.path, always_2d=True)
        plain = folder / "plain.wav"
        sf.write(plain, sound[: int(LONGEST * rate)].mean(axis=1), rate)
        for name in names:
            out = coded(plain, name, folder)
            yield name, seen(out, one.source) if out else None


def without_speech(count: int, folder: Path) -> Iterator[tuple[str, Seen]]:
    """Made sounds, by kind."""
    for seed in tqdm(range(count), unit="sound"):
        for made in SOUNDS:
            path = folder / "made.wav"
            sf.write(path, np.clip(made(seed), -1, 1), RATE, subtype="PCM_16")
            yield made.__name__.replace("_", " "), seen(path, made.__name__)


def patterned(files: Sequence[Whole], folder: Path) -> Iterator[tuple[str, Seen]]:
    """Every picture under every pattern, and as it is."""
    for number, one in enumerate(tqdm(files, unit="picture")):
        picture = Image.fromarray(read_image(one.path))
        picture.thumbnail((1000, 1000))
        pixels = np.asarray(picture, np.float64)
        for change in PATTERNS:
            path = folder / "patterned.png"
            changed = np.clip(change(pixels, number), 0, 255).astype(np.uint8)
            if change is dithered:
                Image.fromarray(changed).save(path)
            else:
                path = path.with_suffix(".jpg")
                Image.fromarray(changed).save(path, quality=93)
            yield change.__name__.replace("_", " "), seen(path, one.source)


def rows(pairs: Iterator[tuple[str, Seen | None]], *, shifts: bool = False) -> Iterator[str]:
    """A line a treatment, and one of all."""
    found: dict[str, list[Seen | None]] = {}
    for name, one in pairs:
        found.setdefault(name, []).append(one)
    plain = found.get("as it is", [])
    everything = [one for many in found.values() for one in many if one]
    for name, many in [*found.items(), ("**all**", list(everything))]:
        held = [one for one in many if one]
        if not held:
            yield f"| {name} | 0 | cannot be written here |" + " |" * (4 if shifts else 3)
            continue
        cells = [
            f"{sum(test(one) for one in held) / len(held):.1%}"
            for test in (
                lambda one: one.flagged,
                lambda one: one.label == "inconclusive",
                lambda one: one.withheld,
                lambda one: one.judged,
            )
        ]
        if shifts:
            moved = [
                now.score - was.score
                for now, was in zip(many, plain, strict=False)
                if now and was and now.score is not None and was.score is not None
            ]
            own = name.startswith("band") and moved
            cells.append(f"{np.mean(moved):+.2f}" if own else "")
        sources = len({one.source for one in held})
        yield f"| {name} | {len(held)} of {sources} | {' | '.join(cells)} |"


def page(speeches: list[str], sounds: list[str], pictures: list[str]) -> str:
    """The tables."""
    head = "| files of sources | flagged | inconclusive | a score withheld | speech judged |"
    line = "|---|---:|---:|---:|---:|---:|"
    return "\n".join(
        [
            "# Scores that do not count\n",
            "Authentic files through what has misled a model; written by",
            "`python benchmarks/withheld_scores.py --write`. Operating point 1 %. *Shift*: of the",
            "voice's score, in the mean.\n",
            "## Speech through codecs and band edges\n",
            f"| through {head} shift |",
            f"{line}---:|",
            *speeches,
            "\n## Sounds without speech\n",
            f"| made {head}",
            line,
            *sounds,
            "\n## Pictures under a regular pattern\n",
            f"| pattern {head}",
            line,
            *pictures,
            "",
        ]
    )


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--files", type=int, default=40, help="recordings, pictures, sounds each")
    parser.add_argument("--write", action="store_true", help=f"store it as {PAGE.name}")
    chosen = parser.parse_args()
    files = list(listed(chosen.data, chosen.more))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        long_enough = [one for one in files if one.kind == "audio" and _seconds(one) >= SHORTEST]
        spoken = drawn_of(long_enough, "audio", "real", chosen.files)
        said = page(
            list(rows(speech(spoken, folder), shifts=True)),
            list(rows(without_speech(chosen.files, folder))),
            list(rows(patterned(drawn_of(files, "image", "real", chosen.files), folder))),
        )
    print(said)
    if chosen.write:
        PAGE.write_text(said, encoding="utf-8")


def _seconds(one: Whole) -> float:
    try:
        return float(sf.info(str(one.path)).duration)
    except sf.LibsndfileError:
        return 0.0


if __name__ == "__main__":
    main()
