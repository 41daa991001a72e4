"""An exported file's weights back in the network: it scores as the file does, and can learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from unmask.errors import DataError
from unmask.train.from_onnx import refill
from unmask.train.onnx_model import onnx_model, save_onnx


class Small(nn.Module):
    """Two convolutions with norms, one without, and a layer at the end."""

    def __init__(self, wide: int = 6) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, wide, 3, bias=False), nn.BatchNorm2d(wide))
        self.second = nn.Sequential(
            nn.Conv2d(wide, 5, 3, groups=1, bias=False), nn.BatchNorm2d(5), nn.ReLU()
        )
        self.bare = nn.Conv2d(5, 4, 1)
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.second(torch.relu(self.first(x)))
        out: Tensor = self.last(self.bare(kept).mean((2, 3)))
        return out


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned something, written as ONNX."""
    torch.manual_seed(0)
    network = Small()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.uniform_(module.weight, 0.5, 2.0)
            nn.init.normal_(module.bias)
    path = tmp_path_factory.mktemp("net") / "small.onnx"
    free = {0: torch.export.Dim("batch")}
    save_onnx(onnx_model(network, [torch.randn(2, 3, 12, 12)], ["x"], ["y"], [free]), path)
    return path


def test_it_scores_as_the_file_and_its_norms_are_those_of_the_inputs(exported: Path) -> None:
    batches = [torch.randn(8, 3, 12, 12) * 2 for _ in range(4)]
    network = Small()
    refill(network, exported, batches)
    network.eval()
    session = onnxruntime.InferenceSession(exported)
    x = torch.randn(5, 3, 12, 12)
    with torch.no_grad():
        mine = network(x).numpy()
    np.testing.assert_allclose(mine, session.run(None, {"x": x.numpy()})[0], atol=1e-5)
    norm = network.second[1]
    with torch.no_grad():
        given = torch.cat([network.second[0](torch.relu(network.first(b))) for b in batches])
    torch.testing.assert_close(norm.running_mean, given.mean((0, 2, 3)), atol=1e-4, rtol=1e-3)
    whole = given.var((0, 2, 3), unbiased=False)
    torch.testing.assert_close(norm.running_var, whole, atol=1e-4, rtol=1e-3)
    with torch.no_grad():  # in training mode, on the same inputs, it scores nearly the same
        network.train()
        again = network(torch.cat(batches))
        network.eval()
        before = network(torch.cat(batches))
    torch.testing.assert_close(again, before, atol=1e-2, rtol=1e-2)


def test_another_network_is_refused(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="another network"):
        refill(Small(wide=7), exported, [torch.randn(2, 3, 12, 12)])
    with pytest.raises(DataError, match="no weights"):
        refill(Small(), tmp_path / "none.onnx", [torch.randn(2, 3, 12, 12)])
