"""The transform as kernels, against numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from torch.nn import functional as F

from official import noise
from unmask.nn.windowed_fourier import fourier


@pytest.mark.parametrize(("size", "kept"), [(400, None), (321, None), (64, range(1, 28))])
def test_kernels_are_numpys_transform(size: int, kept: range | None) -> None:
    sound = noise((1, 1, size), 3)
    real, imaginary = F.conv1d(sound, fourier(size, kept))[0, :, 0].numpy().reshape(2, -1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    expected = np.fft.rfft(sound[0, 0].numpy() * window)
    expected = expected if kept is None else expected[list(kept)]
    np.testing.assert_allclose(real + 1j * imaginary, expected, atol=1e-4)
