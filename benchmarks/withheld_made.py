"""Sounds without speech, and regular patterns over pictures, made for ``withheld_scores.py``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.signal import butter, lfilter

Sound = NDArray[np.float64]
Pixels = NDArray[np.float64]
RATE = 44_100
SECONDS = 8


def _noise(seed: int, level: float = 0.003) -> Sound:
    return np.random.default_rng(seed).normal(0, level, SECONDS * RATE)


def _put(sound: Sound, part: Sound, at: float) -> None:
    begin = int(at * RATE)
    end = min(len(sound), begin + len(part))
    sound[begin:end] += part[: end - begin]


def _tone(seconds: float, pitch: Sound | float, partials: int, level: float) -> Sound:
    times = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(pitch, times.shape)) / RATE
    rim = np.minimum(1, np.minimum(times, seconds - times) / 0.05)
    wave = sum(np.sin(k * phase) / k for k in range(1, partials + 1))
    return np.asarray(level * rim * wave / 1.5)


def applause(seed: int) -> Sound:
    """Claps: short bursts of noise in a band."""
    draw = np.random.default_rng(seed)
    sound = _noise(seed)
    for at in draw.uniform(0, SECONDS - 0.1, int(draw.integers(8, 60)) * SECONDS):
        burst = draw.normal(0, 1, 882) * np.exp(-np.arange(882) / (0.004 * RATE))
        low, high = draw.uniform(600, 1200), draw.uniform(2000, 5000)
        _put(sound, 0.4 * lfilter(*butter(2, [low, high], "band", fs=RATE), burst), at)
    return sound


def cheers(seed: int) -> Sound:
    """Gliding tones with a vibrato, over claps."""
    draw = np.random.default_rng(seed)
    sound = applause(seed) * 0.5
    for at in draw.uniform(0, SECONDS - 2, 6):
        times = np.linspace(0, 1.8, int(1.8 * RATE), endpoint=False)
        begin, rise = draw.uniform(600, 1200), draw.uniform(200, 1500)
        pitch = begin + rise * np.sin(np.pi * times / 1.8) + 20 * np.sin(2 * np.pi * 6 * times)
        _put(sound, _tone(1.8, pitch, 4, 0.3), at)
    return sound


def birds(seed: int) -> Sound:
    """Chirps: pure tones that rise within a third of a second."""
    draw = np.random.default_rng(seed)
    sound = _noise(seed)
    for at in draw.uniform(0, SECONDS - 0.5, 18):
        low = draw.uniform(2000, 4000)
        _put(sound, _tone(0.3, np.linspace(low, low * draw.uniform(1.1, 1.6), 13230), 1, 0.4), at)
    return sound


def piano(seed: int) -> Sound:
    """Struck notes with seven partials that fade."""
    draw = np.random.default_rng(seed)
    sound = _noise(seed, 0.001)
    for beat in range(2 * SECONDS):
        pitch = 220 * 2 ** (int(draw.integers(0, 25)) / 12)
        fade = np.exp(-np.arange(int(0.5 * RATE)) / RATE * 4)
        _put(sound, fade * _tone(0.5, pitch, 7, 0.4), beat / 2)
    return sound


def barks(seed: int) -> Sound:
    """Falling, distorted tones with noise."""
    draw = np.random.default_rng(seed)
    sound = _noise(seed)
    times = np.arange(int(0.18 * RATE)) / RATE
    for at in draw.uniform(0, SECONDS - 0.5, 8):
        phase = 2 * np.pi * np.cumsum(draw.uniform(350, 700) * np.exp(-times * 3)) / RATE
        body = np.tanh(3 * np.sin(phase)) * np.exp(-(((times - 0.06) / 0.05) ** 2)) * 0.6
        _put(sound, body + draw.normal(0, 0.1, len(times)) * np.exp(-times * 20), at)
    return sound


def siren(seed: int) -> Sound:
    """A square tone that goes up and down."""
    draw = np.random.default_rng(seed)
    times = np.arange(SECONDS * RATE) / RATE
    pitch = draw.uniform(500, 900) + 300 * np.sin(2 * np.pi * draw.uniform(0.2, 0.6) * times)
    return 0.2 * np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / RATE)) + _noise(seed)


SOUNDS: tuple[Callable[[int], Sound], ...] = (applause, cheers, birds, piano, barks, siren)


def dithered(pixels: Pixels, seed: int) -> Pixels:
    """Ordered dither (Bayer, eight by eight) to six levels a channel."""
    order = np.zeros((1, 1))
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    height, width = pixels.shape[:2]
    tile = np.tile((order + 0.5) / 64, (height // 8 + 1, width // 8 + 1))[:height, :width, None]
    return np.floor(pixels / 255 * 5 + tile) * 51


def on_a_screen(pixels: Pixels, seed: int) -> Pixels:
    """A screen with stripes of three colours, photographed a little turned."""
    small = Image.fromarray(pixels.astype(np.uint8))
    small.thumbnail((300, 300))
    cells = np.asarray(small, np.float64).repeat(6, 0).repeat(6, 1)
    grid = np.zeros_like(cells)
    for channel in range(3):
        grid[:, channel * 2 :: 6, channel] = grid[:, channel * 2 + 1 :: 6, channel] = 1
    grid[5::6] *= 0.15
    lit = Image.fromarray(np.clip(cells * grid * 2.2, 0, 255).astype(np.uint8))
    draw = np.random.default_rng(seed)
    seen = lit.filter(ImageFilter.GaussianBlur(1.5)).rotate(
        float(draw.uniform(0.4, 2.5)), resample=Image.Resampling.BICUBIC
    )
    scale = draw.uniform(2.2, 4.2) / 6
    size = round(seen.width * scale), round(seen.height * scale)
    shown = np.asarray(seen.resize(size, Image.Resampling.BICUBIC), np.float64)
    return shown + draw.normal(0, 2, shown.shape)


def halftone(pixels: Pixels, seed: int) -> Pixels:
    """Dots of a print, at 45 degrees."""
    draw = np.random.default_rng(seed)
    grey = pixels.mean(axis=2) / 255
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]] * (2 * np.pi / draw.uniform(3.3, 8))
    dots = (np.cos((rows + columns) / np.sqrt(2)) + np.cos((rows - columns) / np.sqrt(2)) + 2) / 4
    ink = 1 / (1 + np.exp(-18 * (grey - dots)))
    return np.repeat((ink * 220 + 20 + draw.normal(0, 2, ink.shape))[..., None], 3, axis=2)


def scan_lines(pixels: Pixels, seed: int) -> Pixels:
    """The lines of a tube screen."""
    draw = np.random.default_rng(seed)
    rows = np.arange(len(pixels))[:, None, None]
    lines = 0.75 + 0.25 * np.cos(2 * np.pi * rows / draw.uniform(2.7, 4.5))
    return pixels * lines + draw.normal(0, 2, pixels.shape)


def enlarged(pixels: Pixels, seed: int) -> Pixels:
    """Each pixel repeated three times."""
    return pixels[:400, :400].repeat(3, 0).repeat(3, 1)


def woven(pixels: Pixels, seed: int) -> Pixels:
    """The weave of a canvas under the picture."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]] * (
        2 * np.pi / draw.uniform(4, 11)
    )
    cloth = 40 * np.sin(rows) * np.sin(columns)
    return pixels * 0.7 + 40 + cloth[..., None] + draw.normal(0, 4, pixels.shape)


PATTERNS: tuple[Callable[[Pixels, int], Pixels], ...] = (
    dithered,
    on_a_screen,
    halftone,
    scan_lines,
    enlarged,
    woven,
)
