"""Does the ``metadata`` analyzer read what real tools write, and leave untouched files alone?

    python benchmarks/metadata_facts.py --data DIR [--media DIR] [--work DIR]

Tools: exiftool, ffmpeg, ImageMagick, jpegtran, lame, opusenc, sox (Debian), Pillow, mutagen.
``--data``: the folder of training media, of which untouched files are taken. ``--media``: a folder
of further untouched files, such as the unpacked sources of mutagen, hachoir and pillow-heif.
An untouched file counts as a false alarm if anything is declared or contradicted in it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import sklearn
from fact_table import Case, publish
from metadata_made import made_files
from metadata_shelf import Made, long_name

from unmask.analyzers.base import Options
from unmask.analyzers.metadata import MetadataFacts
from unmask.errors import MediaError
from unmask.media import probe, read_image
from unmask.types import Finding, Frame, Kind

PHOTOS = Path(__file__).parents[1] / "src/unmask/detectors/image/unmask_picture/photos.toml"
NEUTRAL = "what the file says about itself"
CHANGED = {
    "Storm.jpg": "size-scaled",
    "leuvenA.jpg": "size-scaled",
    "licenseplate_motion.jpg": "size-cropped",
    "ela_original.jpg": "not-camera-coding",
    "ColorfulCups": "not-camera-coding",
    "Kite": "not-camera-coding",
    "OneStandsOut": "not-camera-coding",
    "Path": "not-camera-coding",
    "ColdRipple": "not-camera-coding",
}
"""Packaged photographs that someone scaled, cropped or coded anew, by exiftool and djpeg."""


def stated(path: Path) -> list[Finding]:
    """What the analyzer says of a file beyond the neutral facts."""
    media = probe(path)
    analyzer = MetadataFacts(media, Options())
    if media.kind is Kind.IMAGE:
        analyzer.frame(Frame(0, 0.0, read_image(path)))
    return [one for one in analyzer.finish().findings if one.subject != NEUTRAL]


def judged(made: Made) -> Case:
    """A made file: the expected rule must be stated, and where it matters in the right place."""
    findings = [one for one in stated(made.path) if one.subject == made.rule]
    found = bool(findings) and (made.place is None or _holds(findings[0], made.place))
    return Case(made.name, made.kind, True, found)


def _holds(finding: Finding, place: tuple[float, float, float, float]) -> bool:
    """Half of what is marked lies inside the place (left, top, right, bottom as shares)."""
    inside = total = 0.0
    for mask in finding.where.masks:
        rows, columns = mask.values.shape
        for row, column in zip(*(mask.values >= mask.level).nonzero(), strict=True):
            x, y = (column + 0.5) / columns, (row + 0.5) / rows
            inside += place[0] <= x <= place[2] and place[1] <= y <= place[3]
            total += 1
    return bool(total > 0 and inside >= total / 2)


def packaged() -> Iterator[Path]:
    """The camera photographs of Debian packages and wheels that are here."""
    site = Path(sklearn.__file__).parents[1]
    for row in tomllib.loads(PHOTOS.read_text(encoding="utf-8"))["photo"]:
        if (path := site / row["path"]).is_file():
            yield path


def changed(path: Path) -> str:
    """The rule that a packaged photograph must meet; "" if it is as its camera wrote it."""
    return next((CHANGED[part] for part in path.parts if part in CHANGED), "")


def untouched(data: Path, media: Path | None) -> Iterator[tuple[str, Path, str]]:
    """Files that nobody declared anything in, by where they come from."""
    for path in packaged():
        if not changed(path):
            yield "camera photographs in Debian packages and wheels", path, long_name(path)
    rows = [json.loads(line) for line in (data / "manifest.jsonl").open(encoding="utf-8")]
    taken: Counter[str] = Counter()
    for row in rows:
        if row["label"] != "real":
            continue
        folder = "/".join(row["path"].split("/")[:2]) if row["kind"] != "audio" else "audio"
        taken[folder] += 1
        if taken[folder] <= 25:
            yield f"{row['kind']}s of research collections", data / row["path"], row["path"]
    for path in sorted(media.rglob("*")) if media else ():
        if path.is_file() and path.suffix.lower() in _SUFFIXES:
            origin = "test media in the sources of mutagen, hachoir and pillow-heif"
            yield origin, path, path.relative_to(media or path).as_posix()


_SUFFIXES = {
    ".jpg", ".heic", ".heif", ".avif", ".mp3", ".ogg", ".flac", ".m4a", ".mov", ".mp4", ".opus",
    ".wav", ".wma", ".mkv", ".webp", ".aif", ".aiff", ".png", ".3gp", ".flv", ".avi", ".wv", ".aac",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--media", type=Path)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="metadata-facts-"))
    work.mkdir(parents=True, exist_ok=True)
    photos = list(packaged())
    cameras = [path for path in photos if "segmented_word" in path.name or "Wood" in path.name]
    cases = []
    for made in made_files(work, cameras):
        if made.rule:
            cases.append(judged(made))
        else:
            cases.append(Case(made.name, made.kind, False, bool(stated(made.path))))
    kind = "packaged photographs that were scaled, cropped or coded anew"
    cases += [
        judged(Made(path, kind, rule, long=True)) for path in photos if (rule := changed(path))
    ]
    for origin, path, name in untouched(options.data, options.media):
        try:
            cases.append(Case(name, origin, False, bool(stated(path))))
        except MediaError as error:
            print(f"left out: {error}")
    for case in cases:
        if case.found is not case.present:
            print("WRONG", case)
    publish("metadata", cases)


if __name__ == "__main__":
    main()
