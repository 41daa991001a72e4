"""How well a stretch of another face or voice is found in a file, against references.

    python benchmarks/identity_drift.py calibrate --data DIR   # fits src/unmask/identity/drift.toml
    python benchmarks/identity_drift.py test --data DIR        # results/identity/*.jsonl
    python benchmarks/identity_drift.py table                  # the tables of docs/identity.md

Each case is written to a file with its references beside it, as `identity_material.py` says. The
test scans that file as `unmask compare` does. Finished cases are kept, so a run can be resumed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from identity_material import Case, face_cases, voice_cases

from unmask.bench.own.calibrate import fit_operating
from unmask.errors import UnfitReferences
from unmask.identity.distance import distance, mean_vector
from unmask.identity.face_drift import episodes
from unmask.identity.face_trail import RATE as FRAMES
from unmask.identity.face_trail import FaceTrail
from unmask.identity.likeness import TABLES
from unmask.identity.networks import face_embedder, voice_network
from unmask.identity.references import people
from unmask.identity.voice_drift import stretch
from unmask.identity.voice_trail import VoiceTrail
from unmask.media import blocks, frames, probe
from unmask.metrics.predictions import Prediction
from unmask.scanning import scan
from unmask.types import Span, Tensor

HOME = Path(__file__).resolve().parents[1]
STORED, PAGE = HOME / "results" / "identity", HOME / "docs" / "identity.md"
BEGIN, END = "<!-- drift -->", "<!-- end of drift -->"
NEAR = 0.5
"""Seconds within which both edges must lie."""
SEEDS = {"calibrate": 20, "test": 21}
_RUN = 3
"""Looks in a row whose mean stands for the most deviating stretch of an untouched video."""
Row = dict[str, Any]


def cases(sense: str, part: str, data: Path) -> Iterable[Case]:
    make = {"voice": voice_cases, "face": face_cases}[sense]
    return make(data, part, SEEDS[part])


def measured(case: Case, sense: str, target: Path, references: Path) -> Row:
    """The raw scores of a case: of the most deviating stretch, whatever the thresholds."""
    person = people(str(references))[0]
    info = probe(target)
    if sense == "voice":
        trail = VoiceTrail(voice_network(1)[1])
        for block in blocks(target, info):
            trail.feed(block.samples)
        assert person.voice is not None
        found = stretch(trail.finish(), person.voice, trail.windows)
        return {} if found is None else {"part": found.part, "inside": found.inside}
    looks = FaceTrail(False, face_embedder(1))
    for frame in frames(target, info, fps=FRAMES):
        looks.frame(frame)
    assert person.face is not None
    return _face_scores(looks, person.face, case.span is not None)


def _face_scores(trail: FaceTrail, template: Tensor, made: bool) -> Row:
    """Of a made film the stretch; of an untouched one the run of looks furthest from the rest."""
    rows = np.stack([look.vector for look in trail.looks])
    if made:
        found = episodes(trail.looks)
        own = min(found, key=lambda episode: distance(episode.centre, template))
        away = max(found, key=lambda episode: distance(episode.centre, own.centre)).centre
        rest = mean_vector(np.concatenate([e.vectors for e in found if e.person == own.person]))
    else:
        rest = mean_vector(rows)
        runs = [mean_vector(rows[i : i + _RUN]) for i in range(max(1, len(rows) - _RUN + 1))]
        away = max(runs, key=lambda run: distance(run, rest))
    both = mean_vector(np.stack([rest, template]))
    return {"part": distance(away, both), "inside": distance(away, rest)}


def judged(case: Case, sense: str, target: Path, references: Path) -> Row:
    """What a comparison says about a case."""
    report = scan(target, analyzers=("identity",), reference=str(references), threads=1)
    mine = [f for f in report.findings if f.claim.value == f"{sense}-identity"]
    score = next((f for f in mine if f.kind == "score"), None)
    inner = [f for f in mine if f.kind == "fact"]
    return {
        "verdict": report.verdict.label.value,
        "vote": score.vote.value if score and score.vote else None,
        "spans": _spans(score.where.spans if score else ()),
        "inside": _spans(span for f in inner for span in f.where.spans),
        "distance": score.details["distance"] if score else None,
        "seconds": round(report.seconds, 2),
    }


def _spans(spans: Iterable[Span]) -> list[list[float]]:
    return [[round(span.start, 3), round(span.end, 3)] for span in spans]


def run(sense: str, part: str, data: Path, jobs: int) -> None:
    """Make and measure all cases that are not yet stored, each in one of ``jobs`` processes."""
    STORED.mkdir(parents=True, exist_ok=True)
    path = STORED / f"{sense}-{part}.jsonl"
    done = {row["name"] for row in _rows(path)}
    left = [case for case in cases(sense, part, data) if case.name not in done]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool, path.open("a") as file:
        waiting = [pool.submit(one, case, sense, part) for case in left]
        for number, ready in enumerate(as_completed(waiting), start=1):
            row = ready.result()
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(f"{number} of {len(left)}: {row}", flush=True)


def one(case: Case, sense: str, part: str) -> Row:
    """The stored row of one case."""
    facts = {"name": case.name, "person": case.person, "other": case.other, "kind": case.kind,
             "base": case.base, "span": case.span}  # fmt: skip
    work = measured if part == "calibrate" else judged
    with tempfile.TemporaryDirectory() as folder:
        target, references = case.write(Path(folder))
        try:
            return {**facts, **work(case, sense, target, references)}
        except UnfitReferences as error:
            return {**facts, "refused": str(error), "vote": None, "spans": [], "inside": []}


def _rows(path: Path) -> list[Row]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def fit() -> None:
    """Write the tables of drift from the stored scores of the calibration people."""
    parts = ["# Fitted by benchmarks/identity_drift.py; not edited by hand.\n"]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    for sense in ("face", "voice"):
        rows = [row for row in _rows(STORED / f"{sense}-calibrate.jsonl") if "part" in row]
        claim = f"{sense}-identity"
        for question in ("part", "inside"):
            predictions = [
                Prediction(
                    row["name"], row["name"], row["person"], _SOURCES[sense],
                    int(row["span"] is not None), row["kind"], claim, "calibration", "clean",
                    row[question],
                )
                for row in rows
            ]  # fmt: skip
            table = fit_operating(predictions, f"{sense}-{question}", claim, today)
            parts.append(_toml(table.model_dump()))
    TABLES.write_text("\n".join(parts), encoding="utf-8")


_SOURCES = {
    "face": "clips of 12 people and animated photographs of 34, another face cut or swapped in",
    "voice": "utterances of 9 speakers joined, with 2 s of another speaker",
}


def _toml(values: Row) -> str:
    lines = ["[[operating]]"]
    for key, value in values.items():
        if key != "thresholds":
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    lines.append("thresholds = [")
    lines += [f"    {{ fpr = {t['fpr']}, score = {t['score']} }}," for t in values["thresholds"]]
    return "\n".join([*lines, "]\n"])


def placed(row: Row) -> bool:
    """Whether one stretch is marked that has both edges in place, and no other."""
    spans = row["spans"] or row["inside"]
    return len(spans) == 1 and all(
        abs(a - b) <= NEAR for a, b in zip(spans[0], row["span"], strict=True)
    )


def table() -> str:
    """The stored cases counted, as Markdown."""
    lines = [
        "| what was made | files | marked in its place (both edges within 0.5 s) | and flagged | "
        "refused | median edge error |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    clean = [
        "| untouched | files | flagged | marked, not flagged | called another person | refused |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for sense in ("face", "voice"):
        rows = _rows(STORED / f"{sense}-test.jsonl")
        made = [row for row in rows if row["span"]]
        for kind in [*sorted({(row["kind"], row["base"]) for row in made}), ("all", "")]:
            some = [row for row in made if kind[0] == "all" or (row["kind"], row["base"]) == kind]
            if not some:
                continue
            good = [row for row in some if placed(row)]
            flagged = [row for row in good if row["vote"] == "forged"]
            errors = [
                abs(a - b)
                for row in good
                for a, b in zip((row["spans"] or row["inside"])[0], row["span"], strict=True)
            ]
            name = f"**{sense}: all**" if kind[0] == "all" else f"{sense}: {kind[0]} ({kind[1]})"
            median = f"{np.median(errors):.2f} s" if errors else "–"
            lines.append(
                f"| {name} | {len(some)} | {_share(good, some)} | {_share(flagged, some)} "
                f"| {_refused(some)} | {median} |"
            )
        for base in sorted({row["base"] for row in rows}):
            some = [row for row in rows if not row["span"] and row["base"] == base]
            if some:
                clean.append(_clean_row(f"{sense}: {base}", some))
        some = [row for row in rows if not row["span"]]
        if some:
            clean.append(_clean_row(f"**{sense}: all**", some))
    return "\n".join([*lines, "", *clean])


def _clean_row(name: str, some: list[Row]) -> str:
    flagged = [row for row in some if row["vote"] == "forged"]
    marked = [row for row in some if (row["spans"] or row["inside"]) and row["vote"] != "forged"]
    whole = [row for row in flagged if not row["spans"]]
    return (
        f"| {name} | {len(some)} | {_share(flagged, some)} | {_share(marked, some)} "
        f"| {_share(whole, some)} | {_refused(some)} |"
    )


def _refused(some: list[Row]) -> int:
    """Cases whose references were said not to suffice."""
    return sum("refused" in row for row in some)


def _share(part: list[Row], some: list[Row]) -> str:
    return f"{len(part)} ({100 * len(part) / len(some):.0f} %)"


def publish() -> None:
    """Write the tables into the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("calibrate", "test", "fit", "table"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sense", choices=("face", "voice"))
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.what in ("calibrate", "test"):
        for sense in [chosen.sense] if chosen.sense else ["voice", "face"]:
            run(sense, chosen.what, chosen.data, chosen.jobs)
    if chosen.what == "fit" or (chosen.what == "calibrate" and not chosen.sense):
        fit()
    if chosen.what == "table":
        publish()
