"""A detector small enough to be trained in a test, in the place of a published method."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from unmask.cards.card import Input
from unmask.protect._model import Model
from unmask.train.recipe import Recipe

SIDE = 24


class Small(nn.Module):
    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.parts = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(6),
            nn.Flatten(), nn.Linear(36 * width, 32), nn.ReLU(), nn.Linear(32, 1),
        )  # fmt: skip

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        return {"logit": self.parts(picture / 127.5 - 1)[:, 0]}


class Plain:
    """As much of a method as a protection sees."""

    def __init__(self, side: int) -> None:
        part = Input(
            name="picture", shape=["batch", 3, side, side], layout="RGB", preparation="scaled",
            take="picture",
        )  # fmt: skip
        self.card = SimpleNamespace(title="Toy", inputs=(part,))
        self.inputs = ("picture",)

    def run(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        given: dict[str, Tensor] = network(batch["picture"])
        return given

    def score(self, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["logit"]


def model(network: nn.Module, side: int = SIDE, **data: Tensor) -> Model:
    """A toy as a model. ``shown``, ``labels``: pictures that it gives for any manifest."""
    method: Any = Plain(side)
    made = Model(method, network, Recipe(name="toy", task="a:b", samples=64, validate_every=64))
    if data:
        made.pictures = lambda _: (data["shown"], data["labels"])  # type: ignore[method-assign]
    return made


def taught(network: nn.Module, shown: Tensor, labels: Tensor, steps: int, seed: int) -> nn.Module:
    """The network after some steps on pictures, 64 at a time."""
    torch.manual_seed(seed)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(steps):
        rows = torch.randint(len(labels), (64,))
        score = network(shown[rows])["logit"]
        loss = functional.binary_cross_entropy_with_logits(score, labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def squares(count: int, seed: int, side: int = SIDE) -> tuple[Tensor, Tensor]:
    """Noise with a soft spot in the middle: bright when forged, dark when real."""
    rng = torch.Generator().manual_seed(seed)
    labels = (torch.arange(count) % 2).float()
    shown = 128 + 40 * torch.randn((count, 3, side, side), generator=rng)
    a, b = side // 3, side - side // 3
    shown[:, :, a:b, a:b] += (80 * (labels - 0.5)).reshape(-1, 1, 1, 1)
    return shown.clamp(0, 255), labels
