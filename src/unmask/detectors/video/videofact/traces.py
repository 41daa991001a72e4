"""What the camera and the codec left in a patch: MISLnet (Bayar and Stamm 2018) without its end."""

from __future__ import annotations

from torch import Tensor, nn

WIDTH = 200


class Traces(nn.Module):
    """Patches (N, 3, 128, 128), 0…255, to embeddings (N, 200).

    The first filters are plain ones, not held to be predictions of their middle.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv2d(3, 3, 5),
            nn.Conv2d(3, 96, 7, stride=2, padding=5),
            *(nn.BatchNorm2d(96), nn.Tanh(), nn.MaxPool2d(3, 2, 1)),
            nn.Conv2d(96, 64, 5, padding=2),
            *(nn.BatchNorm2d(64), nn.Tanh(), nn.MaxPool2d(3, 2, 1)),
            nn.Conv2d(64, 64, 5, padding=2),
            *(nn.BatchNorm2d(64), nn.Tanh(), nn.MaxPool2d(3, 2)),
            nn.Conv2d(64, 128, 1),
            *(nn.BatchNorm2d(128), nn.Tanh(), nn.AvgPool2d(3, 2, 1)),
        )
        self.last = nn.Sequential(nn.Linear(128 * 16, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH))
        for part in self.maps:
            if isinstance(part, nn.Conv2d):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)  # type: ignore[arg-type]

    def forward(self, patches: Tensor) -> Tensor:
        """The embeddings."""
        seen: Tensor = self.last(self.maps(patches).flatten(1))
        return seen
