"""The network: linear cepstra as a picture, maps that compete in pairs, two LSTMs, a mean.

Wang and Yamagishi 2021, "A Comparative Study on Recent Neural Spoofing Countermeasures for
Synthetic Speech Detection", section 3 (LCNN-LSTM-sum with a sigmoid); the convolutions after
Lavrentyeva et al. 2019, "STC Antispoofing Systems for the ASVspoof2019 Challenge".
"""

from __future__ import annotations

from torch import Tensor, nn

from unmask.nn.cepstra import SHAPES, Cepstra


class Strongest(nn.Module):
    """The larger of each pair of maps: (B, 2 C, …) to (B, C, …); map i competes with C + i."""

    def forward(self, x: Tensor) -> Tensor:
        """Half as many maps."""
        one, other = x.chunk(2, dim=1)
        return one.maximum(other)


def _step(inside: int, outside: int, side: int) -> list[nn.Module]:
    """A convolution of ``side`` × ``side`` and the competition of its maps."""
    return [nn.Conv2d(inside, outside, side, padding=side // 2), Strongest()]


def _norm(maps: int) -> nn.Module:
    return nn.BatchNorm2d(maps, affine=False)


class Recurrent(nn.Module):
    """An LSTM in both directions that keeps the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width // 2, bidirectional=True, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to the same."""
        result: Tensor = self.lstm(x)[0]
        return result


class LfccLcnn(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card."""

    def __init__(self) -> None:
        super().__init__()
        self.front = Cepstra(SHAPES["lcnn"])
        self.maps = nn.Sequential(
            *_step(1, 64, 5),
            nn.MaxPool2d(2),
            *_step(32, 64, 1),
            _norm(32),
            *_step(32, 96, 3),
            nn.MaxPool2d(2),
            _norm(48),
            *_step(48, 96, 1),
            _norm(48),
            *_step(48, 128, 3),
            nn.MaxPool2d(2),
            *_step(64, 128, 1),
            _norm(64),
            *_step(64, 64, 3),
            _norm(32),
            *_step(32, 64, 1),
            _norm(32),
            *_step(32, 64, 3),
            nn.MaxPool2d(2),
            nn.Dropout(0.7),
        )
        coefficients = SHAPES["lcnn"].coefficients * (1 + SHAPES["lcnn"].deltas)
        width = 32 * (coefficients // 16)
        self.course = nn.Sequential(Recurrent(width), Recurrent(width))
        self.classify = nn.Linear(width, 1)

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """A sixteenth of the frames goes through the LSTMs, and is added to what comes out."""
        along = self.maps(self.front(sound)[:, None]).transpose(1, 2).flatten(2)
        features = (self.course(along) + along).mean(1)
        return {"logit": self.classify(features)[:, 0], "features": features}
