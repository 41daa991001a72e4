"""Sound to features of video frames: a log-mel spectrogram and a plain transformer over it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.vision_transformer import Encoder

from unmask.nn.windowed_fourier import fourier

RATE = 16000
HOP, WINDOW, MELS = 160, 321, 64
PER_FRAME = 4
"""Spectra of one video frame at 25 a second."""


def mel_filters(count: int = MELS, bins: int = WINDOW // 2 + 1, rate: int = RATE) -> Tensor:
    """Triangles whose corners lie evenly on the mel scale, (count, bins)."""
    frequencies = np.linspace(0, rate / 2, bins)
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), count + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    low, middle, high = (corners[i : i + count, None] for i in range(3))
    rising = (frequencies - low) / (middle - low)
    falling = (high - frequencies) / (high - middle)
    return torch.from_numpy(np.minimum(rising, falling).clip(0).astype(np.float32))


class LogMel(nn.Module):
    """Samples (B, N) to log mel energies (B, 64, N / 160)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("fourier", fourier(WINDOW), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """Samples at 16 kHz, -1…1; both ends are mirrored outwards."""
        padded = F.pad(sound.unsqueeze(1), (WINDOW // 2, WINDOW // 2), mode="reflect")
        waves = F.conv1d(padded, self.get_buffer("fourier"), stride=HOP)
        power = torch.unflatten(waves, 1, (2, -1)).square().sum(1)
        return (self.get_buffer("filters") @ power + 0.01).log()


class SelfAttention(nn.Module):
    """Takes over the layers of ``made``, and computes them in fewer steps."""

    def __init__(self, made: nn.MultiheadAttention) -> None:
        super().__init__()
        self.heads = made.num_heads
        self.in_proj_weight, self.in_proj_bias = made.in_proj_weight, made.in_proj_bias
        self.out_proj = made.out_proj

    def forward(self, tokens: Tensor, *_: Tensor, need_weights: bool) -> tuple[Tensor, None]:
        """Tokens (B, N, C) to the same; torchvision names them three times, and wants no shares."""
        every = F.linear(tokens, self.in_proj_weight, self.in_proj_bias)
        heads = torch.unflatten(every, 2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = heads.unbind(0)
        heard = F.scaled_dot_product_attention(query, key, value)
        return self.out_proj(heard.transpose(1, 2).flatten(2)), None


class SoundEncoder(nn.Module):
    """A vision transformer's encoder over columns of the spectrogram (Cai et al. 2023, ViT-B)."""

    def __init__(self, frames: int, width: int, layers: int, heads: int, outside: int) -> None:
        super().__init__()
        self.spectrum = LogMel()
        self.embed = nn.Conv2d(1, width, (MELS, PER_FRAME), stride=(MELS, PER_FRAME))
        self.encoder = Encoder(frames, layers, heads, width, 4 * width, 0.0, 0.0)
        for layer in self.encoder.layers:
            layer.self_attention = SelfAttention(layer.self_attention)
        self.out = nn.Linear(width, outside)

    def forward(self, sound: Tensor) -> Tensor:
        """Samples (B, 640 × frames) to features (B, outside, frames)."""
        columns = self.embed(self.spectrum(sound).unsqueeze(1)).squeeze(2).transpose(1, 2)
        result: Tensor = self.out(self.encoder(columns)).transpose(1, 2)
        return result
