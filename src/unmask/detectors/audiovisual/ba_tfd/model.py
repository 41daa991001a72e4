"""The network: C3D over frames, a CNN over sound, plain boundary maps of both, and their fusion.

Cai, Stefanov, Dhall and Hayat 2022, "Do You Really Mean That? Content Driven Audio-Visual Deepfake
Dataset and Multimodal Method for Temporal Forgery Localization", section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from unmask.detectors.audiovisual.ba_tfd_plus.boundary import MapFusion, fused, sampling
from unmask.detectors.audiovisual.ba_tfd_plus.model import TwoSenses
from unmask.detectors.audiovisual.ba_tfd_plus.sound import LogMel
from unmask.nn.c3d import C3D


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. Default: the authors'."""

    frames: int = 512
    durations: int = 40
    samples: int = 10
    features: int = 256
    widths: Sequence[int] = (64, 96, 128, 128)
    sound: Sequence[int] = (32, 64, 64)
    boundary: Sequence[int] = (512, 128)


def _layer(
    inside: int, outside: int, size: int | tuple[int, int], pad: int | tuple[int, int]
) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, size, padding=pad), nn.LeakyReLU()]


class SoundCnn(nn.Module):
    """A log-mel spectrogram, four columns a video frame, to features of frames."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        first, second, third = widths
        self.spectrum = LogMel()
        self.layers = nn.Sequential(
            *_layer(1, first, 3, 1),
            nn.MaxPool2d(2),
            *_layer(first, second, 3, 1),
            *_layer(second, second, 3, 1),
            nn.MaxPool2d(2),
            *_layer(second, third, (2, 1), (1, 0)),
            nn.MaxPool2d((2, 1)),
            *_layer(third, third, (3, 1), (1, 0)),
            nn.MaxPool2d((2, 1)),
        )

    def forward(self, sound: Tensor) -> Tensor:
        """Samples (B, 640 × frames) to (B, 4 × the last width, frames)."""
        result: Tensor = self.layers(self.spectrum(sound)[:, None]).flatten(1, 2)
        return result


class PlainMap(nn.Module):
    """Features of frames (B, C, T) to one map (B, D, T) of expected overlap, 0…1."""

    left: Tensor
    right: Tensor
    near_left: Tensor
    near_right: Tensor

    def __init__(self, inside: int, shape: Shape) -> None:
        super().__init__()
        names = ("left", "right", "near_left", "near_right")
        found = sampling(shape.frames, shape.durations, shape.samples)
        for name, value in zip(names, found, strict=True):
            self.register_buffer(name, value, persistent=False)
        wide, width = shape.boundary
        self.gather = nn.Sequential(nn.Conv3d(inside, wide, (shape.samples, 1, 1)), nn.LeakyReLU())
        self.judge = nn.Sequential(
            *_layer(wide, width, 1, 0), *_layer(width, width, 3, 1), nn.Conv2d(width, 1, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        """The map."""
        at = features[..., self.left] * self.near_left + features[..., self.right] * self.near_right
        result: Tensor = self.judge(self.gather(at).squeeze(2)).squeeze(1).sigmoid()
        return result


class BaTfd(TwoSenses):
    """Which frames of a talking video are forged, and which stretches."""

    def __init__(self, shape: Shape | None = None) -> None:
        shape = shape or Shape()
        see = C3D(shape.widths, shape.features)
        super().__init__(shape.features, see, SoundCnn(shape.sound))
        inside = shape.features + 1
        self.video_map = PlainMap(inside, shape)
        self.sound_map = PlainMap(inside, shape)
        self.fuse = MapFusion(inside, shape.durations)

    def maps(self, video: Tensor, sound: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One map of each sense, and what they are fused to."""
        seen, heard = self.video_map(video), self.sound_map(sound)
        seen, heard = seen[:, None], heard[:, None]
        return fused([self.fuse], video, sound, seen, heard), seen, heard
