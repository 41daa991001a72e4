"""What a calibration promises, measured: rates that hold, weak voters, shifts, doubled rates.

On made scores (half a minute):

    python benchmarks/calibrate_rates.py

Likeness on real pictures besides: half of the files of each subfolder calibrate, the other half
are new, as they are and as another source would give them (0.6 of the size, noise, JPEG quality
60):

    python benchmarks/calibrate_rates.py --media FOLDER --each 60 --jobs 1
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.batch import Record, find_files, run_batch
from unmask.calibrate.checking import LEVEL, since
from unmask.calibrate.scoring import score
from unmask.decision.binomial import least_significant, power
from unmask.decision.conformal import Floats, Grouped, needed
from unmask.decision.likeness import ALARM, Likeness
from unmask.decision.rows import Row
from unmask.decision.statistic import Voters
from unmask.settings import make_settings

ALPHAS = (0.01, 0.02, 0.05)
GROUPS = ("a", "b", "c")
STILLS = (".jpg", ".jpeg", ".png", ".webp")
FILES, SPLITS, NEW = 400, 200, 1000


def rates(rng: np.random.Generator) -> Iterator[str]:
    """Authentic files of three unequal groups: the share of those not calibrated on."""
    yield "## Flagged share of held-out authentic files"
    yield f"{FILES} files of three groups, {SPLITS} random splits 300 : 100, worst 2"
    spread = np.array([1.0, 1.0, 1.5])[np.arange(FILES) % 3]
    scores, groups = rng.gumbel(size=FILES) * spread, [GROUPS[at % 3] for at in range(FILES)]
    for alpha in ALPHAS:
        shares: list[float] = []
        for _ in range(SPLITS):
            order = rng.permutation(FILES)
            old, new = order[:300], order[300:]
            fitted = Grouped.of(scores[old], [groups[at] for at in old], 2.0)
            shares.append(float((fitted.p(scores[new]) <= alpha).mean()))
        yield (
            f"- promised {alpha:.0%}: mean {np.mean(shares):.2%}, "
            f"95 % of splits up to {np.quantile(shares, 0.95):.1%}"
        )
    yield f"- refused: 0.1 % with {FILES} files; needed: {needed(0.001)}"


def weak(rng: np.random.Generator) -> Iterator[str]:
    """Random detectors joined to the base: the rate of the file."""
    yield "## Detectors that know nothing, joined"
    for joined in (1, 3):
        shares: dict[float, list[float]] = {alpha: [] for alpha in ALPHAS}
        for _ in range(60):
            old, new = _values(rng, FILES, joined), _values(rng, NEW, joined)
            voters = Voters.of(old)
            fitted = Grouped.of(voters.own(old), ["all"] * FILES, 2.0)
            p = fitted.p(voters.statistics(new))
            for alpha, found in shares.items():
                found.append(float((p <= alpha).mean()))
        said = ", ".join(f"{alpha:.0%}: {np.mean(found):.2%}" for alpha, found in shares.items())
        yield f"- {joined} beside the base, 60 × {NEW} new files: {said}"


def _values(rng: np.random.Generator, count: int, joined: int) -> list[dict[str, float]]:
    base = rng.exponential(size=count)
    more = {f"d{j}": rng.normal(size=count) for j in range(joined)}
    return [
        {"unmask": float(base[at])} | {name: float(v[at]) for name, v in more.items()}
        for at in range(count)
    ]


def doubled(rng: np.random.Generator) -> Iterator[str]:
    """Whether the check notices a doubled rate, and dates it."""
    yield "## A doubled rate, 500 new files"
    for alpha in ALPHAS:
        least = least_significant(500, alpha)
        found = [int((rng.random(500) < 2 * alpha).sum()) >= least for _ in range(2000)]
        exact = power(500, alpha, 2 * alpha)
        yield f"- {alpha:.0%}: noticed in {np.mean(found):.0%} of 2,000 (exact: {exact:.0%})"
    dates = [f"{2000 + at // 360}-{1 + at // 30 % 12:02d}-{1 + at % 30:02d}" for at in range(500)]
    false = [since((rng.random(500) < 0.05).tolist(), dates, 0.05) for _ in range(500)]
    yield f"- false dates where 5 % holds: {np.mean([bool(x) for x in false]):.1%} (≤ {LEVEL:.0%})"
    for late in (0.1, 0.2):
        marks = [np.repeat([0.05, late], [250, 250]) > rng.random(500) for _ in range(500)]
        named = [since(one.tolist(), dates, 0.05) for one in marks]
        at = [dates.index(one) for one in named if one]
        near = np.mean([abs(one - 250) <= 50 for one in at]) if at else math.nan
        yield (
            f"- from file 250 on {late:.0%} instead of 5 %: dated in {len(at) / 500:.0%}, "
            f"of these within 50 files of it {near:.0%}"
        )


def likeness(folder: Path, each: int, jobs: int) -> Iterator[str]:
    """New files of the same sources and shifted copies of them, among real pictures."""
    sources = sorted(path for path in folder.iterdir() if path.is_dir())
    yield f"## Likeness: {', '.join(path.name for path in sources)}, up to {each} files of each"
    with tempfile.TemporaryDirectory() as made:
        jobs_of: dict[Path, tuple[str, int]] = {}
        for source in sources:
            rng = np.random.default_rng(0)
            files = [path for path in find_files([source]) if path.suffix.lower() in STILLS]
            chosen = [files[at] for at in rng.permutation(len(files))[:each]]
            for number, path in enumerate(chosen):
                jobs_of[path] = ("new" if number % 2 else "old", len(jobs_of))
                if number % 2:
                    copy = Path(made) / f"{source.name}-{number}.jpg"
                    _shifted(path, copy, rng)
                    jobs_of[copy] = ("shifted", len(jobs_of))
        rows: dict[str, list[Row]] = {"old": [], "new": [], "shifted": []}

        def take(record: Record) -> None:
            if "error" not in record:
                side, number = jobs_of[Path(record["path"])]
                mark = f"{number * 2654435761 % (1 << 32):064x}"
                names = ("path", "kind", "numbers", "words")
                rows[side].append(
                    Row(sha256=mark, group="", label=0, **{n: record[n] for n in names})
                )

        run_batch(jobs_of, make_settings(), jobs, take, work=score)
    fitted = Likeness.of(rows["old"])
    for side in ("new", "shifted"):
        p: Floats = fitted.p([(row.numbers, row.words) for row in rows[side]])
        yield f"- {side}: {(p <= ALARM).mean():.1%} of {len(p)} are unlike"
    if shifted := rows["shifted"]:
        yield f"- for example: {fitted.unlike(shifted[0].numbers, shifted[0].words)}"


def _shifted(path: Path, to: Path, rng: np.random.Generator) -> None:
    with Image.open(path) as image:
        small = image.convert("RGB")
    size = tuple(max(64, round(side * 0.6)) for side in small.size)
    pixels = np.asarray(small.resize((size[0], size[1]), Image.Resampling.LANCZOS), np.float64)
    noisy = np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(to, quality=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, help="folder of pictures, a subfolder a source")
    parser.add_argument("--each", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    lines: list[str] = []
    for part in (rates, weak, doubled):
        lines += part(np.random.default_rng(1))
    if chosen.media:
        lines += likeness(chosen.media, chosen.each, chosen.jobs)
    print(json.dumps(lines) if chosen.json else "\n".join(lines))


if __name__ == "__main__":
    main()
