"""Every video method reads through the same few readers, and none holds more of a longer video."""

from __future__ import annotations

import ast
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from mean_models import model

import unmask.detectors.video
from make_media import video as made_film
from unmask.analyzers.published import taker
from unmask.analyzers.windows import Clips, Films, Pictures, Points, Window
from unmask.cards.card import read_card
from unmask.scanning import scan
from unmask.types import Claim, Frame

ROOM = Path(unmask.detectors.video.__file__).parent
CARDS = {path.parent.name: path for path in sorted(ROOM.glob("*/card.toml"))}
OPENERS = {"av", "cv2", "imageio", "decord", "torchvision"}
"""What could open a film past the one reader."""
_PICTURE = np.zeros((6, 8, 3), np.uint8)


def test_the_room_holds_methods() -> None:
    assert {"demamba", "lrnet", "tall", "omnifd"} <= set(CARDS)


@pytest.mark.parametrize("name", CARDS)
def test_a_video_method_opens_no_film_itself(name: str) -> None:
    for path in CARDS[name].parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                named = {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom):
                named = {node.module or ""}
            else:
                continue
            assert not {one.split(".")[0] for one in named} & OPENERS, path
            assert not any(one.startswith("unmask.media") for one in named), path


@pytest.mark.parametrize("name", CARDS)
def test_frames_that_are_held_do_not_grow_with_length(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = taker(read_card(CARDS[name]).inputs)
    assert isinstance(take, Clips | Films | Points | Pictures)
    given: list[float] = []

    def cut(self: Clips, held: list[Frame]) -> list[Window]:
        given.append(held[0].time)
        return []

    for kind in (Clips, Films, Points):
        monkeypatch.setattr(kind, "_clip", cut)
    monkeypatch.setattr(Films, "_kept", lambda self, frame: frame)  # its size is fixed
    count = getattr(take, "count", 1)
    most = {5 * count: 0, 100 * count: 0}
    for index in range(max(most)):
        take.frame(Frame(index, index / 5, _PICTURE))
        held = len(getattr(take, "_held", ()))
        for frames in most:
            most[frames] = max(most[frames], held if index < frames else 0)
    take.rest()
    assert len(set(most.values())) == 1, most
    assert most[5 * count] <= 4 * count
    assert bool(given) == isinstance(take, Clips)


def test_a_film_of_ten_minutes_takes_no_more_memory_than_one(tmp_path: Path) -> None:
    shape: list[int | str] = ["batch", 8, 3, 32, 32]
    more = 'fit = "stretch"\nstep = 1.0'
    card = model(tmp_path / "m", "frames", shape, Claim.PICTURE_GENERATED, False, more)
    peaks, parts = [], []
    for minutes in (1, 10):
        film = made_film(tmp_path / f"{minutes}.mp4", count=60 * minutes, rate=1)
        tracemalloc.start()
        (finding,) = scan(film, detector=str(card)).findings
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        parts.append(finding.details["parts"])
    assert parts == [60 // 8, 600 // 8]
    assert peaks[1] < 1.1 * peaks[0] + 2**18
