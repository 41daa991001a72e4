"""Whole-picture re-synthesis: a real photo goes through a small generator and comes out the same.

Real and fake then share content, size and codec; only the traces of the decoder's up-sampling
tell them apart (the idea of aligned data: Rajan et al. 2025). Decoders differ in their up-sampling
(nearest, bilinear, transposed convolution, pixel shuffle), depth and kernel. Those with three
octaves go up eightfold, as the decoders of latent diffusion do (Rombach et al. 2022). Cheap
simulations without any training stand in ``unmask.forge.traces``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.types import Pixels

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Plan:
    """One autoencoder: how it goes up, how far it goes down, and whether it meets a critic."""

    name: str
    up: str
    octaves: int
    latent: int
    width: int = 32
    kernel: int = 3
    critic: bool = False


PLANS: tuple[Plan, ...] = (
    Plan("nearest-1", "nearest", 1, 12),
    Plan("nearest-2", "nearest", 2, 32, critic=True),
    Plan("transposed-1", "transposed", 1, 12, kernel=3),
    Plan("transposed-2", "transposed", 2, 32, kernel=4, critic=True),
    Plan("shuffle-1", "shuffle", 1, 12),
    Plan("bilinear-2", "bilinear", 2, 32),
    Plan("nearest-3", "nearest", 3, 64, critic=True),
    Plan("nearest-3-plain", "nearest", 3, 96, width=24),
    Plan("transposed-3", "transposed", 3, 64, kernel=4, critic=True),
    Plan("bilinear-3", "bilinear", 3, 64, critic=True),
)
"""Generators that training uses. Latents are wide, so that re-synthesised pictures stay sharp."""
HELD_OUT: tuple[Plan, ...] = (
    Plan("unseen-nearest-2", "nearest", 2, 40, width=24, kernel=5),
    Plan("unseen-transposed-1", "transposed", 1, 8, width=24, kernel=2),
    Plan("unseen-shuffle-2", "shuffle", 2, 40, width=24, critic=True),
    Plan("unseen-nearest-3", "nearest", 3, 80, width=24, kernel=5, critic=True),
    Plan("unseen-shuffle-3", "shuffle", 3, 64, width=24),
)
"""Generators that only evaluation uses."""


class _Up(nn.Module):
    """Twice the height and width, in one of four ways."""

    def __init__(self, way: str, inside: int, outside: int, kernel: int) -> None:
        super().__init__()
        self.way = way
        odd = kernel | 1
        if way == "transposed":
            spare = 1 if kernel % 2 else 0
            self.layer: nn.Module = nn.ConvTranspose2d(
                inside, outside, kernel, 2, (kernel - 1) // 2, output_padding=spare
            )
        elif way == "shuffle":
            self.layer = nn.Sequential(
                nn.Conv2d(inside, 4 * outside, odd, padding=odd // 2), nn.PixelShuffle(2)
            )
        else:
            self.layer = nn.Conv2d(inside, outside, odd, padding=odd // 2)

    def forward(self, x: Tensor) -> Tensor:
        if self.way in ("nearest", "bilinear"):
            x = F.interpolate(x, scale_factor=2.0, mode=self.way)
        out: Tensor = self.layer(x)
        return out


class Autoencoder(nn.Module):
    """A small convolutional autoencoder. Takes and gives B × 3 × H × W in -1…1, sides multiples
    of ``2 ** octaves``."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        widths = [plan.width] + [plan.width * 2] * (plan.octaves - 1)
        down: list[nn.Module] = []
        inside = 3
        for width in widths:
            down += [nn.Conv2d(inside, width, 4, 2, 1), nn.SiLU()]
            inside = width
        down += [nn.Conv2d(inside, inside, 3, padding=1), nn.SiLU()]
        self.encoder = nn.Sequential(*down, nn.Conv2d(inside, plan.latent, 1))
        up: list[nn.Module] = [nn.Conv2d(plan.latent, inside, 3, padding=1), nn.SiLU()]
        up += [nn.Conv2d(inside, inside, 3, padding=1), nn.SiLU()]
        for width in [*reversed(widths[:-1]), plan.width // 2]:
            up += [_Up(plan.up, inside, width, plan.kernel), nn.SiLU()]
            inside = width
        self.decoder = nn.Sequential(*up, nn.Conv2d(inside, 3, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Code and decode a batch."""
        out: Tensor = self.decoder(self.encoder(x))
        return out


def _critic() -> nn.Module:
    """A patch critic (Isola et al. 2017) of three layers."""
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(32, 48, 4, 2, 1), nn.BatchNorm2d(48), nn.LeakyReLU(0.2)),
        nn.Conv2d(48, 1, 4, 1, 1),
    )


def _differences(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


Crops = Callable[[Rng, int, int], Sequence[Pixels]]
"""Gives ``count`` square real crops of ``side`` pixels: ``crops(rng, count, side)``."""


def train_autoencoder(plan: Plan, crops: Crops, steps: int, seed: int) -> Autoencoder:
    """Train one autoencoder: absolute error, error of gradients and, with a critic, hinge loss."""
    rng = np.random.default_rng([seed, *plan.name.encode()])
    torch.manual_seed(seed)
    network = Autoencoder(plan)
    critic = _critic() if plan.critic else None
    mine = torch.optim.Adam(network.parameters(), 2e-3, betas=(0.8, 0.95))
    theirs = torch.optim.Adam(critic.parameters(), 5e-4, betas=(0.5, 0.9)) if critic else None
    for step in range(steps):
        for group in mine.param_groups:
            group["lr"] = 2e-3 * (1 - 0.95 * step / steps)
        real = as_tensor(np.stack(crops(rng, 8, 64))).contiguous(memory_format=torch.channels_last)
        fake = network(real)
        loss = (fake - real).abs().mean()
        for a, b in zip(_differences(fake), _differences(real), strict=True):
            loss = loss + (a - b).abs().mean()
        if critic and theirs and step > steps // 3:
            loss = loss - 0.02 * critic(fake).mean()
        mine.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        mine.step()
        if critic and theirs and step > steps // 4:
            worth = F.relu(1 - critic(real)).mean() + F.relu(1 + critic(fake.detach())).mean()
            theirs.zero_grad(set_to_none=True)
            torch.autograd.backward(worth)
            theirs.step()
    return network.eval().requires_grad_(False)


def as_tensor(pixels: Pixels) -> Tensor:
    """B × H × W × 3 in 0…255 to B × 3 × H × W in -1…1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


class Generators:
    """Trained autoencoders by name."""

    MARGIN = 16

    def __init__(self, networks: dict[str, Autoencoder]) -> None:
        self.networks = networks

    def __call__(self, pixels: Pixels, name: str, detail: float = 0.0) -> Pixels:
        """Re-synthesise a picture; its low frequencies are kept, its borders continued.

        ``detail`` (0…1) is the share of the lost fine detail that is put back.
        """
        height, width = pixels.shape[:2]
        edge = self.MARGIN
        around = ((edge, edge - height % -16), (edge, edge - width % -16), (0, 0))
        padded = np.pad(pixels, around, mode="symmetric")
        with torch.no_grad():
            made = self.networks[name](as_tensor(padded[None]))[0]
        levels = ((made.permute(1, 2, 0) + 1) * 127.5).numpy()
        again = np.ascontiguousarray(levels[edge : edge + height, edge : edge + width])
        miss = pixels - again
        low = cv2.GaussianBlur(miss, (0, 0), 4)
        fine = miss - cv2.GaussianBlur(miss, (0, 0), 1.0)
        return np.asarray(np.clip(again + low + detail * fine + 0.5, 0, 255), np.uint8)


def softened(real: Pixels, fake: Pixels) -> Pixels:
    """The real picture blurred until its gradients are no stronger than those of the fake.

    Without it, a detector of re-synthesis would learn to detect softness.
    """

    def strength(pixels: Pixels) -> float:
        grey = pixels.astype(np.float32).mean(2)
        return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())

    wanted = strength(fake)
    if strength(real) <= wanted:
        return real
    low, high = 0.2, 4.0
    for _ in range(6):
        middle = (low + high) / 2
        soft = np.asarray(cv2.GaussianBlur(real, (0, 0), middle), np.uint8)
        low, high = (middle, high) if strength(soft) > wanted else (low, middle)
    return soft


def load_or_train(
    plans: Sequence[Plan], crops: Crops, steps: int, seed: int, cache: Path, photos: str
) -> Generators:
    """The generators of these plans, trained now unless ``cache`` holds them.

    Plans of three octaves are harder and get three times the steps. ``photos`` names the set of
    real photos; it is part of the cache's key.
    """
    networks: dict[str, Autoencoder] = {}
    for plan in plans:
        wanted = steps * (3 if plan.octaves > 2 else 1)
        key = json.dumps([asdict(plan), wanted, seed, photos], sort_keys=True)
        path = cache / f"{plan.name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.pt"
        if path.exists():
            network = Autoencoder(plan)
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        else:
            network = train_autoencoder(plan, crops, wanted, seed)
            cache.mkdir(parents=True, exist_ok=True)
            torch.save(network.state_dict(), path)
        networks[plan.name] = network.eval().requires_grad_(False)
    return Generators(networks)
