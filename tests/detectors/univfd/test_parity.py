"""UnivFD against the authors' network (WisconsinAIVision/UniversalFakeDetect 76a0e3e)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.univfd.convert import from_official
from unmask.errors import ModelError
from unmask.nn.towers import TINY
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
PICTURE = noise((3, 3, 28, 28), 18, 0, 255)
WIDE = {**TINY, "hidden_size": 64, "intermediate_size": 256, "num_attention_heads": 1}


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("univfd")({"backbone_config": WIDE})


def test_the_network_is_the_authors(method: Method) -> None:
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES)))
    with torch.no_grad():
        np.testing.assert_allclose(network(PICTURE)["logit"], GOLDEN["logit"], atol=1e-4)


def test_only_the_line_learns(method: Method) -> None:
    """Pictures of a new kind are told apart by the line, and CLIP stays what it was."""
    torch.manual_seed(0)
    network = method.network().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    label = (torch.arange(16) % 2).float()
    picture = noise((16, 3, 28, 28), 2, 0, 155) + 100 * label[:, None, None, None]
    batch = {"picture": picture, "label": label}
    free = [value for value in network.parameters() if value.requires_grad]
    assert sum(value.numel() for value in free) == TINY["projection_dim"] + 1
    rule = torch.optim.Adam(free, lr=0.1)
    for _ in range(60):
        loss, _ = method.loss(network, batch)
        rule.zero_grad()
        loss.backward()
        rule.step()
    with torch.no_grad():
        logit = network(picture)["logit"]
    assert bool(((logit > 0) == (label > 0)).all())
    after = network.state_dict()
    moved = {name for name in after if not torch.equal(after[name], before[name])}
    assert moved == {"line.weight", "line.bias"}


def test_the_published_line_goes_where_it_belongs(method: Method) -> None:
    line = {"weight": torch.ones(1, 768), "bias": torch.zeros(1)}
    assert set(from_official(line)) == {"line.weight", "line.bias"}
    with pytest.raises(ModelError, match="backbone_config"):
        method.convert(line)  # a small CLIP has no published weights to stand beside it
