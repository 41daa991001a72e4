"""Rows as a scan of a newsroom's files would leave them, made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unmask.calibrate.fitting import Origin, write_calibration
from unmask.decision.calibration import Calibration, read_calibration
from unmask.decision.certificate import Birth, Certificate, Material
from unmask.decision.rows import Row

GROUPS = ("agency", "phones", "archive")


def rows(
    count: int,
    seed: int = 0,
    label: int = 0,
    raised: float = 0.0,
    joined: tuple[str, ...] = (),
    groups: tuple[str, ...] = GROUPS,
    kind: str = "image",
    **traits: float,
) -> list[Row]:
    """``count`` files; ``raised`` is added to the base's surprise and to what joined ones say.

    ``traits`` shift the numbers: ``size``, ``quality``, ``noise``.
    """
    rng = np.random.default_rng([seed, label])
    made = []
    for at in range(count):
        group = groups[at % len(groups)]
        made.append(
            Row(
                path=f"{group}/{seed}-{at}.jpg",
                sha256=f"{rng.integers(1 << 62):064x}",
                group=group,
                label=label,
                kind=kind,
                surprise=round(float(rng.exponential()) + raised, 6),
                joined={name: round(float(rng.normal()) + raised, 6) for name in joined},
                numbers=_numbers(rng, **traits),
                words={"container": "JPEG", "chroma sampling": rng.choice(["4:2:0", "4:4:4"])},
                taken=f"2026-{1 + at * 12 // count:02d}-{1 + at % 28:02d}T12:00:00",
            )
        )
    return made


def _numbers(
    rng: np.random.Generator, size: float = 0.0, quality: float = 0.0, noise: float = 0.0
) -> dict[str, float]:
    found = {
        "pixels (log2)": rng.choice([20.0, 22.0, 23.5]) + rng.normal(0, 0.1) + size,
        "JPEG quality": np.log2(101 - rng.uniform(85, 95)) + quality,
        "bits a pixel (log2)": rng.normal(1.5, 0.4) + noise - quality / 2,
        "score of unmask_picture picture-edited": rng.normal(-1, 1) + noise,
        "score of unmask_picture picture-generated": rng.normal(-2, 1) + noise / 2,
    }
    if rng.random() < 0.5:
        found["score of unmask_face face-manipulated"] = rng.normal(-2, 1) + noise / 2
    return {name: round(float(value), 6) for name, value in found.items()}


def write(path: Path, found: list[Row], worst: float = 2.0) -> Certificate:
    joined = sorted({name for row in found for name in row.joined})
    birth = Birth(fps=5.0, analyzers=["picture"], joined=joined, models={"m": "a" * 64})
    real = Material(folders=["real"], files=len(found), unreadable=0, twice=0)
    origin = Origin("2026-03-01", birth, {"unmask": "0"}, real, None)
    return write_calibration(path, found, origin, worst)


def made(path: Path, found: list[Row], worst: float = 2.0) -> Calibration:
    write(path, found, worst)
    return read_calibration(path)
