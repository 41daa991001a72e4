"""The network: a face's movement under noise, cleaned by its voice as one person would move.

After Shiohara, Yamasaki and Golyanik 2026, "ExposeAnyone: Personalized
Audio-to-Expression Diffusion Models Are Robust Zero-Shot Face Forgery Detectors". The authors'
program is not to be had. Diffusion: Ho, Jain and Abbeel 2020; the way to noise is a quarter
circle, after the cosine schedule of Nichol and Dhariwal 2021, section 3.2. No face is
ever made: what comes out is a distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.block_dct import cosines, zigzag
from unmask.nn.mel_cepstra import MelCepstra
from unmask.nn.near_attention import Near

FPS = 25
_SIDE = 16
_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. ``curves``: how many the movement has; ``levels``: shares of the way to
    pure noise at which the distance is taken."""

    frames: int = 50
    curves: int = 32
    width: int = 256
    heads: int = 4
    layers: int = 4
    levels: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8)


class Movement(nn.Module):
    """Frames of a face to curves of its movement, (B, T, curves), of variance 1.

    The low frequencies (cosines) of the grey picture in 16 × 16 cells, less their mean over time:
    what stands still (whose face it is, its light) is gone.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, curves: int) -> None:
        super().__init__()
        places = torch.tensor(zigzag(_SIDE)[1 : curves + 1])
        basis = cosines(_SIDE).float()
        self.register_buffer("rows", basis[places[:, 0]], persistent=False)
        self.register_buffer("columns", basis[places[:, 1]], persistent=False)

    def forward(self, video: Tensor) -> Tensor:
        """(B, T, 3, H, W), 0…255, H and W multiples of 16."""
        grey = video.mean(2) / 255
        cells = F.avg_pool2d(grey, grey.shape[-1] // _SIDE)
        found = torch.einsum("bthw,ch,cw->btc", cells, self.rows, self.columns)
        found = found - found.mean(1, keepdim=True)
        spread = (found.square().mean((1, 2), keepdim=True) + _LEAST**2).sqrt()
        return found / spread


class Denoiser(nn.Module):
    """Curves under noise, the voice and the level of noise to the noise, all moment by moment.

    ``person``: by how much values grow before each layer, and what is added to them, for one
    person; 0 for people at large.
    """

    def __init__(self, shape: Shape, cepstra: int = 13) -> None:
        super().__init__()
        width = shape.width
        self.curves = nn.Linear(shape.curves, width)
        self.voice = nn.Linear(cepstra, width)
        self.level = nn.Sequential(nn.Linear(1, width), nn.SiLU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(
            Near(width, shape.heads, shape.frames) for _ in range(shape.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, shape.curves)
        self.person = nn.Parameter(torch.zeros(shape.layers, 2, width), requires_grad=False)
        place = torch.arange(shape.frames)[:, None] * torch.exp(
            torch.arange(0, width, 2) * (-math.log(1000.0) / width)
        )
        self.register_buffer("place", torch.cat([place.sin(), place.cos()], 1), persistent=False)

    def forward(self, curves: Tensor, voice: Tensor, level: Tensor, personal: bool) -> Tensor:
        """``level`` (B): 0…1."""
        x = self.curves(curves) + self.voice(voice) + self.level(level[:, None])[:, None]
        x = x + self.get_buffer("place")[: curves.shape[1]]
        for layer, own in zip(self.layers, self.person, strict=True):
            x = layer(x * (1 + own[0]) + own[1] if personal else x)
        result: Tensor = self.out(self.norm(x))
        return result


def noised(curves: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """Curves a share ``level`` (B) of the way to noise; the sum of squares stays."""
    turn = (level * math.pi / 2)[:, None, None]
    return turn.cos() * curves + turn.sin() * noise


class ExposeAnyone(nn.Module):
    """Frames (B, T, 3, H, W), 0…255, 25 a second, and samples (B, 640 × T), to the card's outputs.

    ``personal``: judges by what one person adds, else by people at large.
    """

    fixed: Tensor
    levels: Tensor

    def __init__(self, shape: Shape, personal: bool) -> None:
        super().__init__()
        self.shape, self.personal = shape, personal
        self.movement = Movement(shape.curves)
        self.cepstra = MelCepstra()
        self.denoise = Denoiser(shape)
        rng = torch.Generator().manual_seed(0)
        size = (len(shape.levels), shape.frames, shape.curves)
        self.register_buffer("fixed", torch.randn(size, generator=rng), persistent=False)
        self.register_buffer("levels", torch.tensor(shape.levels), persistent=False)
        for name, value in self.denoise.named_parameters():
            value.requires_grad_((name == "person") == personal)

    def features(self, video: Tensor, sound: Tensor) -> tuple[Tensor, Tensor]:
        """Curves and voice, 25 moments a second, both levelled along the clip."""
        curves = self.movement(video)
        voice = self.cepstra(sound)
        apart = voice - voice.mean(1, keepdim=True)
        voice = apart / (apart.square().mean(1, keepdim=True) + _LEAST).sqrt()
        voice = F.interpolate(voice.transpose(1, 2), size=curves.shape[1], mode="linear")
        return curves, voice.transpose(1, 2)

    def error(self, curves: Tensor, voice: Tensor, personal: bool) -> Tensor:
        """How far the noise is missed, (B), the same noise for every clip."""
        count, batch = len(self.levels), curves.shape[0]
        level = self.levels[:, None].expand(-1, batch).flatten()
        noise = self.fixed[:, None].expand(-1, batch, -1, -1).flatten(0, 1)
        mixed = noised(curves.repeat(count, 1, 1), noise, level)
        missed = self.denoise(mixed, voice.repeat(count, 1, 1), level, personal) - noise
        distance: Tensor = missed.square().mean((1, 2)).reshape(count, batch).mean(0)
        return distance

    def judged(self, curves: Tensor, voice: Tensor) -> dict[str, Tensor]:
        """The distance from features."""
        general = self.error(curves, voice, personal=False)
        if not self.personal:
            return {"logit": general.clamp(min=1e-12).log(), "error": general}
        own = self.error(curves, voice, personal=True)
        ratio = own.clamp(min=1e-12).log() - general.clamp(min=1e-12).log()
        return {"logit": ratio, "error": own}

    def forward(self, video: Tensor, sound: Tensor) -> dict[str, Tensor]:
        """How little the person explains the movement."""
        return self.judged(*self.features(video, sound))
