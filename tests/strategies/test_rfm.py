"""Where the network looks most is covered: by three rectangles, drawn from the run's generator. The
map and the loss are those of the authors' program (crywang/RFM f359de8)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from stand import begun
from torch import Tensor, nn

from official import filled, noise
from unmask.errors import ModelError
from unmask.strategies.rfm import ForgeryMining

GOLDEN = np.load(Path(__file__).parent / "rfm.npz")


class Corner(nn.Module):
    """Looks at the top left of a picture and nowhere else."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, :4, :4].square().sum((1, 2, 3))


def test_the_peak_of_the_map_is_covered(tmp_path: Path) -> None:
    one = begun(ForgeryMining, Corner(), tmp_path, rectangles=1)
    picture = torch.full((1, 3, 32, 32), 10, dtype=torch.uint8)
    for seed in range(20):
        torch.manual_seed(seed)
        maps = torch.rand(1, 32, 32)
        row, column = divmod(int(maps.argmax()), 32)
        done = one.covered(picture, maps)
        assert done.dtype == torch.uint8
        assert (done[0, :, row, column] != 10).any()


def test_three_rectangles_lie_on_three_peaks(tmp_path: Path) -> None:
    one = begun(ForgeryMining, Corner(), tmp_path, largest=0.04)  # one pixel each
    picture = torch.full((1, 3, 32, 32), 10.0)
    maps = torch.zeros(1, 32, 32)
    peaks = [(3, 4), (20, 9), (30, 31)]
    for height, (row, column) in zip((3, 2, 1), peaks, strict=True):
        maps[0, row, column] = height
    changed = (one.covered(picture, maps) != picture).any(1)[0].nonzero().tolist()
    assert sorted(map(tuple, changed)) == peaks


def test_what_the_network_looks_at_is_covered(tmp_path: Path) -> None:
    network = Corner().train()
    one = begun(ForgeryMining, network, tmp_path)
    batch = {"x": torch.full((2, 3, 32, 32), 10, dtype=torch.uint8), "label": torch.ones(2)}
    torch.manual_seed(0)
    first = one.batch(batch)["x"]
    torch.manual_seed(0)
    assert torch.equal(one.batch(batch)["x"], first)
    changed = (first != batch["x"]).any(1)
    assert changed[:, :4, :4].any((1, 2)).all()
    noise_laid = first.movedim(1, 3)[changed]
    assert 63 <= noise_laid.min() < 75, "the authors' noise is of the middle tones"
    assert 180 < noise_laid.max() <= 191
    assert (batch["x"] == 10).all()
    assert network.training


def test_the_loss_stays_over_the_level(tmp_path: Path) -> None:
    one = begun(ForgeryMining, Corner(), tmp_path, flood=0.04)
    low = torch.tensor(0.01, requires_grad=True)
    loss, _ = one.loss(low, {})
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0.07)
    assert low.grad == -1  # it is pushed up again
    assert float(one.loss(torch.tensor(0.5), {})[0]) == pytest.approx(0.5)


def test_a_method_without_pictures_is_refused(tmp_path: Path) -> None:
    one = begun(ForgeryMining, nn.Identity(), tmp_path)
    with pytest.raises(ModelError, match="takes none"):
        one.batch({"x": torch.zeros(2, 3), "label": torch.zeros(2)})


class Two(nn.Module):
    """A small network of two classes; the score is forged less real."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 2)
        )
        shapes = {name: value.shape for name, value in self.layers.state_dict().items()}
        self.layers.load_state_dict(filled(shapes))

    def forward(self, x: Tensor) -> Tensor:
        classes: Tensor = self.layers(x)
        return classes[:, 1] - classes[:, 0]


def test_the_map_and_the_loss_are_the_authors(tmp_path: Path) -> None:
    one = begun(ForgeryMining, Two(), tmp_path)
    batch = {"x": noise((2, 3, 8, 8), 1, 0, 255), "label": torch.ones(2)}
    np.testing.assert_allclose(one.attention(batch, ["x"])["x"], GOLDEN["map"], atol=1e-6)
    kept = [float(one.loss(torch.tensor(value), {})[0]) for value in (0.01, 0.5)]
    np.testing.assert_allclose(kept, GOLDEN["flood"], atol=1e-6)
