"""The network: all layers of WavLM, fine-tuned, and one of three back ends that pool them.

Stourbe, Miara, Lepage and Dehak 2024, "Exploring WavLM Back-ends for Speech Spoofing and Deepfake
Detection", section 2. MHFA: Peng et al. 2023, "An attention-based backend allowing efficient
fine-tuning of transformer models for speaker verification", section 3. Attentive statistics: Okabe
et al. 2018, section 3.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from unmask.nn.speech import SpeechFront, WeightedSum
from unmask.nn.whisper import WhisperFront

EMBEDDING = 256
_NARROW, _HEADS = 128, 32
_LEAST = 1e-7


class HeadsOfLayers(nn.Module):
    """MHFA: one sum of layers says where to look (keys), another what is seen there (values).

    Layers (B, L, T, C) to (B, 256).
    """

    def __init__(self, layers: int, width: int, heads: int = _HEADS, narrow: int = _NARROW) -> None:
        super().__init__()
        self.keys, self.values = WeightedSum(layers), WeightedSum(layers)
        self.narrow_keys = nn.Linear(width, narrow)
        self.narrow_values = nn.Linear(width, narrow)
        self.heads = nn.Linear(narrow, heads)
        self.join = nn.Linear(heads * narrow, EMBEDDING)

    def forward(self, layers: Tensor) -> Tensor:
        """What each head sees over time, joined."""
        shares = self.heads(self.narrow_keys(self.keys(layers))).softmax(1)
        seen = shares.transpose(1, 2) @ self.narrow_values(self.values(layers))
        result: Tensor = self.join(seen.flatten(1))
        return result


class Mean(nn.Module):
    """A weighted sum of layers and its mean over time, to (B, 256)."""

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        self.sum = WeightedSum(layers)
        self.join = nn.Linear(width, EMBEDDING)

    def forward(self, layers: Tensor) -> Tensor:
        """The mean."""
        result: Tensor = self.join(self.sum(layers).mean(1))
        return result


class AttentiveStatistics(nn.Module):
    """A weighted sum of layers; mean and deviation over time, each value by its own attention."""

    def __init__(self, layers: int, width: int, narrow: int = _NARROW) -> None:
        super().__init__()
        self.sum = WeightedSum(layers)
        self.narrow = nn.Linear(width, narrow)
        self.weigh = nn.Linear(narrow, width)
        self.join = nn.Linear(2 * width, EMBEDDING)

    def pooled(self, frames: Tensor) -> Tensor:
        """Frames (B, T, C) to means and deviations (B, 2 C)."""
        shares = self.weigh(self.narrow(frames).tanh()).softmax(1)
        mean = (shares * frames).sum(1)
        spread = (shares * frames.square()).sum(1) - mean.square()
        return torch.cat([mean, spread.clamp(min=_LEAST).sqrt()], dim=1)

    def forward(self, layers: Tensor) -> Tensor:
        """Layers (B, L, T, C) to (B, 256)."""
        result: Tensor = self.join(self.pooled(self.sum(layers)))
        return result


BACKENDS: dict[str, Callable[[int, int], nn.Module]] = {
    "mhfa": HeadsOfLayers,
    "asp": AttentiveStatistics,
    "mean": Mean,
}


class WavLmBackend(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card.

    ``slowed``: what the encoder gets of the gradient that reaches it.
    """

    def __init__(
        self, front: SpeechFront | WhisperFront, backend: str, slowed: float = 0.1
    ) -> None:
        super().__init__()
        self.front = front
        self.backend = BACKENDS[backend](front.layers, front.width)
        self.classify = nn.Linear(EMBEDDING, 2)
        self.slowed = slowed

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """``classes`` are scores: bona fide, forged."""
        layers = self.front(sound)
        if self.training:
            layers = self.slowed * layers + (1 - self.slowed) * layers.detach()
        features = self.backend(layers)
        classes = self.classify(features)
        return {"logit": classes[:, 1] - classes[:, 0], "classes": classes, "features": features}
