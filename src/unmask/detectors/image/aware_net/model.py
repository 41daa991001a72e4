"""The rule: members of a family are averaged, families are weighed by numbers that are learnt.

Salman, Tariq, Lee and Woo 2025, "AWARE-NET: Adaptive Weighted Averaging for Robust Ensemble Network
in Deepfake Detection", section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import ModelError, SettingError
from unmask.nn.pixels import IMAGENET, Pixels
from unmask.train.backbones import timm_model
from unmask.train.method import method_named

FAMILIES = ("legacy_xception", "res2net101_26w_4s", "tf_efficientnet_b7")
COPIES = 3
OURS = "method:"
"""How a family begins that is a published method instead of a network of timm."""
_EDGE = 1e-6


class Backbone(nn.Module):
    """A network of timm with one output, and the pixels as it wants them."""

    def __init__(self, name: str, pretrained: bool) -> None:
        super().__init__()
        self.network: Any = timm_model(name, pretrained, num_classes=1)
        known = getattr(self.network, "pretrained_cfg", {})
        self.pixels = Pixels((known.get("mean", IMAGENET[0]), known.get("std", IMAGENET[1])))

    def forward(self, face: Tensor) -> Tensor:
        """Log-odds (B)."""
        result: Tensor = self.network(self.pixels(face))[:, 0]
        return result


class Member(nn.Module):
    """A published method, which gets the face in its own size. Raises ModelError for one that takes
    something else than one picture of a fixed size."""

    def __init__(self, name: str, pretrained: bool) -> None:
        super().__init__()
        method = method_named(name)()
        taken = method.card.inputs
        example = method.example(1)[taken[0].name]
        if len(taken) > 1 or taken[0].take not in ("face", "picture") or example.ndim != 4:
            raise ModelError(
                f"The method {name} does not take one picture; AWARE-NET cannot use it."
            )
        self.side = int(example.shape[-1])
        self.network = method.network(pretrained)

    def forward(self, face: Tensor) -> Tensor:
        """Log-odds (B)."""
        size = (self.side, self.side)
        scaled = F.interpolate(face.float(), size=size, mode="bilinear")
        result: Tensor = self.network(scaled)["logit"]
        return result


class AwareNet(nn.Module):
    """Faces (B, 3, S, S), RGB 0…255, to ``logit`` (B), ``families`` (B, F) and ``shares`` (B, F).

    ``families``: names of timm's networks, or ``method:NAME``; each is made ``copies`` times, from
    other random numbers. Raises SettingError, MissingExtra, ModelError.
    """

    def __init__(
        self,
        families: Sequence[str] = FAMILIES,
        copies: int = COPIES,
        pretrained: bool = False,
    ) -> None:
        super().__init__()
        if not families or copies < 1:
            raise SettingError("AWARE-NET needs at least one family and one copy of each.")
        self.members = nn.ModuleList(
            nn.ModuleList(_made(name, pretrained) for _ in range(copies)) for name in families
        )
        self.weights = nn.Parameter(torch.zeros(len(families)))

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """Probabilities are averaged, within families plainly, over them by the learnt shares."""
        means = torch.stack(
            [torch.stack([one(face).sigmoid() for one in family]).mean(0)
             for family in _families(self.members)],
            dim=1,
        )  # fmt: skip
        shares = self.weights.softmax(0)
        fused = (means * shares).sum(1)
        return {
            "logit": torch.logit(fused, _EDGE),
            "families": torch.logit(means, _EDGE),
            "shares": shares.expand_as(means),
        }


def _families(members: nn.ModuleList) -> list[list[Callable[[Tensor], Tensor]]]:
    return [list(family) for family in members]  # type: ignore[call-overload]


def _made(name: str, pretrained: bool) -> nn.Module:
    if name.startswith(OURS):
        return Member(name.removeprefix(OURS), pretrained)
    return Backbone(name, pretrained)
