"""DeMamba against the authors' network (chenhaoxing/DeMamba c050dd6), on a narrow X-CLIP."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from official import filled, noise
from unmask.detectors.video.demamba.method import DeMambaMethod
from unmask.detectors.video.demamba.model import DeMamba
from unmask.detectors.video.demamba.scan import MambaBlock, Selective, scan
from unmask.errors import ModelError, UnknownName

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))


def made(**settings: str) -> tuple[DeMambaMethod, DeMamba]:
    method = DeMambaMethod({**DeMambaMethod.small, **settings})
    return method, cast(DeMamba, method.network().eval())


@torch.no_grad()
def test_the_network_is_the_authors() -> None:
    method, network = made()
    network.load_state_dict(method.convert({"model_state_dict": filled(NAMES)}))
    given = network(noise((3, 8, 3, 48, 48), 12, 0, 1) * 255)["logit"]
    np.testing.assert_allclose(given, GOLDEN["logit"], rtol=1e-4, atol=1e-4)
    block = network.mamba(noise((4, 8, 32), 13))
    np.testing.assert_allclose(block, GOLDEN["block"], rtol=1e-4, atol=1e-4)


def slowly(decay: Tensor, given: Tensor) -> Tensor:
    state, states = torch.zeros_like(given[:, 0]), []
    for t in range(given.shape[1]):
        state = decay[:, t] * state + given[:, t]
        states.append(state)
    return torch.stack(states, 1)


@pytest.mark.parametrize("length", [2, 3, 8, 13])
def test_the_scan_is_a_loop_over_steps(length: int) -> None:
    decay = noise((2, length, 5, 4), 1, 0, 1).requires_grad_()
    given = noise((2, length, 5, 4), 2).requires_grad_()
    fast, loop = scan(decay, given), slowly(decay, given)
    torch.testing.assert_close(fast, loop, rtol=1e-5, atol=1e-5)
    ways = [torch.autograd.grad(one.square().sum(), [decay, given]) for one in (fast, loop)]
    for one, other in zip(*ways, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_a_state_knows_what_was_and_not_what_will_be() -> None:
    torch.manual_seed(0)
    layer = Selective(6, 2)
    x = noise((1, 8, 6), 5)
    later = x.clone()
    later[:, 5] += 1
    before, after = layer(x), layer(later)
    assert torch.equal(before[:, :5], after[:, :5])
    assert (before[:, 5:] - after[:, 5:]).abs().amax((0, 2)).min() > 0


def test_both_directions_run_forward_in_time() -> None:
    """What the authors turn round are the channels."""
    torch.manual_seed(0)
    block = MambaBlock(8).eval()
    x = noise((1, 8, 8), 6)
    later = x.clone()
    later[:, 7] += 1
    assert torch.equal(block(x)[:, :7], block(later)[:, :7])


def test_orders_of_patches() -> None:
    """In the paper a sequence is one place at eight times; published, eight patches in a row."""
    tokens = torch.zeros(1, 8, 9, 32)
    tokens[0, :, :, 0] = torch.arange(8)[:, None]
    tokens[0, :, :, 1] = torch.arange(9)
    _, paper = made(order="paper")
    _, published = made(order="published")
    through = paper.sequences(tokens)
    assert through[4, :, 0].tolist() == list(range(8))
    assert set(through[4, :, 1].tolist()) == {4}
    beside = published.sequences(tokens)
    assert beside[0, :, 1].tolist() == list(range(8))
    assert set(beside[0, :, 0].tolist()) == {0}
    with pytest.raises(UnknownName, match="order"):
        made(order="other")


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit DeMamba"):
        DeMambaMethod().convert(filled(NAMES))
