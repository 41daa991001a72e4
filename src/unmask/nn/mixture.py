"""Mixtures of Gaussians with diagonal covariance: density, expectation maximisation, adaptation.

Dempster, Laird and Rubin 1977; Reynolds, Quatieri and Dunn 2000, "Speaker Verification Using
Adapted Gaussian Mixture Models", section 3.2 (adapted means).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from unmask.errors import DataError

_FLOOR = 1e-6
"""The least variance: keeps a component on copies of one frame finite."""
_AT_ONCE = 2048


class Mixture(nn.Module):
    """``count`` components over frames of ``width`` values.

    ``shares`` are the logits of the components' weights, ``scales`` the logarithms of their
    deviations, so that gradients may move all three.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.shares = nn.Parameter(torch.zeros(count))
        self.means = nn.Parameter(torch.randn(count, width))
        self.scales = nn.Parameter(torch.zeros(count, width))

    def parts(self, frames: Tensor, means: Tensor | None = None) -> Tensor:
        """Log of weight × density of each component, (..., T, K), for frames (..., T, C).

        ``means`` (K, C): others in the place of the own.
        """
        means = self.means if means is None else means
        apart = (frames[..., None, :] - means) * (-self.scales).exp()
        volume = self.scales.sum(-1) + 0.5 * means.shape[-1] * math.log(2 * math.pi)
        return self.shares.log_softmax(0) - volume - 0.5 * apart.square().sum(-1)

    def forward(self, frames: Tensor, means: Tensor | None = None) -> Tensor:
        """Log-likelihood of each frame, (..., T)."""
        return self.parts(frames, means).logsumexp(-1)

    @torch.no_grad()
    def place(self, frames: Tensor) -> None:
        """Means on frames (N, C) drawn at random, equal weights, deviations of 1.

        Raises DataError when there are fewer frames than components.
        """
        count = len(self.means)
        if len(frames) < count:
            raise DataError(
                f"{len(frames)} frames of sound are too few for {count} components; "
                "use a larger batch or longer sound, or fewer components."
            )
        self.means.copy_(frames[torch.randperm(len(frames), device=frames.device)[:count]])
        self.shares.zero_()
        self.scales.zero_()

    @torch.no_grad()
    def maximise(
        self, frames: Tensor, iterations: int, tolerance: float = 1e-3, restarts: int = 1
    ) -> list[float]:
        """Fit to frames (N, C) by expectation maximisation, from drawn means; the best run stays.

        A run ends after ``iterations``, or when the mean log-likelihood rises by less than
        ``tolerance``. Gives the means of the best run, one an iteration. Raises DataError as
        ``place``.
        """
        best: tuple[list[float], dict[str, Tensor]] | None = None
        for _ in range(restarts):
            self.place(frames)
            course: list[float] = []
            for _ in range(iterations):
                course.append(self._improve(frames))
                if len(course) > 1 and course[-1] - course[-2] < tolerance:
                    break
            if best is None or course[-1] > best[0][-1]:
                best = course, {name: value.clone() for name, value in self.state_dict().items()}
        assert best is not None
        self.load_state_dict(best[1])
        return best[0]

    def _improve(self, frames: Tensor) -> float:
        """One iteration; the mean log-likelihood before it."""
        counts, sums, squares, total = self.statistics(frames)
        means = sums / counts[:, None].clamp(min=1e-9)
        spread = squares / counts[:, None].clamp(min=1e-9) - means.square()
        self.means.copy_(means)
        self.scales.copy_(spread.clamp(min=_FLOOR).log() / 2)
        self.shares.copy_((counts / len(frames)).clamp(min=1e-12).log())
        return total / len(frames)

    @torch.no_grad()
    def statistics(self, frames: Tensor) -> tuple[Tensor, Tensor, Tensor, float]:
        """What frames (N, C) give each component: their count, sum and sum of squares, in double,
        and the log-likelihood of all."""
        count, width = self.means.shape
        counts = torch.zeros(count, dtype=torch.float64, device=frames.device)
        sums = torch.zeros(count, width, dtype=torch.float64, device=frames.device)
        squares, total = torch.zeros_like(sums), 0.0
        for some in _portions(frames):
            parts = self.parts(some)
            whole = parts.logsumexp(-1, keepdim=True)
            share = (parts - whole).exp().double()
            total += float(whole.double().sum())
            counts += share.sum(0)
            sums += share.T @ some.double()
            squares += share.T @ some.double().square()
        return counts, sums, squares, total

    @torch.no_grad()
    def adapted(self, frames: Tensor, relevance: float) -> Tensor:
        """Means (K, C) drawn towards frames (N, C); components that few belong to hardly move.

        Equation 12 to 14 with one ``relevance``, a count of frames; an infinite one moves nothing.
        """
        counts, sums, _, _ = self.statistics(frames)
        drawn = (counts / (counts + relevance))[:, None]
        means = drawn * sums / counts[:, None].clamp(min=1e-9) + (1 - drawn) * self.means
        return means.to(self.means)


def _portions(frames: Tensor) -> Iterator[Tensor]:
    for start in range(0, len(frames), _AT_ONCE):
        yield frames[start : start + _AT_ONCE]
