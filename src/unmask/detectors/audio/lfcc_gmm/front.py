"""The frames that the mixtures see: WaveFake's cepstra, or those of ASVspoof 2021."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.block_dct import cosines
from unmask.nn.cepstra import SHAPES, Cepstra, delta
from unmask.nn.filter_banks import edges, triangles

RATE = 16000
_FFT, _HOP, _FILTERS = 512, 256, 20
_FLOOR = 1e-6


class WaveFakeCepstra(nn.Module):
    """Samples (B, N), -1…1, to (B, frames, 60): 20 linear cepstra, their slopes and these' slopes.

    Hann windows of 512 samples around multiples of 256, the sound mirrored at both ends; natural
    logarithms.
    """

    waves: Tensor
    bank: Tensor
    transform: Tensor

    def __init__(self) -> None:
        super().__init__()
        place = np.arange(_FFT)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * place / _FFT)
        turn = 2 * np.pi * np.outer(place, np.arange(_FFT // 2 + 1)) / _FFT
        waves = np.concatenate([np.cos(turn), np.sin(turn)], axis=1) * window[:, None]
        bank = triangles(
            edges("linear", _FILTERS, 0, RATE / 2), np.linspace(0, RATE / 2, _FFT // 2 + 1)
        )
        self.register_buffer("waves", torch.from_numpy(waves).float(), persistent=False)
        self.register_buffer("bank", torch.from_numpy(bank).float(), persistent=False)
        self.register_buffer("transform", cosines(_FILTERS).T.float(), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """Frames and their coefficients."""
        side = _FFT // 2
        padded = F.pad(sound[:, None], (side, side), mode="reflect")[:, 0]
        real, imaginary = (padded.unfold(1, _FFT, _HOP) @ self.waves).chunk(2, dim=-1)
        power = real.square() + imaginary.square()
        found = (power @ self.bank + _FLOOR).log() @ self.transform
        slopes = delta(found, 2)
        return torch.cat([found, slopes, delta(slopes, 2)], dim=-1)


class AsvspoofCepstra(nn.Module):
    """Samples (B, N), -1…1, to (B, frames, 57), as the mixtures of ASVspoof 2021 have them."""

    def __init__(self) -> None:
        super().__init__()
        self.cepstra = Cepstra(SHAPES["gmm"])

    def forward(self, sound: Tensor) -> Tensor:
        """Frames and their coefficients; the power is at most some thousand, so single will do."""
        found: Tensor = self.cepstra(sound)
        return found


WIDTHS = {"wavefake": 3 * _FILTERS, "asvspoof2021": 3 * SHAPES["gmm"].coefficients}


def front(variant: str) -> nn.Module:
    """The front of a variant."""
    return WaveFakeCepstra() if variant == "wavefake" else AsvspoofCepstra()
