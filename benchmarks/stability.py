"""How many verdicts change when a file is only cropped, made smaller or saved once more.

Of each medium as many authentic as forged files are drawn, the sources of a study
(``docs/decision.md``) in turn; each is scanned as it is and again after one harmless change::

    python benchmarks/stability.py --data DATA --more MORE --files 200 --write

``--why`` prints a line for each change of label: the file, and the reasons of both verdicts.

A change of label is counted. Where a fact settled the one of the two verdicts, what took it away
is the saving (a generator's note in the file, say), which no model can mend: those are told apart.
"""

from __future__ import annotations

import argparse
import io
import random
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile as sf
from PIL import Image

from unmask import scan
from unmask.datasets.whole_files.listing import Whole, listed
from unmask.errors import MediaError
from unmask.media import read_image
from unmask.types import FLAGGED

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
    """``count`` files of a kind, half of them authentic, the sources in turn."""
    return [one for label in ("real", "fake") for one in drawn_of(files, kind, label, count // 2)]


def drawn_of(files: list[Whole], kind: str, label: str, count: int) -> list[Whole]:
    """``count`` files of a kind and label, the sources in turn."""
    parts: dict[str, list[Whole]] = defaultdict(list)
    for one in files:
        if (one.kind, one.label) == (kind, label):
            parts[one.source].append(one)
    draw = random.Random(0)
    order = sorted(parts)
    draw.shuffle(order)
    for source in order:
        draw.shuffle(parts[source])
    found: list[Whole] = []
    while len(found) < count and any(parts.values()):
        found += [parts[source].pop() for source in order if parts[source]]
    return found[:count]


@dataclass(frozen=True, slots=True)
class Judged:
    """The label of a verdict, whether a fact settled it, and what it names as its reason."""

    label: str
    settled: bool
    reason: str = ""

    @property
    def flagged(self) -> bool:
        """Whether it says that something is forged."""
        return self.label in FLAGGED


def judged(path: Path) -> Judged:
    """The verdict of a scan."""
    report = scan(path, threads=1)
    number = report.verdict.decided_by
    settled = number is not None and report.findings[number].kind == "fact"
    return Judged(report.verdict.label.value, settled, report.verdict.reason)


Pairs = list[tuple[Judged, Judged]]


def measured(files: list[Whole], count: int, why: bool = False) -> dict[tuple[str, str], Pairs]:
    """Verdicts before and after each change, by change and label of the file.

    ``why``: print each change of label and the reasons of both verdicts.
    """
    found: dict[tuple[str, str], Pairs] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("image", "audio"):
            for one in drawn(files, kind, count):
                try:
                    before = judged(one.path)
                    for name, (of, suffix, change) in CHANGES.items():
                        if of == kind:
                            out = Path(folder) / f"changed{suffix}"
                            change(one.path, out)
                            after = judged(out)
                            found[name, one.label].append((before, after))
                            if why and before.label != after.label:
                                print(f"{name}: {one.label} {one.item}", flush=True)
                                for at in (before, after):
                                    print(f"    {at.label}: {at.reason}", flush=True)
                except MediaError:
                    continue
    return found


def page(found: dict[tuple[str, str], Pairs]) -> str:
    """The table."""
    lines = [
        "# Stability\n",
        "Files whose verdict changes after a harmless change, the sources of the study in turn;",
        "written by `python benchmarks/stability.py --write`. *By a fact*: a fact settled one of",
        "the two verdicts, and the change took it away. The columns after it are the others.\n",
        "| change | files | changed | by a fact | to or from flagged | between the others |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in CHANGES:
        both = found[name, "real"] + found[name, "fake"]
        for said, pairs in (
            (name, both),
            ("of authentic", found[name, "real"]),
            ("of forged", found[name, "fake"]),
        ):
            if pairs:
                lines.append(f"| {said} | {len(pairs)} | {' | '.join(_cells(pairs))} |")
    return "\n".join(lines) + "\n"


def _cells(pairs: Pairs) -> Iterator[str]:
    other = [(a, b) for a, b in pairs if a.label != b.label]
    facts = [(a, b) for a, b in other if a.settled or b.settled]
    crossed = [(a, b) for a, b in other if a.flagged or b.flagged]
    crossed = [pair for pair in crossed if pair not in facts]
    for count in (len(other), len(facts), len(crossed)):
        yield f"{count / len(pairs):.1%}"
    yield f"{(len(other) - len(facts) - len(crossed)) / len(pairs):.1%}"


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--files", type=int, default=200, help="of each medium")
    parser.add_argument("--write", action="store_true", help=f"store it as {PAGE.name}")
    parser.add_argument("--why", action="store_true", help="print what changed each label")
    chosen = parser.parse_args()
    said = page(measured(list(listed(chosen.data, chosen.more)), chosen.files, chosen.why))
    print(said)
    if chosen.write:
        PAGE.write_text(said, encoding="utf-8")


if __name__ == "__main__":
    main()
