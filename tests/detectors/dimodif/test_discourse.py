"""Two streams that say the same but for a stretch; the loss of stretches by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from official import noise
from unmask.detectors.audiovisual.dimodif.loss import apart, focal, targets, total_loss
from unmask.detectors.audiovisual.dimodif.method import DiMoDifMethod
from unmask.detectors.audiovisual.dimodif.model import FPS, Differing, Discourse, Shape
from unmask.detectors.audiovisual.dimodif.proposals import proposals
from unmask.errors import ModelError

SMALL = Shape(lips=8, width=24, heads=2, layers=1, reach=3, shift=1)


def walks(seed: int, count: int = 16) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random walks; in every second pair one of the two goes its own way for ten moments."""
    rng = torch.Generator().manual_seed(seed)
    seen = torch.randn(count, 40, 6, generator=rng).cumsum(1) * 0.4
    heard, segments = seen.clone(), torch.full((count, 1, 2), -1.0)
    for row in range(1, count, 2):
        start = int(torch.randint(4, 26, (), generator=rng))
        heard[row, start : start + 10] = torch.randn(10, 6, generator=rng).cumsum(0) * 0.4
        segments[row, 0] = torch.tensor([start, start + 10]) / FPS
    return seen, heard, segments


def test_where_two_streams_part_is_found() -> None:
    torch.manual_seed(0)
    network = Discourse(6, 6, SMALL).train()
    moving = torch.optim.Adam(network.parameters(), 4e-3)
    for step in range(60):
        seen, heard, segments = walks(step)
        label = (torch.arange(16) % 2).float()
        loss, _ = total_loss(network(seen, heard), segments, label)
        moving.zero_grad()
        loss.backward()
        moving.step()
    seen, heard, segments = walks(1000)
    with torch.no_grad():
        given = network.eval()(seen, heard)
    wanted, _ = targets(segments, 40)
    right = ((given["moments"] > 0) == (wanted > 0)).float().mean()
    assert right > 0.88
    assert given["logit"][1::2].mean() > given["logit"][::2].mean() + 1
    overlaps = []
    for row in range(1, 16, 2):
        chances, edges = given["moments"][row].sigmoid(), given["edges"][row]
        best = proposals(chances.numpy(), edges.numpy())[0]
        start, end = segments[row, 0].tolist()
        common = max(0.0, min(end, best.end) - max(start, best.start))
        overlaps.append(common / (end - start + best.end - best.start - common))
    assert np.mean(overlaps) > 0.5


def test_a_small_delay_is_no_difference() -> None:
    """Sound laid on the picture within its reach: what is far off cannot be taken."""
    torch.manual_seed(0)
    differ = Differing(SMALL)
    seen, heard = noise((1, 12, 24), 1), noise((1, 12, 24), 2)
    other = heard.clone()
    other[:, 9] += 5
    with torch.no_grad():
        moved = (differ(seen, heard) - differ(seen, other)).abs().amax(-1)[0]
    assert (moved[:8] == 0).all()
    assert (moved[8:11] > 0).all()
    assert moved[11] == 0


def test_targets_and_stretches_by_hand() -> None:
    wanted, edges = targets(torch.tensor([[[0.08, 0.2], [-1.0, -1.0]]]), 8)
    assert wanted[0].tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    torch.testing.assert_close(edges[0, 3], torch.tensor([1.5, 1.5]))
    found = torch.tensor([[2.0, 2.0], [1.0, 3.0], [1.0, 1.0]])
    same = apart(found, found)
    torch.testing.assert_close(same, torch.zeros(3))
    # Half as long around the same middle: an overlap of a half. Moved by one: 3 of 5, 1 of 5 off.
    assert apart(torch.tensor([1.0, 1.0]), torch.tensor([2.0, 2.0])).item() == pytest.approx(0.5)
    moved = apart(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 2.0])).item()
    assert moved == pytest.approx(1 - 3 / 5 + (1 / 5) ** 2)


def test_what_is_surely_right_counts_little() -> None:
    sure, unsure = torch.tensor([4.0]), torch.tensor([0.5])
    plain = torch.nn.functional.binary_cross_entropy_with_logits
    one = torch.ones(1)
    assert focal(sure, one) < 0.01 * plain(sure, one)
    assert focal(unsure, one) > 0.1 * plain(unsure, one)


def test_one_stretch_is_given_once() -> None:
    chances, edges = np.full(10, 0.05), np.full((10, 2), 0.5)
    chances[4:7] = (0.8, 0.9, 0.85)
    edges[4:7] = [(1.5, 2.5), (2.5, 1.5), (3.5, 0.5)]
    found = proposals(chances, edges)
    assert (found[0].start, found[0].end) == (pytest.approx(3 / FPS), pytest.approx(7 / FPS))
    assert found[1].score < 0.3


def test_lips_have_no_published_weights_of_a_changed_encoder() -> None:
    with pytest.raises(ModelError, match="backbone_config"):
        DiMoDifMethod(DiMoDifMethod.small).network(pretrained=True)
