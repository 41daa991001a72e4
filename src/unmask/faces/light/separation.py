"""A face's picture taken apart: texture by Retinex, light by spherical harmonics, and what is left.

Fei et al. 2026, section 3: the picture is light × texture. The texture is a Retinex over several
scales (Jobson, Rahman and Woodell 1997); with it fixed, the first nine spherical harmonics of the
surface's directions (Ramamoorthi and Hanrahan 2001) are fitted, one for light from everywhere,
eight for light that comes straight. They are too smooth for what shines; it is what they leave.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.faces.light.unwrapping import FlatFace, Floats, flat_face
from unmask.types import Pixels

SCALES = (15 / 256, 40 / 256, 80 / 256)
"""Of the Gaussians, in sides of the picture; the paper's are not known here."""
_DARKEST = 1 / 255
MAPS = 12
"""Of a face: the picture, texture, direct light and what shines back, three colours each."""


def texture(picture: Floats) -> Floats:
    """The Retinex of a picture (S × S × 3, 0…1), about 1.

    The mean over the scales of log I - log G(I) is the *logarithm* of the texture; the light that
    is multiplied with it needs the texture itself.
    """
    bright = np.maximum(picture, _DARKEST)
    logs = [np.log(bright / np.maximum(one, _DARKEST)) for one in _smooth(bright)]
    found: Floats = np.exp(np.mean(logs, axis=0))
    return found


def _smooth(picture: Floats) -> list[Floats]:
    """The picture under Gaussians of all scales, its edges mirrored."""
    side = picture.shape[0]
    mirrored = np.concatenate([picture, picture[::-1]], axis=0)
    mirrored = np.concatenate([mirrored, mirrored[:, ::-1]], axis=1)
    waves = np.fft.rfft2(mirrored, axes=(0, 1))
    down, across = np.fft.fftfreq(2 * side), np.fft.rfftfreq(2 * side)
    squares = down[:, None] ** 2 + across[None] ** 2
    return [
        np.fft.irfft2(
            waves * np.exp(-2 * (np.pi * scale * side) ** 2 * squares)[..., None],
            s=mirrored.shape[:2],
            axes=(0, 1),
        )[:side, :side]
        for scale in SCALES
    ]


def harmonics(normals: Floats) -> Floats:
    """The nine real spherical harmonics of directions (N × 3, of length one), N × 9."""
    x, y, z = normals.T
    squares = 0.315392 * (3 * z**2 - 1), 0.546274 * (x**2 - y**2)
    return np.stack(
        [
            np.full_like(x, 0.282095),
            *(0.488603 * y, 0.488603 * z, 0.488603 * x),
            *(1.092548 * x * y, 1.092548 * y * z, squares[0], 1.092548 * x * z, squares[1]),
        ],
        axis=1,
    )


def fitted(colour: Floats, surface: Floats, basis: Floats) -> tuple[Floats, Floats]:
    """Light from everywhere and light that comes straight (both N × 3) of N places.

    ``colour`` and ``surface`` (the texture) are N × 3; ``basis``: their harmonics, N × 9. By least
    squares of colour = texture × light, each colour by itself.
    """
    ambient, direct = np.empty_like(colour), np.empty_like(colour)
    for channel in range(colour.shape[1]):
        matrix = surface[:, channel, None] * basis
        found = np.linalg.lstsq(matrix, colour[:, channel], rcond=None)[0]
        ambient[:, channel] = basis[:, 0] * found[0]
        direct[:, channel] = basis[:, 1:] @ found[1:]
    return ambient, direct


def separated(face: Pixels, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """A square picture of a face (S × S × 3) and its mesh in it, as ``MAPS`` × S × S.

    ``points``: 468 × 3, in pixels of the square, the third towards the viewer below 0. The picture
    stays as it is (0…255); texture, direct light and reflection are laid flat, 1 = as bright as a
    picture can be. What looks away from the viewer is left at 0.
    """
    side = face.shape[0]
    flat = flat_face(side)
    surface = points.astype(np.float64) * [1, -1, -1]  # up and towards the viewer
    normals = flat.normals(surface)
    if normals[:, 2].sum() < 0:
        normals = -normals
    looks = flat.between(normals)
    looks /= np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), 1e-12)
    seen = looks[:, 2] > 0
    picture = face.astype(np.float64) / 255
    maps = np.concatenate([picture, texture(picture)], axis=2)
    values = _at(maps, flat.between(points[:, :2].astype(np.float64))[seen])
    colour, rough = np.maximum(values[:, :3], _DARKEST), values[:, 3:]
    ambient, direct = fitted(colour, rough, harmonics(looks[seen]))
    shining = colour / rough - ambient - direct
    laid = _laid(flat, seen, np.hstack([rough, direct, shining]))
    return np.concatenate([face.astype(np.float32).transpose(2, 0, 1), laid])


def _laid(flat: FlatFace, seen: NDArray[np.bool_], values: Floats) -> NDArray[np.float32]:
    whole = np.zeros((len(seen), values.shape[1]))
    whole[seen] = values
    return flat.laid(whole)


def _at(maps: Floats, places: Floats) -> Floats:
    """Values of maps (S × S × N) at places (K × 2, columns and rows) between pixels, K × N."""
    side = maps.shape[0]
    clipped = np.clip(places, 0, side - 1)
    low = np.minimum(clipped.astype(int), side - 2)
    x, y = (clipped - low).T[..., None]
    column, row = low.T
    above = maps[row, column] * (1 - x) + maps[row, column + 1] * x
    below = maps[row + 1, column] * (1 - x) + maps[row + 1, column + 1] * x
    found: Floats = above * (1 - y) + below * y
    return found
