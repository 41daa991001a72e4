"""LRNet against the authors' network and calibration (frederickszk/LRNet 9a172a0)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.errors import DataError
from unmask.faces.calibrated import calibrated
from unmask.train.method import Method, method_named, read_checkpoints

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())
POINTS = noise((3, 30, 136), 31) * 0.8


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("lrnet")()


def test_both_branches_are_the_authors(method: Method) -> None:
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, gain=1.5)))
    with torch.no_grad():
        seen = network(POINTS)
    for name, stored in (("places", "first"), ("steps", "second")):
        np.testing.assert_allclose(seen[name].softmax(1)[:, 1], GOLDEN[stored], atol=1e-5)
    mean = (GOLDEN["first"] + GOLDEN["second"]) / 2
    np.testing.assert_allclose(seen["logit"], np.log(mean / (1 - mean)), atol=1e-4)


def test_two_files_are_one_checkpoint(method: Method, tmp_path: Path) -> None:
    whole = filled(NAMES, gain=1.5)
    paths = [tmp_path / f"{part}.pth" for part in method.files]
    for part, path in zip(method.files, paths, strict=True):
        own = {n.removeprefix(f"{part}."): v for n, v in whole.items() if n.startswith(f"{part}.")}
        torch.save(own, path)
    read = read_checkpoints(paths, method.files)
    assert set(read) == set(whole)
    assert all(torch.equal(read[name], whole[name]) for name in whole)
    with pytest.raises(DataError, match="2 files"):
        read_checkpoints([*paths, paths[0]], method.files)
    with pytest.raises(DataError, match="one file"):
        read_checkpoints(paths)


def film() -> list[np.ndarray]:
    """A soft texture that moves to the right and down by three and one and a half pixels."""
    import cv2

    rng = np.random.default_rng(7)
    wide = cv2.GaussianBlur(rng.uniform(0, 255, (700, 700, 3)).astype(np.float32), (0, 0), 6)
    whole = ((wide - wide.min()) / (wide.max() - wide.min()) * 255).astype(np.uint8)
    moved = [(60 - round(1.5 * t), 60 - round(3 * t)) for t in range(8)]
    return [whole[y : y + 560, x : x + 560].copy() for y, x in moved]


def test_calibrated_points_are_the_authors_but_for_roundings() -> None:
    shapes = GOLDEN["shapes"].astype(np.float64)
    ours, theirs = calibrated(film(), list(shapes)) * 200, GOLDEN["calibrated"] * 200
    assert ours.shape == (8, 136)
    apart = np.abs(ours - theirs)
    assert float((apart < 0.01).mean()) > 0.8
    assert float(apart.mean()) < 0.25
    raw = np.diff(shapes, axis=0) - np.array([3.0, 1.5])
    calm = np.diff(ours.reshape(8, 68, 2), axis=0)
    scale = np.ptp(shapes[0], axis=0).max() * 1.2 / 400
    left = np.std((calm * scale)[2:] - np.median((calm * scale)[2:], axis=(0, 1)))
    assert float(left) < 0.75 * float(np.std(raw)), "points tremble less than they were found"


def test_training_tells_trembling_points_from_calm_ones(method: Method) -> None:
    torch.manual_seed(0)
    network = method.network().train()
    rule = torch.optim.Adam(network.parameters(), lr=5e-3)

    def batch(number: int) -> dict[str, torch.Tensor]:
        label = (torch.arange(number) % 2).float()
        place = torch.rand(number, 1, 136) * 1.6 - 0.8
        tremble = torch.randn(number, 30, 136) * (0.005 + 0.1 * label)[:, None, None]
        return {"points": place + tremble, "label": label}

    for _ in range(40):
        loss, _ = method.loss(network, batch(48))
        rule.zero_grad()
        loss.backward()
        rule.step()
    unseen = batch(64)
    with torch.no_grad():
        seen = network.eval()(unseen["points"])
    right = ((seen["steps"][:, 1] > seen["steps"][:, 0]) == (unseen["label"] > 0)).float().mean()
    assert float(right) > 0.9
