"""What the analyzer of saving finds in files made with the tools that people use.

    python benchmarks/compression_facts.py --data DIR            # all of it, about an hour
    python benchmarks/compression_facts.py --data DIR --only pasted --only packed

``--data`` holds ``images`` and ``video`` of untouched originals. The other originals are those of
Debian packages: photographs (see ``detectors/image/unmask_picture/photos.toml``), and the voices
of ktuberling-data, pocketsphinx-testdata and asterisk-core-sounds-en-wav. The tools are Pillow,
ImageMagick, cjpeg, jpegtran, ffmpeg, sox, lame and opusenc.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from compression_made import harmless, pictures, sounds, videos
from fact_table import STORED, Case, publish, stored

Make = Callable[[Path, Path], Iterator[Case]]
PARTS: dict[str, Make] = {
    "pasted": pictures.pasted,
    "untouched": pictures.untouched,
    "harmless": harmless.cases,
    "repeated": pictures.repeated,
    "videos": videos.cases,
    "packed": sounds.packed,
    "spliced": sounds.spliced,
    "narrowed": sounds.narrowed,
}
"""What is made; the names of a part's cases begin with its name."""


def made(part: str, data: Path) -> list[Case]:
    """All cases of one part."""
    with TemporaryDirectory() as folder:
        cases = PARTS[part](data, Path(folder))
        return [replace(case, name=f"{part} {at}: {case.name}") for at, case in enumerate(cases)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=list(PARTS), action="append")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    parts = given.only or list(PARTS)
    cases: dict[str, list[Case]] = {part: [] for part in PARTS}
    if (STORED / "compression.json").exists():
        for case in stored("compression"):
            cases[case.name.split()[0]].append(case)
    with ProcessPoolExecutor(given.jobs) as pool:
        for part, found in zip(
            parts, pool.map(made, parts, [given.data] * len(parts)), strict=True
        ):
            cases[part] = found
    publish("compression", [case for part in PARTS for case in cases[part]])


if __name__ == "__main__":
    main()
