"""Forged stretches of a tiny LAV-DF, from the detector's map to AP@IoU and AR@N."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from unmask.bench.order import Order
from unmask.bench.protocol import read_protocol
from unmask.bench.run import run
from unmask.bench.table import lines, stored
from unmask.datasets.adapter import adapter
from unmask.datasets.manifest import write_manifest
from unmask.metrics.outcomes import read_outcomes
from unmask.metrics.segments import Timeline, ap_at_iou
from unmask.train.method import method_named

FRAMES = 16  # of the small network; the videos have 12
SHOWN = 12


def talking(path: Path, seed: int) -> None:
    """A video of noise at 25 frames a second with a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    with av.open(str(path), "w") as out:
        picture = out.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 96
        sound = out.add_stream("aac", rate=16000)
        sound.layout = "mono"
        for _ in range(SHOWN):
            pixels = rng.integers(0, 255, (96, 96, 3), np.uint8)
            out.mux(picture.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(picture.encode())
        samples = rng.normal(0, 0.1, (1, 16000 * SHOWN // 25)).astype(np.float32)
        block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        block.sample_rate, block.time_base, block.pts = 16000, Fraction(1, 16000), 0
        out.mux(sound.encode(block))
        out.mux(sound.encode())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos of each split, the second forged from 0.08 to 0.2 s in picture and sound."""
    root = tmp_path_factory.mktemp("lav-df")
    rows = []
    for number, split in enumerate(("train", "dev", "test")):
        for forged in (False, True):
            file = f"{split}/{2 * number + forged:06}.mp4"
            talking(root / file, 2 * number + forged)
            rows.append(
                {
                    "file": file, "n_fakes": int(forged), "split": split, "original": None,
                    "fake_periods": [[0.08, 0.2]] if forged else [],
                    "modify_video": forged, "modify_audio": forged,
                }
            )  # fmt: skip
    (root / "metadata.min.json").write_text(json.dumps(rows))
    return write_manifest(root / "manifest.parquet", adapter("lav-df").build(root))


def test_stretches_are_scored_from_stored_outcomes(data: Path, tmp_path: Path) -> None:
    method = method_named("ba_tfd_plus")
    torch.manual_seed(0)
    weights = tmp_path / "random.pt"
    torch.save(method(method.small).network().state_dict(), weights)
    protocol = read_protocol("lav-df")
    order = Order(
        "ba_tfd_plus", [data], tmp_path, tmp_path, weights=weights, settings=dict(method.small)
    )
    path = run(protocol, order).path
    rows = [row for row in read_outcomes(path).rows if row.test == "full"]
    assert [row.segments for row in rows] == [(), ((0.08, 0.2),)]
    for row in rows:
        assert row.proposals
        sure = [confidence for confidence, _, _ in row.proposals]
        assert sure == sorted(sure, reverse=True)
        assert all(0 <= start < end <= SHOWN / 25 + 1e-6 for _, start, end in row.proposals)
    (line,) = [one for one in lines(protocol, stored(tmp_path, protocol)) if one.test == "full"]
    value = line.cells["ap_at_iou:strict:0.5"].value
    timelines = [Timeline(row.segments, row.proposals) for row in rows]
    assert value == pytest.approx(ap_at_iou(timelines, 0.5))
    assert 0 < value < 1
    assert not math.isnan(line.cells["ar_at_n:strict:10"].value)


def test_a_map_becomes_proposals_within_the_video() -> None:
    method = method_named("ba_tfd_plus")(method_named("ba_tfd_plus").small)
    map_ = torch.zeros(2, 6, FRAMES)
    map_[0, 3, 2] = 0.9  # frames 2 to 5
    map_[1, 5, 10] = 0.9  # would end after the video
    shown = torch.tensor([SHOWN, SHOWN])
    found = method.completed({"map": map_}, {"shown": shown})["proposals"]
    assert found[0, 0].tolist() == pytest.approx([0.9, 2 / 25, 5 / 25])
    assert found[1, :, 0].max() == 0
