"""The network: cepstra of several kinds, each under a background mixture and two adapted ones.

Balamurali, Lin, Lui, Chen and Herremans 2019, "Towards robust audio spoofing detection: a detailed
comparison of traditional and learned features". Adaptation: Reynolds, Quatieri and Dunn 2000,
"Speaker Verification Using Adapted Gaussian Mixture Models", section 3.2, in the form of a penalty:
the means that maximise the likelihood of their own frames less ``relevance`` / 2 times the squared
distance (in deviations) from the background's are those of equation 12 to 14.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unmask.nn.cepstra import SHAPES, Cepstra
from unmask.nn.mixture import Mixture

FRONTS = {"mfcc": "mfcc", "imfcc": "imfcc", "lfcc": "gmm"}
"""Kinds of cepstra, and the shape of ``nn.cepstra`` that each has here."""
_LEAST = 1e-5


def levelled(frames: Tensor) -> Tensor:
    """Frames (B, T, C) at mean 0 and variance 1 along each sound: a room or microphone goes out."""
    apart = frames - frames.mean(1, keepdim=True)
    return apart / (apart.square().mean(1, keepdim=True) + _LEAST).sqrt()


class Adapted(nn.Module):
    """One kind of cepstra: a background mixture of all frames, and means of both classes."""

    started: Tensor

    def __init__(self, kind: str, count: int) -> None:
        super().__init__()
        shape = SHAPES[FRONTS[kind]]
        width = shape.coefficients * (1 + shape.deltas)
        self.cepstra = Cepstra(shape)
        self.background = Mixture(count, width)
        self.means = nn.Parameter(self.background.means.detach().repeat(2, 1, 1))
        self.register_buffer("started", torch.zeros(()))

    def frames(self, sound: Tensor) -> Tensor:
        """Cepstra, levelled along each sound."""
        found: Tensor = self.cepstra(sound)
        return levelled(found)

    def forward(self, sound: Tensor) -> Tensor:
        """Log-likelihood of replayed less that of genuine, mean over the frames, (B)."""
        frames = self.frames(sound)
        genuine, replayed = (self.background(frames, means).mean(1) for means in self.means)
        ratio: Tensor = replayed - genuine
        return ratio

    @torch.no_grad()
    def start(self, frames: Tensor, label: Tensor, relevance: float, iterations: int) -> None:
        """Fit the background to frames (B, T, C), and adapt it to those of each class."""
        self.background.maximise(frames.flatten(0, 1), iterations)
        for side in (0, 1):
            own = frames[label == side].flatten(0, 1)
            self.means[side] = self.background.adapted(own, relevance)
        self.started.fill_(1)

    def losses(self, frames: Tensor, label: Tensor, pull: float) -> tuple[Tensor, Tensor]:
        """What the background and what the means go down by; neither moves the other.

        ``pull``: relevance over the frames of a class in the whole training.
        """
        base = self.background
        background = -base(frames).mean()
        held = {name: value.detach() for name, value in base.named_parameters()}
        total = background.new_zeros(())
        for side in (0, 1):
            own, means = frames[label == side], self.means[side]
            apart = (means - held["means"]) * (-held["scales"]).exp()
            total = total + pull / 2 * apart.square().sum()
            if len(own):
                likely = torch.func.functional_call(base, held, (own, means))
                total = total - likely.mean()
        return background, total


class GmmUbm(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card."""

    def __init__(self, kinds: Sequence[str], count: int) -> None:
        super().__init__()
        self.systems = nn.ModuleList(Adapted(kind, count) for kind in kinds)
        self.fuse = nn.Linear(len(kinds), 1) if len(kinds) > 1 else None

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """``ratios`` are those of each kind of cepstra."""
        ratios = torch.stack([system(sound) for system in self.systems], dim=1)
        return {"logit": self.joined(ratios), "ratios": ratios}

    def joined(self, ratios: Tensor) -> Tensor:
        """One kind's ratio, or what a logistic regression makes of all, (B)."""
        return ratios[:, 0] if self.fuse is None else self.fuse(ratios)[:, 0]
