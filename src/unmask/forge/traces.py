"""Traces of up-sampling without a trained generator: simulations, each with drawn parameters.

``upsampled`` halves a picture and doubles it by an imperfect kernel, which leaves the spectral
replicas that Durall et al. 2020 and Zhang et al. 2019 (AutoGAN, section 3) describe. ``traced``
lays over a picture what a decoder with random weights leaves of its up-sampling: no two are alike.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.forge.resynth import as_tensor
from unmask.types import Pixels

Rng = np.random.Generator


def upsampled(pixels: Pixels, rng: Rng) -> Pixels:
    """A picture halved, doubled by zero insertion and an imperfect kernel, some detail put back.

    The four phases of the kernel do not weigh exactly the same, so replicas of the spectrum stay.
    """
    height, width = pixels.shape[:2]
    even = pixels[: height - height % 2, : width - width % 2]
    small = cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    zeros = np.zeros(even.shape, np.float32)
    zeros[::2, ::2] = small
    taps = [np.array(row, np.float32) for row in ([1, 1], [1, 2, 1], [1, 3, 3, 1], [-1, 5, 5, -1])]
    row = taps[int(rng.integers(len(taps)))]
    uneven = float(rng.uniform(0.02, 0.15))
    kernel = np.outer(row, row) * (1 + uneven * rng.uniform(-1, 1, (len(row), len(row))))
    kernel *= 4 / kernel.sum()
    doubled = cv2.filter2D(zeros, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    gain = cv2.resize(zeros[::2, ::2], even.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    low = cv2.GaussianBlur(doubled, (0, 0), 2)
    doubled += cv2.GaussianBlur(gain, (0, 0), 2) - low
    detail = even - cv2.GaussianBlur(even, (0, 0), 1.0).astype(np.float32)
    made = doubled + detail * float(rng.uniform(0, 0.8))
    out = pixels.copy()
    out[: even.shape[0], : even.shape[1]] = np.clip(made + 0.5, 0, 255).astype(np.uint8)
    return out


def _doubled(x: Tensor, way: str, outside: int, weights: torch.Generator) -> Tensor:
    """Twice the size through one random layer; ``way`` as in ``resynth.Plan``."""
    inside = x.shape[1]
    kernel = {"transposed": 4, "nearest": 3, "bilinear": 3, "shuffle": 3}[way]
    many = outside * (4 if way == "shuffle" else 1)
    layer = torch.randn(many, inside, kernel, kernel, generator=weights)
    layer *= (2 / (inside * kernel * kernel)) ** 0.5
    if way == "transposed":
        return F.conv_transpose2d(x, layer.transpose(0, 1) * 2, stride=2, padding=1)
    if way != "shuffle":
        x = F.interpolate(x, scale_factor=2.0, mode=way)
    out = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), layer)
    return F.pixel_shuffle(out, 2) if way == "shuffle" else out


def _random_decoder(pixels: Pixels, rng: Rng) -> Tensor:
    """What a decoder of one to three octaves with random weights makes of a shrunk picture."""
    octaves = int(rng.integers(1, 4))
    way = str(rng.choice(["nearest", "nearest", "bilinear", "transposed", "shuffle"]))
    weights = torch.Generator().manual_seed(int(rng.integers(2**31)))
    height, width = pixels.shape[:2]
    step = 2**octaves
    padded = np.pad(pixels, ((0, -height % step), (0, -width % step), (0, 0)), mode="symmetric")
    x = F.avg_pool2d(as_tensor(padded[None]), step)
    x = F.conv2d(x, torch.randn(12, 3, 1, 1, generator=weights)).tanh()
    for _ in range(octaves):
        x = F.leaky_relu(_doubled(x, way, 8, weights), 0.2)
    grey = torch.randn(1, 8, 3, 3, generator=weights)
    colours = grey + 0.5 * torch.randn(3, 8, 3, 3, generator=weights)
    x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), colours)
    return x[0, :, :height, :width].permute(1, 2, 0)


@torch.no_grad()
def traced(pixels: Pixels, rng: Rng) -> Pixels:
    """A softened picture under the fine traces of a random decoder, 0.7 to 4 grey levels strong.

    Strong detail carries them more than flat ground does.
    """
    made = _random_decoder(pixels, rng).numpy()
    trace = made - cv2.GaussianBlur(made, (0, 0), float(rng.uniform(0.8, 2)))
    trace /= trace.std() + 1e-6
    soft = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.3, 1.2))).astype(np.float32)
    busy = cv2.GaussianBlur(np.abs(pixels - soft).mean(2), (0, 0), 3)
    share = float(rng.uniform(0, 1))
    weight = (1 - share) + share * busy / (busy.mean() + 0.1)
    strength = float(np.exp(rng.uniform(np.log(0.7), np.log(4))))
    kept = float(rng.choice([0.0, rng.uniform(0, 0.7)]))
    out = soft + kept * (pixels - soft) + strength * trace * np.minimum(weight, 3)[..., None]
    return np.asarray(np.clip(out + 0.5, 0, 255), np.uint8)
