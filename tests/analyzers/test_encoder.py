"""What a scan says of pictures and clips with the encoder, and without it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unmask.analyzers import encoder as analyzer
from unmask.analyzers.base import Options, Result
from unmask.detectors.image.unmask_clip.views import middle, whole
from unmask.encoders.pulling import pull
from unmask.media import probe, read_image
from unmask.runtime.encoder import RunningEncoder
from unmask.runtime.model import load_model
from unmask.types import Claim, Frame, Kind, MediaInfo

sys.path.insert(0, str(Path(__file__).parents[1] / "encoders"))
from made_encoder import made

EXAMPLE = Path(__file__).parents[2] / "examples" / "astronaut-blended.jpg"


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningEncoder:
    """A made encoder with as many numbers as the heads take, on the shelf."""
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    known, file = made(tmp_path / "index", width=768, embedding=512, blocks=5)
    pull(known, file)
    opened = RunningEncoder(known, threads=1)
    monkeypatch.setattr(analyzer, "encoder", lambda name: known)
    monkeypatch.setattr(analyzer, "load_encoder", lambda name, threads: opened)
    return opened


def looked(media: MediaInfo, *frames: Frame) -> Result:
    one = analyzer.EncoderAnalyzer(media, Options(threads=1))
    for frame in frames:
        one.frame(frame)
    return one.finish()


def picture(path: Path, pixels: np.ndarray) -> Result:
    Image.fromarray(pixels).save(path)
    return looked(probe(path), Frame(0, 0.0, read_image(path)))


def test_without_the_encoder_the_report_says_how_to_bring_it() -> None:
    result = looked(probe(EXAMPLE), Frame(0, 0.0, read_image(EXAMPLE)))
    assert not result.findings
    (missing,) = result.not_checked
    assert "unmask models pull clip-vit-b16" in missing.why


def test_a_portrait_gets_a_finding_for_the_picture_and_one_for_the_face(
    running: RunningEncoder,
) -> None:
    result = looked(probe(EXAMPLE), Frame(0, 0.0, read_image(EXAMPLE)))
    whole, face = result.findings
    assert (whole.claim, face.claim) == (Claim.PICTURE_GENERATED, Claim.FACE_MANIPULATED)
    assert not whole.where.boxes
    assert face.where.boxes[0].width >= 64
    assert {one.detector for one in result.findings} == {"unmask_clip"}


def test_a_still_is_judged_by_its_middle_and_by_all_of_it(
    running: RunningEncoder, tmp_path: Path
) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (448, 900, 3), np.uint8)
    (found,) = picture(tmp_path / "a.png", noise).findings
    head = load_model("unmask_clip", 1)
    seen = running.features([middle(noise, 224), whole(noise, 224)])
    logits = head.run({"features": seen})["logit"]
    assert found.score == pytest.approx((logits[0, 0] + 2 * logits[1, 1]) / 3, abs=1e-5)


@pytest.mark.parametrize("shape", [(100, 90, 3), (224, 224, 3), (64, 700, 3), (500, 300, 3)])
def test_pictures_of_any_size_are_judged(
    running: RunningEncoder, tmp_path: Path, shape: tuple[int, int, int]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (whole,) = picture(tmp_path / "a.png", noise).findings
    assert whole.score is not None
    assert np.isfinite(whole.score)


def test_a_picture_that_is_too_small_says_so(running: RunningEncoder, tmp_path: Path) -> None:
    result = picture(tmp_path / "a.png", np.zeros((63, 300, 3), np.uint8))
    assert not result.findings
    assert "smaller than 64 pixels" in result.not_checked[0].why


def test_of_a_clip_fewer_frames_are_looked_at_the_longer_it_lasts(running: RunningEncoder) -> None:
    media = MediaInfo("a.mp4", Kind.VIDEO, "made", 1000, "0" * 64, width=320, height=240)
    draw = np.random.default_rng(0)
    shots = [draw.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(3)]

    def looks(seconds: float) -> int:
        times = np.arange(0, seconds, 0.2)
        frames = [Frame(n, float(t), shots[n % 3]) for n, t in enumerate(times)]
        return len(looked(media, *frames).findings[0].series[0].times)

    counts = [looks(seconds) for seconds in (0.2, 3, 10, 60)]
    assert counts[0] == 1
    assert counts == sorted(counts)
    assert counts[-1] < 12


def test_the_score_of_a_clip_is_the_mean_over_its_frames(running: RunningEncoder) -> None:
    media = MediaInfo("a.mp4", Kind.VIDEO, "made", 1000, "0" * 64, width=320, height=240)
    draw = np.random.default_rng(1)
    shots = [draw.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(2)]
    alone = [looked(media, Frame(0, 0.0, shot)).findings[0].score for shot in shots]
    both = looked(media, Frame(0, 0.5, shots[0]), Frame(1, 2.0, shots[1])).findings[0].score
    assert both == pytest.approx(np.mean(alone))
