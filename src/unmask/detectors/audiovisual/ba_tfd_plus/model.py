"""The network: two encoders over time, frame classifiers, boundary maps and their fusion.

Cai, Ghosh, Dhall, Gedeon, Stefanov and Hayat 2023, "Glitch in the Matrix: A Large Scale Benchmark
for Content Driven Audio-Visual Forgery Detection and Localization", section 4.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn
from torchvision.models.video.mvit import MSBlockConfig, MViT

from unmask.detectors.audiovisual.ba_tfd_plus.attention import PoolingAttention
from unmask.detectors.audiovisual.ba_tfd_plus.boundary import BoundaryMaps, MapFusion, fused
from unmask.detectors.audiovisual.ba_tfd_plus.sound import SoundEncoder

FPS = 25
SIDE = 96
_SURE = 1e-6
"""Chances are kept this far from 0 and 1, so that their log-odds are finite."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. Default: the authors' (MViTv2-B, ViT-B)."""

    frames: int = 512
    durations: int = 40
    samples: int = 10
    features: int = 256
    depths: Sequence[int] = (2, 3, 16, 3)
    heads: Sequence[int] = (1, 2, 4, 8)
    widths: Sequence[int] = (96, 192, 384, 768)
    sound_layers: int = 12
    sound_heads: int = 12
    sound_width: int = 768
    boundary: Sequence[int] = (512, 128)
    patch: int = 12
    """Pixels from one patch of a frame to the next. The stages must bring them down to one: there
    is one stage more than ``SIDE / patch`` can be halved."""


class VideoEncoder(nn.Module):
    """MViTv2 (Li et al. 2022) that halves the picture between stages and never time."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        number = sum(shape.depths)
        stage = [i for i, depth in enumerate(shape.depths) for _ in range(depth)]
        wide = [shape.widths[i] for i in stage]
        shrinks = set(accumulate(shape.depths[:-1]))
        last = len(shape.depths) - 1
        blocks = [
            MSBlockConfig(
                num_heads=shape.heads[stage[i]],
                input_channels=wide[max(i - 1, 0)],
                output_channels=wide[i] if i < number - 1 else shape.features,
                kernel_q=[3, 3, 3],
                kernel_kv=[3, 3, 3],
                stride_q=[1, 2, 2] if i in shrinks else [1, 1, 1],
                stride_kv=[1, 2 ** (last - stage[i]), 2 ** (last - stage[i])],
            )
            for i in range(number)
        ]
        mvit = MViT(
            spatial_size=(SIDE, SIDE),
            temporal_size=shape.frames,
            block_setting=blocks if number > 1 else blocks * 2,  # torchvision makes two at least
            residual_pool=True,
            residual_with_cls_embed=False,
            rel_pos_embed=True,
            proj_after_attn=True,
            stochastic_depth_prob=0.2,
            patch_embed_kernel=(3, 15, 15),
            patch_embed_stride=(1, shape.patch, shape.patch),
            patch_embed_padding=(1, 3, 3),
        )
        self.embed = mvit.conv_proj
        self.position = mvit.pos_encoding
        self.blocks = mvit.blocks[:number]
        self.norm = mvit.norm
        grid = (shape.frames, SIDE // shape.patch, SIDE // shape.patch)
        for block in self.blocks:
            block.attn = PoolingAttention(block.attn, grid)
            grid = block.attn.goes

    def forward(self, video: Tensor) -> Tensor:
        """Frames (B, 3, T, 96, 96), 0…1, to features (B, C, T)."""
        tokens = self.position(self.embed(video).flatten(2).transpose(1, 2))
        grid = (self.position.temporal_size, *self.position.spatial_size)
        for block in self.blocks:
            tokens, grid = block(tokens, grid)
        cells: Tensor = self.norm(tokens).narrow(1, 1, tokens.shape[1] - 1)
        return cells.transpose(1, 2)


class TwoSenses(nn.Module, ABC):
    """Encoders of both senses, frame classifiers, and maps of stretches that are fused.

    ``see`` and ``hear``: the encoders, which give ``features`` numbers a frame.
    """

    def __init__(self, features: int, see: nn.Module, hear: nn.Module) -> None:
        super().__init__()
        self.see, self.hear = see, hear
        self.video_frames = nn.Conv1d(features, 1, 1)
        self.sound_frames = nn.Conv1d(features, 1, 1)

    @abstractmethod
    def maps(self, video: Tensor, sound: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Fused maps, those of the picture and those of the sound, (B, kinds, D, T) each, of
        features and frame scores (B, C, T)."""

    def forward(self, video: Tensor, sound: Tensor) -> dict[str, Tensor]:
        """Frames (B, T, 3, 96, 96), 0…255 at 25 a second, and samples (B, 640 × T) at 16 kHz.

        Black frames at the end are padding: they count for nothing.
        """
        seen = self.see(video.transpose(1, 2) / 255)
        heard = self.hear(sound)
        video_frames, sound_frames = self.video_frames(seen), self.sound_frames(heard)
        video_in = torch.cat([seen, video_frames], dim=1)
        sound_in = torch.cat([heard, sound_frames], dim=1)
        maps, video_maps, sound_maps = self.maps(video_in, sound_in)
        frames, map_ = shown(video).to(sound.dtype), maps.mean(1)
        return {
            "logit": highest(map_, frames).logit(_SURE),
            "map": map_,
            "video_map": video_maps.mean(1),
            "sound_map": sound_maps.mean(1),
            "video_frames": video_frames.squeeze(1),
            "sound_frames": sound_frames.squeeze(1),
            "frames": frames,
            "fused_maps": maps,
            "video_maps": video_maps,
            "sound_maps": sound_maps,
            "video_features": seen,
            "sound_features": heard,
        }


class BaTfdPlus(TwoSenses):
    """Which frames of a talking video are forged, and which stretches."""

    def __init__(self, shape: Shape | None = None) -> None:
        shape = shape or Shape()
        hear = SoundEncoder(
            shape.frames, shape.sound_width, shape.sound_layers, shape.sound_heads, shape.features
        )
        super().__init__(shape.features, VideoEncoder(shape), hear)
        inside = shape.features + 1
        wide, width = shape.boundary
        sizes = (inside, wide, width, shape.frames, shape.durations, shape.samples)
        self.video_maps = BoundaryMaps(*sizes)
        self.sound_maps = BoundaryMaps(*sizes)
        self.fuse = nn.ModuleList(MapFusion(inside, shape.durations) for _ in range(3))

    def maps(self, video: Tensor, sound: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Three kinds of maps, each of which is fused by itself."""
        seen, heard = self.video_maps(video), self.sound_maps(sound)
        return fused(self.fuse, video, sound, seen, heard), seen, heard


def shown(video: Tensor) -> Tensor:
    """How many frames of a video (B, T, 3, H, W) come before its black end, (B)."""
    place = torch.arange(1, video.shape[1] + 1, device=video.device)
    return torch.where(video.flatten(2).amax(2) > 0, place, 0).amax(1)


def highest(map_: Tensor, frames: Tensor) -> Tensor:
    """The highest value of a map (B, D, T) among proposals that end within the video, (B)."""
    durations, places = map_.shape[1:]
    end = torch.arange(1, durations + places, device=map_.device).unfold(0, places, 1)
    return torch.where(end <= frames.view(-1, 1, 1), map_, 0.0).flatten(1).amax(1)
