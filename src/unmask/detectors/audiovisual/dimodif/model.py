"""The network: what lips say and what a voice says, moment by moment, and where they differ.

After Koutlis and Papadopoulos 2024, "DiMoDif: Discourse Modality-information Differentiation for
Audio-visual Deepfake Detection and Localization". The authors' program is not to be had; encoders,
widths and layers are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.c3d import FrameResNet
from unmask.nn.near_attention import Near, Reaching
from unmask.nn.pixels import Pixels
from unmask.nn.speech import SpeechFront

FPS = 25


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. ``reach``: moments to each side that a moment hears of its own sense;
    ``shift``: by how many moments sound may lie off the picture and still be compared; ``trunk``:
    blocks of each stage that sees the lips."""

    lips: int = 512
    width: int = 256
    heads: int = 4
    layers: int = 2
    reach: int = 8
    shift: int = 3
    trunk: tuple[int, ...] = (2, 2, 2, 2)


class Differing(nn.Module):
    """Two senses (B, T, C) to how they differ at each moment, (B, T, C).

    Sound is first laid on the picture: each moment of the picture takes the sound that fits it best
    within ``shift``. Difference and product of both then go through one layer.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(shape.width)
        self.align = Reaching(shape.width, shape.heads, shape.shift)
        self.join = nn.Linear(2 * shape.width, shape.width)

    def forward(self, seen: Tensor, heard: Tensor) -> Tensor:
        """The map of differences."""
        laid = self.align(self.norm(seen), self.norm(heard))
        both = torch.cat([(seen - laid).abs(), seen * laid], dim=-1)
        result: Tensor = F.gelu(self.join(both))
        return result


class Discourse(nn.Module):
    """Features of both senses, moment by moment, to what is said of each and of the whole."""

    def __init__(self, seen: int, heard: int, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.from_seen = nn.Sequential(nn.LayerNorm(seen), nn.Linear(seen, width))
        self.from_heard = nn.Sequential(nn.LayerNorm(heard), nn.Linear(heard, width))
        self.see, self.hear, self.read = (
            nn.Sequential(*(Near(width, shape.heads, shape.reach) for _ in range(shape.layers)))
            for _ in range(3)
        )
        self.differ = Differing(shape)
        self.moment = nn.Linear(width, 1)
        self.reach = nn.Linear(width, 2)

    def forward(self, seen: Tensor, heard: Tensor) -> dict[str, Tensor]:
        """``edges``: moments back to the start and on to the end of the stretch around each."""
        seen, heard = self.see(self.from_seen(seen)), self.hear(self.from_heard(heard))
        found = self.read(self.differ(seen, heard))
        moments = self.moment(found)[..., 0]
        # A soft maximum: one surely forged moment is enough, and every moment is moved.
        whole = moments.logsumexp(1) - math.log(moments.shape[1])
        return {"logit": whole, "moments": moments, "edges": F.softplus(self.reach(found))}


class DiMoDif(nn.Module):
    """Frames of a face (B, T, 3, H, W), 0…255, 25 a second, and samples (B, 640 × T) at 16 kHz."""

    def __init__(self, speech: SpeechFront, shape: Shape | None = None) -> None:
        super().__init__()
        shape = shape or Shape()
        self.pixels = Pixels()
        self.lips = FrameResNet(width=shape.lips, blocks=shape.trunk)
        self.speech = speech
        self.discourse = Discourse(shape.lips, speech.width, shape)

    def forward(self, video: Tensor, sound: Tensor) -> dict[str, Tensor]:
        """Layers of the speech encoder are averaged and brought to the moments of the picture."""
        shown = self.pixels(video.flatten(0, 1)).view_as(video)
        seen = self.lips(shown.transpose(1, 2))
        heard = self.speech(sound).mean(1).transpose(1, 2)
        heard = F.interpolate(heard, size=seen.shape[1], mode="linear").transpose(1, 2)
        result: dict[str, Tensor] = self.discourse(seen, heard)
        return result
