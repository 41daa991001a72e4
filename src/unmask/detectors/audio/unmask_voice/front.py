"""What the network hears: a published speech encoder, frozen, beside spectra with linear frequency.

The encoder's lower blocks have learned what speech looks like; the linear bands keep the fine grain
in which vocoders differ from a vocal tract. Nothing here is trained.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.detectors.audio.unmask_voice.spectra import (
    CLIP,
    HOP,
    LINES,
    STEP,
    Grain,
    Spectra,
    in_a_row,
    joined,
    power,
)
from unmask.nn.whisper import BLOCKS, WIDTH, Encoder, log_mel, mel_filters
from unmask.nn.windowed_fourier import fourier

LAYERS = BLOCKS + 1
BINS = 128


class Seen(NamedTuple):
    """What the frozen part hands to the head; T is 55 for each clip in a row.

    ``layers``: batch × LAYERS × T × 384; ``spectrum``: batch × BINS × 4·T; ``grain``: see there.
    """

    layers: Tensor
    spectrum: Tensor
    grain: Grain


class Front(nn.Module):
    """A wave to what the head looks at. Nothing here is trained."""

    fourier: Tensor
    mel: Tensor
    bands: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(CLIP // 320)
        self.spectra = Spectra()
        self.register_buffer("fourier", fourier(400))
        self.register_buffer("mel", torch.from_numpy(mel_filters())[..., None])
        # Lines of 25 Hz are summed into linear bands of 54 Hz.
        bands = np.zeros((BINS, LINES), np.float32)
        for i, part in enumerate(np.array_split(np.arange(LINES), BINS)):
            bands[i, part] = 1 / len(part)
        self.register_buffer("bands", torch.from_numpy(bands)[..., None])
        for parameter in self.parameters():
            parameter.requires_grad_(False)

    def forward(self, wave: Tensor) -> Seen:
        """Batch × CLIP, to ``Seen``."""
        clip = self.spectra.levelled(wave)
        layers = self.encoder(log_mel(power(clip.wave, self.fourier, HOP), self.mel))
        b = layers.shape[0]
        layers = layers.reshape(b, LAYERS, CLIP // STEP, 2, WIDTH).mean(dim=3)
        lines = self.spectra.lines(clip)
        spectrum = torch.clamp(F.conv1d(lines, self.bands), min=1e-6).log() / 4
        return Seen(layers, spectrum, self.spectra.grain(clip, lines))

    def window(self, wave: Tensor) -> tuple[Seen, Seen]:
        """Batch × SAMPLES, to its clips (twice the batch) and the same laid in a row again."""
        clips = self.forward(wave.reshape(-1, CLIP))
        # Clips × layers × time × width: time joins as it does for channels × time.
        layers = joined(clips.layers.transpose(2, 3).flatten(1, 2))
        layers = layers.reshape(-1, LAYERS, WIDTH, layers.shape[-1]).transpose(2, 3)
        return clips, Seen(layers, joined(clips.spectrum), in_a_row(clips.grain))
