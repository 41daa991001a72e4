"""Does the ``duplicates`` analyzer find known items in what real tools make of them?

    python benchmarks/duplicates_facts.py --data DIR [--work DIR]

Tools: ImageMagick, FFmpeg, SoX, LAME, opusenc (Debian) and Pillow. ``--data``: the folder of
training media with its manifest.jsonl. A third of it is indexed; copies and edits are made of a
part of that; what is not indexed must not be found. A local edit counts as found when the marked
part overlaps the changed one with an intersection over union of at least 0.5.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from duplicates_made import Made, clips, copies, edits, run, sounds, spoiled
from fact_table import Case, publish
from PIL import Image

from unmask import scan
from unmask.media import probe
from unmask.types import Finding, Label

EACH = 30
TWINS = {"55d956edeb1f.mp4", "93974247724b.mp4", "5c18ff27f995.mp4"}
"""Footage of an indexed video under another group: frames differ by 1 to 2 grey levels."""
UNTOLD = "a copy without a change inside: a change stated"


def rows(data: Path) -> dict[str, list[dict[str, str]]]:
    """Manifest rows by folder."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found[str(Path(row["path"]).parent)].append(row)
    return found


def stated(path: Path, index: Path) -> list[Finding]:
    report = scan(path, analyzers=("duplicates",), index=str(index))
    return [one for one in report.findings if one.analyzer == "duplicates"]


def judged(made: Made, index: Path) -> tuple[list[Case], dict[str, float]]:
    """The known item must be named, and what was changed must be marked where it was.

    Returns the cases, and measures by name.
    """
    cases: list[Case] = []
    log: dict[str, float] = {}
    name = f"{made.kind.split()[0]}-{made.path.name}"
    findings = [one for one in stated(made.path, index) if one.subject == made.known.name]
    found = bool(findings)
    if made.truth is not None:
        overlap = max((_overlap(one, made.truth) for one in findings), default=0.0)
        log["overlap of local edits"] = overlap
        cases.append(Case(f"{name}, named", "the same: its picture named", True, found))
        found = overlap >= 0.5
    elif made.span is not None:
        near = max((_shared(one, made.span) for one in findings), default=0.0)
        log["overlap of replaced seconds"] = near
        found = near >= 0.5
    else:
        doubt = any(one.bearing is Label.INCONCLUSIVE for one in findings)
        if found and made.second is not None:
            wrong = abs(float(findings[-1].details["known_second"]) - made.second)
            log[f"seconds off: {made.kind}"] = wrong
        cases.append(Case(f"{name}, unchanged", UNTOLD, False, doubt))
    cases.append(Case(name, made.kind, True, found))
    return cases, log


def _overlap(finding: Finding, truth: np.ndarray) -> float:
    height, width = truth.shape
    marked = np.zeros((height, width), bool)
    for mask in finding.where.masks:
        size = max(1, round(mask.box.width)), max(1, round(mask.box.height))
        image = Image.fromarray((mask.values * 255).astype(np.uint8)).resize(size)
        x, y = round(mask.box.x), round(mask.box.y)
        top, left = max(0, y), max(0, x)
        part = np.asarray(image)[top - y :, left - x :][: height - top, : width - left] > 127
        marked[top : top + part.shape[0], left : left + part.shape[1]] |= part
    return float((marked & truth).sum() / max(1, (marked | truth).sum()))


def _shared(finding: Finding, span: tuple[float, float]) -> float:
    best = 0.0
    for one in finding.where.spans if finding.bearing else ():
        inner = min(one.end, span[1]) - max(one.start, span[0])
        outer = max(one.end, span[1]) - min(one.start, span[0])
        best = max(best, inner / outer)
    return best


def chosen(data: Path, luck: random.Random) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    """What is indexed and what is not, by kind. Nothing of one group is on both sides.

    The exception are the photographs of one person, neutral and smiling: one is indexed.
    """
    found = rows(data)
    known: dict[str, list[Path]] = defaultdict(list)
    other: dict[str, list[Path]] = defaultdict(list)
    people = defaultdict(list)
    for row in found["images/london"]:
        people[row.get("group", row["path"])].append(data / row["path"])
    for pair in sorted(people.values())[:40]:
        first, *rest = sorted(pair)
        known["portraits"].append(first)
        other["another photograph of an indexed person, same studio"] += rest
    for folder, title in (("imagenet", "photographs"), ("lfw", "faces"), ("ffhq", "faces")):
        some = sorted(data / row["path"] for row in found[f"images/{folder}"])
        luck.shuffle(some)
        known[title] += some[:20]
        other[f"other {title} ({folder})"] += some[20:45]
    for folder, kind in (("video/diff2lip", "videos"), ("audio", "recordings")):
        groups = defaultdict(list)
        for row in found[folder]:
            if row["label"] == "real":
                groups[row.get("group", row["path"])].append(data / row["path"])
        members = [sorted(group)[0] for group in sorted(groups.values())]
        luck.shuffle(members)
        half = min(len(members) // 2, 3 * EACH)
        known[kind] += members[:half]
        other[f"other {kind}"] += members[half : half + EACH + 5]
    return known, other


def made_files(known: dict[str, list[Path]], to: Path, number: int) -> list[Made]:
    """All that is made of the known items of one number."""
    luck = random.Random(number)
    pictures = [path for kind in ("portraits", "photographs", "faces") for path in known[kind][:10]]
    videos, recordings = known["videos"], known["recordings"]
    picture, video = pictures[number], videos[number % len(videos)]
    seconds = probe(video).seconds or 4.0
    return [
        *copies(picture, number, to, luck),
        *edits(picture, pictures[(number + 7) % len(pictures)], number, to, luck),
        *clips(video, seconds, number, to, luck),
        *sounds(recordings[number], recordings[number + 1 : number + 5], number, to),
    ]


def indexed(index: Path, paths: list[Path]) -> None:
    """Add files with the command that users have."""
    subprocess.run([sys.executable, "-m", "unmask", "index", "add", str(index),
                    *map(str, paths)], check=True)  # fmt: skip


def untouched(path: Path, kind: str, index: Path) -> tuple[list[Case], dict[str, float]]:
    """A file of which nothing is in the index."""
    found = bool(stated(path, index))
    if path.name in TWINS:
        return [Case(path.name, "the same footage, twice in the data", True, found)], {}
    return [Case(path.name, kind, False, found)], {}


def long_recordings(known: list[Path], to: Path) -> Iterator[Path]:
    """Recordings of some six seconds, each of three of one shelf, to be indexed as one."""
    for number in range(EACH):
        path = to / f"long-{number:03d}.flac"
        run(path, "sox", *known[3 * number : 3 * number + 3], path)
        yield path


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--work", type=Path)
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    luck = random.Random(7)
    log: dict[str, list[float]] = defaultdict(list)
    cases: list[Case] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(given.jobs) as pool,
    ):
        work = given.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        known, other = chosen(given.data, luck)
        recordings = known["recordings"]
        long = list(long_recordings(recordings, work))
        index, apart = work / "known.index", work / "long.index"
        single = [path for kind, some in known.items() if kind != "recordings" for path in some]
        added = [
            pool.submit(indexed, index, [*single, *recordings[:EACH]]),
            pool.submit(indexed, apart, long),
        ]
        made = [
            one
            for some in pool.map(
                made_files, *zip(*((known, work, n) for n in range(EACH)), strict=True)
            )
            for one in some
        ]
        spare = other["other recordings"]
        replaced = [one for n, path in enumerate(long) for one in spoiled(path, spare[n], n, work)]
        for done in added:
            done.result()
        judging = [pool.submit(judged, one, index) for one in made]
        judging += [pool.submit(judged, one, apart) for one in replaced]
        judging += [
            pool.submit(untouched, path, kind, index)
            for kind, some in other.items()
            for path in some
        ]
        for one in judging:
            found, measures = one.result()
            cases += found
            for what, value in measures.items():
                log[what].append(value)
    for what, values in log.items():
        middle, worst = np.median(values), max(values) if "off" in what else min(values)
        print(f"{what}: median {middle:.2f}, worst {worst:.2f}, of {len(values)}")
    for case in cases:
        if case.present != case.found:
            print("missed" if case.present else "false alarm", case.kind, case.name)
    publish("duplicates", cases)


if __name__ == "__main__":
    main()
