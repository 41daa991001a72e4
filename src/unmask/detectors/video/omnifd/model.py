"""OmniFD (Liu et al. 2025): an encoder of clips, latents that read it, and a head a task.

A picture is a clip with one more frame, of the mean colour. All tasks share all but their heads.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.omnifd.latents import Interaction
from unmask.detectors.video.omnifd.stretches import STRIDES, Stretches
from unmask.nn.pixels import Pixels
from unmask.nn.video_swin import VideoSwin

FRAMES = 32
SIDE = 224


class Places(nn.Module):
    """Maps of a picture's four stages and latents (B, L, C) to log-odds of places (B, h, w)."""

    def __init__(self, came: int, width: int, known: int, latents: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(came, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
        )
        self.proj = nn.Sequential(nn.Linear(known, width), nn.LayerNorm(width))
        self.mixed = nn.Linear(latents, 1)

    def forward(self, maps: list[Tensor], latents: Tensor) -> Tensor:
        """How each place fits a mixture of the latents."""
        flat = [one.select(2, 0) for one in maps]
        size = flat[0].shape[-2:]
        same = [F.interpolate(one, size=size, mode="bilinear") for one in flat[1:]]
        wide = [flat[0], *same]
        seen = self.convs(torch.cat(wide, 1))
        wanted = self.mixed(self.proj(latents).transpose(1, 2)).unsqueeze(2)
        fits: Tensor = (seen * wanted).sum(1)
        return fits


class OmniFD(nn.Module):
    """Clips of a face (B, 32, 3, 224, 224), RGB 0…255, to all that is said of them.

    ``width``, ``depths`` and ``heads`` are Video Swin's (the small one), ``known`` and ``latents``
    the width and number of the latents, ``places`` the width of the head of places, ``readings``
    how often the latents read what was seen, ``levels`` those of time.
    """

    normaliser: Tensor

    def __init__(
        self,
        width: int = 96,
        depths: Sequence[int] = (2, 2, 18, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        known: int = 512,
        latents: int = 64,
        places: int = 256,
        drop_path: float = 0.3,
        readings: int = 3,
        levels: int = len(STRIDES),
    ) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.encoder = VideoSwin(width, depths, heads, drop_path=drop_path)
        last = len(depths) - 1
        widths = tuple(width * 2 ** min(place + 1, last) for place in range(len(depths)))
        self.interaction = Interaction(widths, known, latents, readings)
        self.picture, self.video = nn.Linear(known, 2), nn.Linear(known, 2)
        self.places = Places(sum(widths), places, known, latents)
        self.stretches = Stretches(widths[-1], known, levels=levels)
        self.register_buffer("normaliser", torch.tensor(100.0))

    def seen(self, frames: Tensor) -> tuple[list[Tensor], Tensor]:
        """Of normalised frames: maps after each stage (B, C, T / 2, h, w), and the latents that
        read them."""
        maps = self.encoder(frames.transpose(1, 2))
        maps[-1] = self.encoder.final(maps[-1])
        return maps, self.interaction(maps)

    def of_pictures(self, picture: Tensor) -> dict[str, Tensor]:
        """Pictures (B, 3, H, W): ``logit`` (B), and ``places``, log-odds (B, H / 8, W / 8)."""
        shown = self.pixels(picture).unsqueeze(1)
        maps, latents = self.seen(torch.cat([shown, torch.zeros_like(shown)], 1))
        return {"logit": self._forged(self.picture, latents), "places": self.places(maps, latents)}

    def of_clips(self, frames: Tensor) -> dict[str, Tensor]:
        """Clips (B, T, 3, H, W): ``logit`` (B), ``chances`` (B, 63) and ``reaches`` (B, 63, 2)."""
        maps, latents = self.seen(self.pixels(frames))
        chances, reaches = self.stretches(maps[-1], latents)
        logit = self._forged(self.video, latents)
        return {"logit": logit, "chances": chances, "reaches": reaches}

    def _forged(self, layer: nn.Module, latents: Tensor) -> Tensor:
        """Log-odds of one task: of its two outputs the first is for what is real."""
        real_and_forged: Tensor = layer(latents.mean(1))
        return real_and_forged.select(1, 1) - real_and_forged.select(1, 0)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the clip was forged. ``times`` (B, 63, 3): chance, start and end
        in steps of the clip. ``picture`` (B) and ``mask`` (B, H, W): of its middle frame alone.
        """
        clip = self.of_clips(frames)
        middle = self.of_pictures(frames.select(1, frames.shape[1] // 2))
        wide = F.interpolate(middle["places"].unsqueeze(1), scale_factor=8.0, mode="bilinear")
        ends = self.stretches.ends(clip["reaches"])
        said = torch.cat([clip["chances"].sigmoid().unsqueeze(2), ends], 2)
        return {
            "logit": clip["logit"],
            "times": said,
            "picture": middle["logit"],
            "mask": wide.squeeze(1),
        }
