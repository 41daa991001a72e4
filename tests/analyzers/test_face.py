"""The face analyzer: one finding a face, reasons for faces that cannot be judged, spans in video.

Most tests put a made network in place of the trained one, whose answer is known: the redder the
crop, the more forged, and the forged part is the top left quarter.
"""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from face_samples import made_face, portrait
from PIL import Image

from unmask import registry
from unmask.analyzers import face as module
from unmask.analyzers.base import Options
from unmask.analyzers.face import FaceAnalyzer
from unmask.cards.card import Operating, Threshold, read_card
from unmask.decision.fusion import fuse
from unmask.faces.detect import detect
from unmask.faces.follow import Follower
from unmask.forge.operations import blur
from unmask.types import Claim, Frame, Kind, MediaInfo, Vote

TABLE = Operating(
    output="logit",
    claim="face-manipulated",
    slope=1.0,
    offset=0.0,
    clear=-2.0,
    miss=0.05,
    thresholds=[Threshold(fpr=0.1, score=1.0), Threshold(fpr=0.01, score=2.0)],
    fitted_on="made",
    laundering="none",
    date="2026-01-01",
    reals=20,
    fakes=20,
    groups=20,
)


class RedIsForged:
    """Logit 8 for a red crop, -8 for a blue one; the mask's top left quarter is marked."""

    def __init__(self) -> None:
        card = read_card(registry.detector_card("unmask_face"))
        self.card = card.model_copy(update={"operating": [TABLE]})
        self.batches: list[int] = []

    def run(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        faces = inputs["face"]
        assert faces.dtype == np.float32
        assert faces.shape[1:] == tuple(self.card.inputs[0].shape[1:])
        self.batches.append(len(faces))
        red = faces[:, 0].mean((1, 2)) - faces[:, 2].mean((1, 2))
        mask = np.full((len(faces), 32, 32), -6.0, np.float32)
        mask[:, :16, :16] = 6.0
        return {"logit": np.clip(red / 5, -8, 8).astype(np.float32), "mask": mask}


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> RedIsForged:
    made = RedIsForged()
    monkeypatch.setattr(module, "load_model", lambda name, threads: made)
    return made


def tinted(red: float, blue: float) -> np.ndarray:
    grey = portrait().mean(-1, keepdims=True)
    return np.clip(grey * [red, 1.0, blue], 0, 255).astype(np.uint8)


def media(kind: Kind, pixels: np.ndarray) -> MediaInfo:
    return MediaInfo("x", kind, "png", 0, "", pixels.shape[1], pixels.shape[0])


def still(pixels: np.ndarray, fpr: float = 0.01) -> FaceAnalyzer:
    analyzer = FaceAnalyzer(media(Kind.IMAGE, pixels), Options(fpr=fpr, threads=1))
    analyzer.frame(Frame(0, 0.0, pixels))
    return analyzer


def test_the_registry_finds_it() -> None:
    assert registry.analyzer("face") is FaceAnalyzer
    assert FaceAnalyzer.kinds == {Kind.IMAGE, Kind.VIDEO}
    assert FaceAnalyzer.wants_frames


def test_forged_and_clear_face_in_one_picture(network: RedIsForged) -> None:
    pixels = np.hstack([tinted(1.3, 0.6), tinted(0.6, 1.3)])
    result = still(pixels).finish()
    assert result.not_checked == ()
    forged, clear = sorted(result.findings, key=lambda finding: -(finding.score or 0))
    assert (forged.vote, clear.vote) == (Vote.FORGED, Vote.CLEAR)
    assert {forged.subject, clear.subject} == {"face 1", "face 2"}
    assert forged.claim is Claim.FACE_MANIPULATED
    assert forged.llr is not None
    assert forged.llr > 0 > (clear.llr or 0)
    assert forged.where.boxes[0].x < 300 < clear.where.boxes[0].x
    assert forged.where.masks
    assert not clear.where.masks
    assert forged.where.spans == ()
    assert forged.series == ()
    assert forged.reason != clear.reason


def test_a_face_over_the_mark_of_the_file_is_marked_as_a_hint(network: RedIsForged) -> None:
    """Over the 5 % threshold of the file but under its 1 %: no verdict, and yet a mark."""
    seen: dict[Vote, str] = {}
    for red in np.linspace(0.6, 1.3, 21):
        pixels = tinted(float(red), 1.0)
        verdict, (finding,) = fuse(
            media(Kind.IMAGE, pixels), still(pixels).finish().findings, 0.01, 0.5
        )
        assert verdict.surprise is not None
        assert finding.vote is not None
        assert bool(finding.where.masks) == (verdict.surprise > -math.log(0.05))
        assert (finding.vote is Vote.FORGED) == (verdict.surprise > -math.log(0.01))
        assert (finding.vote is Vote.CLEAR) != bool(finding.where.masks)
        seen[finding.vote] = finding.reason
    assert set(seen) == set(Vote)
    assert len(set(seen.values())) == 3
    assert "look" in seen[Vote.UNDECIDED]


def test_mask_lies_over_the_marked_quarter_of_the_crop(network: RedIsForged) -> None:
    pixels = tinted(1.3, 0.6)
    (finding,) = still(pixels).finish().findings
    (mask,) = finding.where.masks
    box = finding.where.boxes[0]
    marked = mask.values >= mask.level
    columns = np.nonzero(marked)[1]
    step = mask.box.width / mask.values.shape[1]
    centre = box.x + box.width / 2
    assert mask.box.x + (columns.max() + 1) * step == pytest.approx(centre, abs=2 * step)
    assert mask.box.x >= 0
    assert mask.box.x + mask.box.width <= 300
    assert marked.mean() == pytest.approx(0.25, abs=0.06)


def test_snapshot_shows_the_face_at_its_place(network: RedIsForged) -> None:
    pixels = tinted(1.3, 0.6)
    (finding,) = still(pixels).finish().findings
    (shot,) = finding.snapshots
    assert shot.time is None
    assert shot.box.iou(finding.where.boxes[0]) > 0.15
    left, top = int(shot.box.x), int(shot.box.y)
    np.testing.assert_array_equal(shot.pixels[5, 5], pixels[top + 5, left + 5])


def test_a_vote_is_provisional_and_by_the_whole_rate_however_many_faces(
    network: RedIsForged,
) -> None:
    """The decision on the file shares the suspicion among faces, once."""
    red = next(
        float(red)
        for red in np.linspace(1.0, 1.2, 41)
        if TABLE.threshold(0.01) < (still(tinted(float(red), 1.0)).finish().findings[0].score or 0)
    )
    one = tinted(red, 1.0)
    votes = [f.vote for f in still(np.hstack([one, one])).finish().findings]
    assert votes == [Vote.FORGED, Vote.FORGED]
    scores = [f.score or 0.0 for f in still(np.hstack([one, one])).finish().findings]
    assert max(scores) < TABLE.threshold(0.005)


def test_no_face_is_said() -> None:
    result = still(np.full((200, 200, 3), 128, np.uint8)).finish()
    assert result.findings == ()
    (left_out,) = result.not_checked
    assert (left_out.analyzer, left_out.what) == ("face", "faces")
    assert left_out.why.startswith("no face was found")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda pixels: blur(pixels, 5), "blurred"),
        (
            lambda pixels: np.asarray(Image.fromarray(pixels).resize((84, 84))),
            "too small",
        ),
    ],
)
def test_a_poor_face_does_not_vote(spoil: Any, word: str, network: RedIsForged) -> None:
    result = still(spoil(portrait())).finish()
    assert result.findings == ()
    (left_out,) = result.not_checked
    assert left_out.what == "face 1"
    assert word in left_out.why
    assert network.batches == []


def test_many_faces_go_to_the_network_in_batches(
    network: RedIsForged, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = np.hstack([portrait()] * 7)
    pixels = np.vstack([row] * 6)
    faces = [made_face(90 + 300 * (i % 7), 60 + 300 * (i // 7)) for i in range(42)]
    monkeypatch.setattr(module, "detect", lambda *args: faces)
    result = still(pixels).finish()
    assert sum(network.batches) == 2 * 42  # two looks each
    assert max(network.batches) <= 16
    assert len(result.findings) == 32
    assert [left.what for left in result.not_checked] == ["10 more faces"]
    assert sum(len(finding.snapshots) for finding in result.findings) <= 32


def film(analyzer: FaceAnalyzer, frames: list[np.ndarray], fps: float = 5.0) -> None:
    for index, pixels in enumerate(frames):
        analyzer.frame(Frame(index, index / fps, pixels))


def video(pixels: np.ndarray) -> FaceAnalyzer:
    return FaceAnalyzer(media(Kind.VIDEO, pixels), Options(fpr=0.01, threads=1))


def test_a_video_face_is_one_finding_with_a_series(network: RedIsForged) -> None:
    pixels = tinted(1.3, 0.6)
    analyzer = video(pixels)
    film(analyzer, [np.roll(pixels, 2 * i, 1) for i in range(20)])
    (finding,) = analyzer.finish().findings
    assert finding.subject == "face 1"
    assert finding.vote is Vote.FORGED
    (series,) = finding.series
    assert len(series.times) == 20
    assert all(0 <= value <= 1 for value in series.values)
    (span,) = finding.where.spans
    assert span.start == pytest.approx(0, abs=0.3)
    assert span.end == pytest.approx(4, abs=0.3)
    assert finding.where.masks[0].time == finding.snapshots[0].time
    assert finding.details["judged_frames"] == 20


def test_spans_tell_when_a_face_turns_suspect(network: RedIsForged) -> None:
    good, bad = tinted(0.95, 1.0), tinted(1.4, 0.5)
    analyzer = video(good)
    film(analyzer, [good] * 20 + [bad] * 30)
    (finding,) = analyzer.finish().findings
    assert finding.vote is Vote.FORGED
    (span,) = finding.where.spans
    assert span.start == pytest.approx(4.0, abs=0.5)
    assert span.end == pytest.approx(10.0, abs=0.5)


def test_a_cut_to_another_face_begins_another_finding(network: RedIsForged) -> None:
    one = tinted(1.3, 0.6)
    two = 255 - tinted(0.6, 1.3)[:, :]
    two[:, :] = np.where(np.arange(300)[:, None, None] < 20, 255, tinted(0.35, 0.7)[:, ::-1])
    analyzer = video(one)
    film(analyzer, [one] * 8 + [two] * 8)
    findings = analyzer.finish().findings
    assert len(findings) == 2


def test_a_face_seen_too_briefly_does_not_vote(network: RedIsForged) -> None:
    pixels = portrait()
    empty = np.full_like(pixels, 100)
    analyzer = video(pixels)
    film(analyzer, [pixels, pixels, *[empty] * 20])
    result = analyzer.finish()
    assert result.findings == ()
    assert "briefly" in result.not_checked[0].why


def test_many_unusable_faces_are_summarised(
    network: RedIsForged, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = [made_face(30 * i, 10, size=20) for i in range(12)]
    monkeypatch.setattr(module, "detect", lambda *args: faces)
    result = still(np.zeros((60, 400, 3), np.uint8)).finish()
    (left_out,) = result.not_checked
    assert left_out.what == "12 faces"
    assert "too small" in left_out.why


def test_memory_does_not_grow_with_length(
    network: RedIsForged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A face that becomes a new one every third frame."""
    pixels = portrait()
    place = detect(pixels)[0]
    looks = itertools.count()
    monkeypatch.setattr(Follower, "look", lambda *_: [(next(looks) // 3 + 1, place)])
    analyzer = video(pixels)
    sizes = []
    tracemalloc.start()
    for index in range(360):
        analyzer.frame(Frame(index, index / 5, pixels))
        if index in (120, 359):
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[1] - sizes[0] < 1_000_000
    result = analyzer.finish()
    assert len(result.findings) == 32
    assert result.not_checked[0].what == "88 more faces"


def test_the_shipped_weights_judge_a_real_portrait() -> None:
    (finding,) = still(portrait()).finish().findings
    assert finding.vote in (Vote.CLEAR, Vote.UNDECIDED)
    assert finding.score is not None
    assert np.isfinite(finding.score)
    assert finding.detector == "unmask_face"
