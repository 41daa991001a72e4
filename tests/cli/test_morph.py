"""``unmask morph`` as it is typed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[2] / "examples"
needs_faces = pytest.mark.skipif(
    importlib.util.find_spec("face_recognition_models") is None,
    reason="faces need unmask[identity]",
)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unmask", "morph", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One person twice, smaller and lighter the second time, and a picture without a face."""
    folder = tmp_path_factory.mktemp("photos")
    picture = Image.open(EXAMPLES / "astronaut.jpg").convert("RGB")
    picture.save(folder / "first.png")
    smaller = picture.resize((picture.width * 4 // 5, picture.height * 4 // 5))
    Image.eval(smaller, lambda value: min(255, value + 12)).save(folder / "second.png")
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    return {path.stem: path for path in folder.iterdir()}


@needs_faces
def test_a_face_that_two_names_match_is_flagged(photos: dict[str, Path]) -> None:
    done = run(photos["first"], "--person", photos["first"], "--person", photos["second"], "--json")
    assert done.returncode == 1, done.stderr
    record = json.loads(done.stdout)
    assert record["vote"] == "forged"
    assert record["people"][0]["distance"] == pytest.approx(0, abs=1e-6)
    assert "matches two people" in record["reason"]


@needs_faces
def test_an_honest_photo_fits_its_live_picture(photos: dict[str, Path]) -> None:
    done = run(photos["first"], "--live", photos["second"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fits the live picture" in done.stdout


@needs_faces
def test_a_picture_without_a_face_gets_one_line(photos: dict[str, Path]) -> None:
    done = run(photos["noise"], "--live", photos["second"])
    assert done.returncode == 4
    (line,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert "noise.png" in line


def test_one_person_is_a_mistake_in_the_command(photos: dict[str, Path]) -> None:
    done = run(photos["first"], "--person", photos["second"])
    assert done.returncode == 2
    assert "twice or more" in " ".join(done.stderr.split())
