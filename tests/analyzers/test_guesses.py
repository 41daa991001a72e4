"""What a network guesses at within clips, and its map of their middle frame, become places."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from mean_models import model
from PIL import Image

from unmask.analyzers.guesses import Guesses, spans, surest
from unmask.scanning import scan
from unmask.types import Claim, Span

PORTRAIT = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


def part(rows: list[list[float]], start: float = 0.0, end: float = 10.0) -> Guesses:
    return Guesses(np.asarray(rows, np.float32).reshape(-1, 3), start, end, 0.5)


def test_guesses_that_overlap_a_surer_one_lose() -> None:
    said = np.array([[0.9, 0.0, 4.0], [0.8, 0.0, 4.0], [0.5, 10.0, 12.0]], np.float32)
    rows = surest(said, most=4)
    assert rows[0].tolist() == pytest.approx([0.9, 0, 4])
    assert rows[1].tolist() == pytest.approx([0.5, 10, 12])
    assert float(rows[2, 0]) == pytest.approx(0.8 * np.exp(-1 / 0.7), rel=1e-5)
    assert not rows[3].any()


def test_likely_guesses_are_places_and_what_a_surer_one_covers_adds_nothing() -> None:
    """The second reaches further than the first, but lies on it and is less sure."""
    assert spans([part([[0.9, 2, 6], [0.8, 2, 7], [0.4, 10, 12]])]) == (Span(1.0, 3.0),)
    assert spans([part([[0.9, 2, 6], [0.8, 12, 14]])]) == (Span(1.0, 3.0), Span(6.0, 7.0))


def test_a_guess_ends_with_its_clip_and_goes_on_in_the_next() -> None:
    parts = [part([[0.9, 6, 14]], 0, 5), part([[0.9, -3, 2]], 5, 10)]
    assert spans(parts) == (Span(3.0, 6.0),)
    assert spans([part([]), part([[0.9, 30, 40]])]) == ()


def test_a_clip_shows_when_and_where(tmp_path: Path) -> None:
    """Eight frames, ten a second, of a face left of the middle, in two clips of four."""
    portrait = Image.open(PORTRAIT).convert("RGB").crop((120, 0, 340, 220))
    wide = Image.new("RGB", (400, 220))
    wide.paste(portrait, (0, 0))
    with av.open(str(tmp_path / "face.mp4"), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 400, 220, "yuv420p"
        for _ in range(8):
            out.mux(stream.encode(av.VideoFrame.from_image(wide)))
        out.mux(stream.encode())
    card = model(
        tmp_path / "m", "clip", ["batch", 4, 3, 32, 32], Claim.FACE_MANIPULATED, False,
        "step = 0.1", times=[(0.9, 1.0, 3.0), (0.2, 0.0, 4.0)],
    )  # fmt: skip
    (finding,) = scan(tmp_path / "face.mp4", detector=str(card)).findings
    assert [(one.start, one.end) for one in finding.where.spans] == [(0.1, 0.3), (0.5, 0.7)]
    (mask,) = finding.where.masks
    assert mask.values.shape == (32, 32)
    assert 0 < float((mask.values > 0.5).mean()) < 1
    assert mask.time in (pytest.approx(0.2), pytest.approx(0.6))
    middle = mask.box.x + mask.box.width / 2
    assert 60 < middle < 150
    assert 40 < mask.box.height < 180
    (shot,) = finding.snapshots
    assert (shot.box.width, shot.box.height) == (400, 220)
    assert shot.time == mask.time
