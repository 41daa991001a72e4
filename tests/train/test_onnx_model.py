from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from unmask.train.onnx_model import onnx_model, save_onnx


class Sum(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Linear(3, 3)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.scale(a) + b, (a * b).sum(1)


class Gathered(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Sum()

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.inner(*inputs))


@pytest.mark.parametrize("kind", [Sum, Gathered])
def test_it_gives_the_same_numbers_and_names_no_source_file(
    kind: type[nn.Module], tmp_path: Path
) -> None:
    network = kind()
    example = [torch.randn(2, 3), torch.randn(2, 3)]
    batch = torch.export.Dim("batch")
    model = onnx_model(network, example, ["a", "b"], ["sum", "product"], [{0: batch}, {0: batch}])
    path = tmp_path / "new" / "x.onnx"
    save_onnx(model, path)

    data = path.read_bytes()
    assert str(Path(__file__).parent).encode() not in data
    assert b".py" not in data
    five = [torch.randn(5, 3), torch.randn(5, 3)]
    session = ort.InferenceSession(str(path))
    given = session.run(["sum", "product"], {"a": five[0].numpy(), "b": five[1].numpy()})
    for ours, theirs in zip(network(*five), given, strict=True):
        assert np.allclose(ours.detach().numpy(), theirs, atol=1e-6)
