"""What the scan says about copied parts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from copied_pictures import HEIGHT, LAID, SIDE, TAKEN, WIDTH, moved, photo
from PIL import Image

from unmask.analyzers.base import Options, Result
from unmask.analyzers.copy_move import CopyMoveAnalyzer
from unmask.copymove import copies
from unmask.decision.evidence import COPIED, gather
from unmask.media import Limits, probe, read_image
from unmask.types import Box, Frame, Label, Pixels


def said(path: Path) -> Result:
    analyzer = CopyMoveAnalyzer(probe(path), Options())
    analyzer.frame(Frame(0, 0.0, read_image(path, Limits())))
    return analyzer.finish()


def saved(pixels: Pixels, path: Path) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def test_a_scan_marks_both_places(tmp_path: Path) -> None:
    path = tmp_path / "copied.jpg"
    Image.fromarray(moved(photo(1), 35)).save(path, quality=90)
    done = subprocess.run(
        [sys.executable, "-m", "unmask", "scan", str(path), "--json", "--only", "copy_move"],
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    found = report["findings"][0]
    assert "turned by 35°" in found["reason"]
    assert found["claim"] == "picture-edited"
    assert found["details"]["degree"] >= copies.STATED
    boxes = [Box(**one) for one in found["where"]["boxes"]]
    for left, top in (TAKEN, LAID):
        assert max(box.iou(Box(left, top, SIDE, SIDE)) for box in boxes) > 0.6


def test_the_mask_covers_both_places(tmp_path: Path) -> None:
    finding = said(saved(moved(photo(1)), tmp_path / "a.png")).findings[0]
    mask = finding.where.masks[0]
    assert finding.bearing is Label.INCONCLUSIVE
    assert (mask.box.width, mask.box.height) == (WIDTH, HEIGHT)
    rows, columns = mask.values.shape
    for left, top in (TAKEN, LAID):
        y, x = (top + SIDE / 2) / HEIGHT * rows, (left + SIDE / 2) / WIDTH * columns
        assert mask.values[int(y), int(x)] >= mask.level
    assert (mask.values >= mask.level).mean() < 0.25


@pytest.mark.parametrize("kind", ["grey", "alpha", "16 bits"])
def test_pictures_of_every_kind_are_looked_at(kind: str, tmp_path: Path) -> None:
    pixels = moved(photo(1))
    path = tmp_path / "a.png"
    if kind == "alpha":
        full = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        Image.fromarray(np.concatenate([pixels, full], -1)).save(path)
    elif kind == "grey":
        saved(pixels[..., 1], path)
    else:
        Image.fromarray(pixels[..., 1].astype(np.uint16) * 257).save(path)
    assert len(said(path).findings) == 1


def test_an_untouched_picture_is_looked_at_in_vain(tmp_path: Path) -> None:
    result = said(saved(photo(3), tmp_path / "a.png"))
    assert not result.findings
    assert [one.what for one in result.absent] == ["a part that was copied within the picture"]


@pytest.mark.parametrize(
    ("pixels", "why"),
    [(photo(1)[:40], "smaller than 64"), (np.full((90, 90, 3), 9, np.uint8), "too smooth")],
)
def test_what_cannot_be_judged_is_said(pixels: Pixels, why: str, tmp_path: Path) -> None:
    result = said(saved(pixels, tmp_path / "a.png"))
    assert not result.findings
    assert not result.absent
    assert why in result.not_checked[0].why


def test_a_shrunk_picture_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "LARGEST", HEIGHT * WIDTH // 4)
    result = said(saved(photo(1), tmp_path / "a.png"))
    assert "shrunk to 50%" in result.not_checked[0].why


def test_its_degree_is_a_sign_of_the_decision(tmp_path: Path) -> None:
    path = saved(moved(photo(1)), tmp_path / "a.png")
    finding = said(path).findings[0]
    assert gather(probe(path), [finding]).signs == {COPIED: finding.details["degree"]}
