"""QAD: its network against torchvision's, its loss against other ways to the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from official import filled, noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.qad.loss import at, dependence, uphill
from unmask.detectors.image.qad.method import QADMethod
from unmask.detectors.image.qad.model import QAD
from unmask.detectors.image.qad.sampling import Qualities, aligned, saved
from unmask.errors import DataError, ModelError
from unmask.train.method import Batch


def made(**settings: Any) -> tuple[QADMethod, QAD]:
    torch.manual_seed(0)
    method = QADMethod({**QADMethod.small, **settings})
    network = cast(QAD, method.network().train())
    network.load_state_dict(
        filled({n: v.shape for n, v in network.state_dict().items()}) | {"steps": torch.tensor(0)}
    )
    return method, network


@torch.no_grad()
def test_the_network_is_torchvisions_resnet() -> None:
    from torchvision.models.resnet import Bottleneck, ResNet

    theirs = ResNet(Bottleneck, [1, 1, 1, 1], num_classes=2).eval()
    weights = filled({n: v.shape for n, v in theirs.state_dict().items()}, 0.7)
    theirs.load_state_dict(weights)
    method = QADMethod({"layers": (1, 1, 1, 1)})
    ours = cast(QAD, method.network().eval())
    ours.load_state_dict(method.convert({f"module.{n}": v for n, v in weights.items()}))
    face = noise((2, 3, 64, 64), 3, 0, 255)
    real, forged = theirs(ours.pixels(face)).unbind(1)
    torch.testing.assert_close(ours(face)["logit"], forged - real, rtol=1e-4, atol=1e-4)


def test_dependence_is_a_sum_over_pairs_of_faces() -> None:
    qualities = [[noise((5, 3, 2, 2), 10 + q)] for q in range(3)]
    kernels = []
    for (maps,) in qualities:
        flat = maps.flatten(1).double().numpy()
        squares = ((flat[:, None] - flat[None]) ** 2).sum(-1)
        kernels.append(np.exp(-squares / (2 * 36 * 12)))
    middle = np.eye(5) - 1 / 5
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = sum(np.trace(kernels[a] @ middle @ kernels[b] @ middle) for a, b in pairs) / 16
    found = dependence(qualities, [0.5])
    assert float(found) == pytest.approx(0.5 * expected, rel=1e-4)


def test_qualities_that_go_together_are_more_dependent() -> None:
    faces = noise((16, 1, 1, 1), 1, -9, 9)
    like = dependence([[faces], [faces * 0.9 + 1]], [1.0])
    shuffled = dependence([[faces], [faces.roll(1, 0)]], [1.0])
    assert float(like) > 2 * float(shuffled)


def test_the_step_in_the_weights_is_taken_back_exactly() -> None:
    """The gradient is that of the moved network, and the network is as it was."""
    method, network = made(perturbation=0.05)
    batch = method.example(batch=4)
    before = {n: v.clone() for n, v in network.state_dict().items()}
    loss, _ = method.loss(network, batch)
    loss.backward()
    after = network.state_dict()
    still = [n for n in before if "running" not in n and "num_batches" not in n and n != "steps"]
    assert all(before[n].equal(after[n]) for n in still)
    assert int(network.steps) == 1

    other = cast(QAD, method.network().train())
    other.load_state_dict(before)
    slow = QADMethod({**method.settings, "perturbation": 0})
    first, _ = slow._loss(at(other, dict(other.named_parameters()), keep=True), batch)
    moved = {n: v.detach() for n, v in uphill(other, first, 0.05).items()}
    for name, value in other.named_parameters():
        length = (moved[name] - value).norm()
        expected = 0.05 * value.norm() if value.ndim > 1 else 0 * length
        torch.testing.assert_close(length, expected, rtol=1e-3, atol=1e-5)
        value.data.copy_(moved[name])
    direct, _ = slow.loss(other, batch)
    direct.backward()
    torch.testing.assert_close(loss, direct)
    mine = dict(network.named_parameters())
    for name, value in other.named_parameters():
        torch.testing.assert_close(mine[name].grad, value.grad, rtol=1e-3, atol=1e-5)


def test_the_step_goes_up_and_waits_for_its_time() -> None:
    method, network = made(perturbed_from=1)
    batch = method.example(batch=4)
    _, plain = method.loss(network, batch)
    _, moved = method.loss(network, batch)
    assert moved["bce"] > plain["bce"]


class Faces(Dataset[Batch]):
    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def __len__(self) -> int:
        return len(self.manifest)

    def __getitem__(self, index: int) -> Batch:
        strength = ("raw", "c23", "c40").index(self.manifest.items[index].condition)
        face = torch.full((3, 4, 4), 10 * index + strength)
        return {"face": face, "index": torch.tensor(index)}


def items(*conditions: str) -> Manifest:
    rows = [
        Item(f"{n}{c}", f"{n}{c}", f"x/{c}/videos/{n}.mp4", "video", n % 2, condition=c)
        for n in range(3)
        for c in reversed(conditions)
        if (n, c) != (1, "c40")
    ]
    return Manifest(Path(), tuple(rows))


def test_the_same_face_stands_side_by_side() -> None:
    names = ("raw", "c23", "c40")
    parts = aligned(items(*names), names)
    assert [[i.path[-5] for i in part] for part in parts] == [["0", "2"]] * 3
    beside = Qualities(items(*names), names, Faces)
    assert len(beside) == 2
    assert beside[1]["face"].unique().tolist() == [10]
    assert beside[1]["others"].flatten(1)[:, 0].tolist() == [11, 12]
    with pytest.raises(DataError, match="all of the qualities"):
        aligned(items("raw", "c23"), names)


def test_a_face_that_is_saved_again_is_worse_the_stronger() -> None:
    face = noise((3, 32, 32), 5, 0, 255).to(torch.uint8)

    def off(quality: int) -> float:
        again = saved(face, quality)
        assert again.dtype == face.dtype
        return float((again.float() - face.float()).abs().mean())

    assert 0 < off(95) < off(30)


def test_another_networks_checkpoint_is_refused() -> None:
    weights: Mapping[str, Tensor] = nn.Linear(2, 2).state_dict()
    with pytest.raises(ModelError, match="does not fit QAD"):
        QADMethod().convert(weights)
