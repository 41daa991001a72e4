"""Noiseprint++: a learnt fingerprint of how a picture was taken and processed.

Guillaro et al. 2023, "TruFor", section 3.1: a DnCNN (Zhang et al. 2017, "Beyond a Gaussian
Denoiser", section III) trained by contrast. Its weights are the authors'.
"""

from __future__ import annotations

from torch import nn

LAYERS = 17
"""Convolutions of Noiseprint++."""
_WIDTH = 64


def noiseprint(count: int = LAYERS) -> nn.Sequential:
    """Noiseprint++: a DnCNN (Zhang et al. 2017) from pixels in 0…1 to one channel, same size.

    ``count`` of its convolutions is the authors' by default.
    """
    layers: list[nn.Module] = [nn.Conv2d(3, _WIDTH, 3, padding=1), nn.ReLU()]
    for _ in range(count - 2):
        layers += [nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, bias=False), nn.BatchNorm2d(_WIDTH)]
        layers += [nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(_WIDTH, 1, 3, padding=1))
