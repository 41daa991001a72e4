"""How many verdicts change when a file is only cropped, made smaller or saved once more.

Files are drawn evenly from the sources of a study (``docs/decision.md``); each is scanned as it is
and again after one harmless change::

    python benchmarks/stability.py --data DATA --more MORE --files 200 --write

A change of label is counted; the finest ones (*inconclusive* against *no sign*) too.
"""

from __future__ import annotations

import argparse
import io
import random
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import soundfile as sf
from PIL import Image

from unmask import scan
from unmask.datasets.whole_files.listing import Whole, listed
from unmask.errors import MediaError
from unmask.media import read_image

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "results" / "stability.md"
CROP, SCALE, QUALITY, OPUS = 0.05, 0.9, 90, "24k"


def saved(picture: Image.Image, path: Path) -> None:
    """As JPEG at a quality that a camera would use, so that only the change counts."""
    picture.save(path, "JPEG", quality=95, subsampling=0)


def cropped(path: Path, out: Path) -> None:
    """Without a rim of 5 % on each side."""
    picture = Image.fromarray(read_image(path))
    width, height = picture.size
    x, y = round(width * CROP), round(height * CROP)
    saved(picture.crop((x, y, width - x, height - y)), out)


def smaller(path: Path, out: Path) -> None:
    """At nine tenths of its size."""
    picture = Image.fromarray(read_image(path))
    size = round(picture.width * SCALE), round(picture.height * SCALE)
    saved(picture.resize(size, Image.Resampling.LANCZOS), out)


def again(path: Path, out: Path) -> None:
    """Saved as JPEG at quality 90."""
    buffer = io.BytesIO()
    Image.fromarray(read_image(path)).save(buffer, "JPEG", quality=QUALITY)
    out.write_bytes(buffer.getvalue())


def opus(path: Path, out: Path) -> None:
    """Through Opus at 24 kbit/s and back to WAV."""
    packed = out.with_suffix(".opus")
    quiet = ["ffmpeg", "-v", "error", "-y", "-i"]
    subprocess.run([*quiet, str(path), "-c:a", "libopus", "-b:a", OPUS, str(packed)], check=True)
    rate = sf.info(str(path)).samplerate
    subprocess.run([*quiet, str(packed), "-ar", str(rate), str(out)], check=True)


CHANGES: dict[str, tuple[str, str, Callable[[Path, Path], None]]] = {
    "crop of 5 %": ("image", ".jpg", cropped),
    "resize by 0.9": ("image", ".jpg", smaller),
    "JPEG 90": ("image", ".jpg", again),
    "Opus 24k": ("audio", ".wav", opus),
}


def drawn(files: list[Whole], kind: str, count: int) -> list[Whole]:
    """``count`` files of a kind, the sources in turn, forged and authentic ones."""
    parts: dict[tuple[str, str], list[Whole]] = defaultdict(list)
    for one in files:
        if one.kind == kind:
            parts[one.source, one.label].append(one)
    draw = random.Random(0)
    for some in parts.values():
        draw.shuffle(some)
    found: list[Whole] = []
    while len(found) < count and any(parts.values()):
        for some in parts.values():
            if some:
                found.append(some.pop())
    return found[:count]


def label(path: Path) -> str:
    """The verdict of a scan."""
    return scan(path, threads=1).verdict.label.value


def measured(files: list[Whole], count: int) -> dict[str, Counter[tuple[str, str]]]:
    """Labels before and after each change."""
    found: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in CHANGES}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("image", "audio"):
            for one in drawn(files, kind, count):
                try:
                    before = label(one.path)
                    for name, (of, suffix, change) in CHANGES.items():
                        if of == kind:
                            out = Path(folder) / f"changed{suffix}"
                            change(one.path, out)
                            found[name][before, label(out)] += 1
                except MediaError:
                    continue
    return found


def page(found: dict[str, Counter[tuple[str, str]]]) -> str:
    """The table."""
    lines = [
        "# Stability\n",
        "Files whose verdict changes after a harmless change, drawn evenly from the sources of the",
        "study, forged and authentic; written by `python benchmarks/stability.py --write`.\n",
        "| change | files | label changed | to or from flagged | inconclusive against no sign |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, counts in found.items():
        whole = sum(counts.values())
        other = sum(n for (a, b), n in counts.items() if a != b)
        fine = {"inconclusive", "no-sign-found"}
        mild = sum(n for (a, b), n in counts.items() if a != b and {a, b} <= fine)
        if whole:
            cells = [f"{n / whole:.1%}" for n in (other, other - mild, mild)]
            lines.append(f"| {name} | {whole} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--files", type=int, default=200, help="of each medium")
    parser.add_argument("--write", action="store_true", help=f"store it as {PAGE.name}")
    chosen = parser.parse_args()
    said = page(measured(list(listed(chosen.data, chosen.more)), chosen.files))
    print(said)
    if chosen.write:
        PAGE.write_text(said, encoding="utf-8")


if __name__ == "__main__":
    main()
