"""Noise watermark: a generator's starting noise out of the owner's secret bank, found again later.

The bank holds numbered noises that follow from a secret, in groups. Each noise carries the
pattern of its group in rings of the Fourier plane of one channel, which turning the picture does
not move. A latent that was inverted from a picture is looked up in two stages: the group whose
rings are nearest, then the noise of that group that is most alike. Cosines of independent noises
are known, so that the p-value of a find needs no data.

After the first and second stage of the paper. Making pictures and inverting them need the owner's
generator and are not here: what is handed over is the latent, a ``.npy`` file.
"""

from __future__ import annotations

import hashlib
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from unmask.errors import DataError, SettingError
from unmask.protect.base import Done, Given, Protection, Settings

CITATION = (
    "Arabi, Feuer, Witter, Hegde, Cohen: Hidden in the Noise: Two-Stage Robust Watermarking for "
    "Images. ICLR 2025"
)
URL = "https://arxiv.org/abs/2412.04653"
_RINGS = range(3, 15)
"""Radii of the rings; each holds one sign, so that there are 4,096 patterns."""
_LARGEST = 1 << 26

Latent = NDArray[np.float32]


class Bank(Settings):
    """The bank: ``noises`` in ``groups``, ``channels`` of ``side`` × ``side`` numbers.

    ``number``: which noise is written when no latent is given; ``level``: p-value of a find.
    """

    noises: int = Field(default=10_000, ge=1, le=10_000_000)
    groups: int = Field(default=100, ge=1, le=2048)
    channels: int = Field(default=4, ge=1, le=16)
    side: int = Field(default=64, ge=32, le=256)
    number: int = Field(default=0, ge=0)
    level: float = Field(default=1e-6, gt=0, lt=0.5)

    @model_validator(mode="after")
    def _fits(self) -> Bank:
        if self.number >= self.noises or self.groups > self.noises:
            raise ValueError("number and groups must lie within noises")
        return self


class NoiseWatermark(Protection[Bank]):
    """A noise of the bank, or the noise that an inverted latent began with."""

    kind = "mark"
    file_is = "latent"
    needs = frozenset({"key"})
    takes = frozenset({"file"})
    limits = (
        "It marks what the owner's generator makes from the noise, and a latent is only found "
        "again as well as the generator can be inverted; a turned picture shows its group alone."
    )
    settings_type = Bank

    def protect(self, given: Given) -> Done:
        """The noise ``number`` as ``noise.npy``, or what a latent is."""
        own = self.settings
        if given.file is None:
            held = io.BytesIO()
            np.save(held, marked(given.key, own, own.number), allow_pickle=False)
            return Done(
                f"Noise {own.number} of {own.noises}, group {own.number % own.groups}. Let the "
                "generator start from it.",
                {"number": own.number, "group": own.number % own.groups},
                {"noise.npy": held.getvalue()},
            )
        latent = _read(given.file, own)
        group, distance = nearest_group(latent, given.key, own)
        number, cosine, p = nearest_noise(latent, given.key, own, group)
        found = p <= own.level
        values: dict[str, Any] = {
            "group": group, "ring_distance": distance, "number": number, "cosine": cosine,
            "p_value": p, "found": found,
        }  # fmt: skip
        said = f"it began with noise {number}" if found else "no noise of the bank"
        return Done(
            f"Nearest group {group}; most alike noise {number} (cosine {cosine:+.3f}); in a share "
            f"of {p:.2g} of foreign latents one would be as alike: {said}.",
            values,
        )


def marked(key: bytes, bank: Bank, number: int) -> Latent:
    """A noise of the bank with the rings of its group in the last channel."""
    noise = _noise(key, bank, number)
    plane = _plane(noise[-1])
    signs = _signs(key, bank)[number % bank.groups]
    for sign, ring in zip(signs, _rings(bank.side), strict=True):
        plane[ring] = sign * bank.side  # as strong as the noise itself
    noise[-1] = _back(plane)
    return noise


def nearest_group(latent: Latent, key: bytes, bank: Bank) -> tuple[int, float]:
    """The group whose rings are nearest, and how far they are (in units of a ring's strength)."""
    plane = _plane(latent[-1]).real / bank.side
    held = np.array([plane[ring].mean() for ring in _rings(bank.side)])
    away = np.abs(held - _signs(key, bank)).mean(1)
    group = int(away.argmin())
    return group, float(away[group])


def nearest_noise(
    latent: Latent, key: bytes, bank: Bank, group: int
) -> tuple[int, float, float]:  # fmt: skip
    """The noise of a group most like a latent, their cosine, and the p-value of such a find.

    Cosines of a latent and independent noises of d numbers are near normal, of variance 1/d. That
    the group was chosen, and the best of its noises, is paid for by their number.
    """
    own = _without_rings(latent)
    best, most = group, -2.0
    for number in range(group, bank.noises, bank.groups):
        other = _without_rings(_noise(key, bank, number))
        both = float(np.linalg.norm(own)) * float(np.linalg.norm(other))
        cosine = float(own @ other) / max(both, 1e-12)
        if cosine > most:
            best, most = number, cosine
    once = math.erfc(most * math.sqrt(own.size / 2)) / 2
    return best, most, min(1.0, once * bank.noises)


def _noise(key: bytes, bank: Bank, number: int) -> Latent:
    seed = hashlib.sha256(b"noise" + number.to_bytes(8, "little") + key).digest()
    rng = np.random.Generator(np.random.Philox(list(seed)))
    return rng.standard_normal((bank.channels, bank.side, bank.side), dtype=np.float32)


def _signs(key: bytes, bank: Bank) -> NDArray[np.float64]:
    """Groups × rings: different signs for each group, by the secret."""
    rng = np.random.default_rng(list(hashlib.sha256(b"groups" + key).digest()))
    codes = rng.permutation(1 << len(_RINGS))[: bank.groups]
    bits = (codes[:, None] >> np.arange(len(_RINGS))) & 1
    return np.asarray(bits * 2.0 - 1.0, np.float64)


def _rings(side: int) -> list[NDArray[np.bool_]]:
    down, across = np.mgrid[:side, :side] - side // 2
    radius = np.round(np.hypot(down, across)).astype(int)
    return [radius == r for r in _RINGS]


def _without_rings(latent: Latent) -> NDArray[np.float64]:
    """A latent as one row, its rings set to nothing."""
    whole = latent.astype(np.float64)
    plane = _plane(whole[-1])
    for ring in _rings(whole.shape[-1]):
        plane[ring] = 0
    whole[-1] = _back(plane)
    return whole.ravel()


def _plane(channel: NDArray[np.floating]) -> NDArray[np.complex128]:
    """Its Fourier plane, with the middle of the picture as origin, so that turning turns it."""
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(channel.astype(np.float64))))


def _back(plane: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(plane))).real


def _read(path: Path, bank: Bank) -> Latent:
    """A latent from a file of numpy. Raises DataError for anything else."""
    try:
        if path.stat().st_size > _LARGEST:
            raise SettingError(f"{path} is too large for a latent.")
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is no array of numpy: {error}.") from error
    wanted = (bank.channels, bank.side, bank.side)
    if not isinstance(found, np.ndarray) or found.size != np.prod(wanted):
        shape = list(getattr(found, "shape", ()))
        raise DataError(f"{path} holds {shape}; a latent of this bank is {list(wanted)}.")
    if found.dtype.kind != "f" or not np.isfinite(found).all():
        raise DataError(f"{path} holds what is no number.")
    return found.reshape(wanted).astype(np.float32)
