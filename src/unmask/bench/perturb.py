"""Perturbations by name and severity, laid over media before a detector sees them.

Severity 1 is what a careful person would not notice, 3 what shared media have been through, 5
abuse. Kinds that a benchmark defines keep its levels: from ``saturation`` to ``pixelate`` those of
DeeperForensics, from ``highpass`` to ``pitch`` those of Li, Chen, Wei 2025, and those that begin
with ``skin-`` those of MedMNIST-C (``forge.medmnist_c``). The conditions are those of
``forge.launder`` and ``forge.launder_sound``. A picture is changed at no more than twice
the resolution that the detector sees; a video picture by picture.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.reading import Draw, Loaded, Reader
from unmask.errors import SettingError, UnknownName
from unmask.forge import by_network, deepfilternet, launder, launder_sound, medmnist_c
from unmask.types import Pixels, Samples

CLEAN = "clean"
SIGHT: dict[str, tuple[str, ...]] = {
    "jpeg": ("90", "70", "50", "30", "15"),
    "webp": ("90", "70", "50", "30", "15"),
    "resize": ("0.8", "0.65", "0.5", "0.35", "0.25"),
    "blur": ("0.5", "0.8", "1.5", "2.5", "4"),
    "noise": ("2", "4", "8", "14", "22"),
    "gamma": ("1.1", "1.2", "1.35", "1.6", "2"),
    "h264": ("20", "24", "28", "34", "40"),
    "saturation": ("0.4", "0.3", "0.2", "0.1", "0"),
    "contrast": ("0.85", "0.725", "0.6", "0.475", "0.35"),
    "blocks": ("16", "32", "48", "64", "80"),
    "pixelate": ("2", "3", "4", "5", "6"),
    **{name: tuple(map(str, levels)) for name, levels in medmnist_c.LEVELS.items()},
}
HEARING: dict[str, tuple[str, ...]] = {
    "mp3": ("128", "64", "48", "32", "16"),
    "aac": ("128", "64", "48", "32", "16"),
    "opus": ("64", "32", "24", "16", "8"),
    "noise": ("40dB", "30dB", "20dB", "10dB", "5dB"),
    "wind": ("40dB", "30dB", "20dB", "10dB", "5dB"),
    "rain": ("40dB", "30dB", "20dB", "10dB", "5dB"),
    "ticks": ("40dB", "30dB", "20dB", "10dB", "5dB"),
    "lowpass": ("7000", "5500", "4500", "3400", "2500"),
    "reverb": ("0.1", "0.2", "0.3", "0.5", "0.8"),
    "resample": ("14000", "12000", "11025", "8000", "6000"),
    "highpass": ("800", "1600", "2400", "3200", "4000"),
    "echo": ("0.1", "0.3", "0.5", "0.7", "0.9"),
    "smooth": ("6", "10", "14", "18", "22"),
    "quantise": ("1024", "256", "64", "16", "4"),
    "stretch": ("1.1", "0.9", "1.3", "0.7", "1.5"),
    "pitch": ("0.5", "-0.5", "1", "-1", "2"),
}
BY_NETWORK = {"restore": SIGHT, "enhance": HEARING, "deepfilternet": HEARING}
"""Those that run what the user brings, at the shares of ``forge.by_network``, and on what."""
SETS = {
    "deeperforensics": ("saturation", "contrast", "blocks", "noise", "blur", "pixelate", "h264"),
    "medmnist-c": tuple(medmnist_c.LEVELS),
    "audio-robustness": (
        *("noise", "wind", "rain", "ticks", "smooth", "echo", "highpass", "lowpass"),
        *("pitch", "stretch", "quantise", "opus", "mp3", "aac", "reverb", "resample"),
    ),
}
"""Names that stand for all perturbations of a benchmark; the last with three of the house's own in
the place of recorded backgrounds and EnCodec."""
SOUND_KINDS = ("audio",)


def names() -> tuple[str, ...]:
    """Every perturbation there is."""
    return tuple(sorted({*SIGHT, *HEARING, *BY_NETWORK}))


def conditions(kinds: Sequence[str], severities: Sequence[int]) -> list[str]:
    """Names such as ``jpeg@3``; a set stands for its members, ``jpeg:3`` has its own severity.

    Raises UnknownName, SettingError for a severity outside 1…5.
    """
    found: list[str] = []
    for text in kinds:
        kind, _, own = text.partition(":")
        for name in SETS.get(kind, (kind,)):
            if name not in names():
                raise UnknownName("perturbation", name, (*SETS, *names()))
            found += _at(name, [_severity(own)] if own else severities)
    return list(dict.fromkeys(found))


def _severity(text: str) -> int:
    if not text.isdecimal():
        raise SettingError(f"The severity is {text!r}; use 1 to 5, as in jpeg:3.")
    return int(text)


def _at(name: str, severities: Sequence[int]) -> list[str]:
    for severity in severities:
        if not 1 <= severity <= 5:
            raise SettingError(f"There is no severity {severity}; use 1 to 5.")
    return [f"{name}@{severity}" for severity in severities]


def perturbed(condition: str) -> bool:
    """Whether a condition is one of these (and neither clean nor an attack)."""
    return condition.partition("@")[0] in names()


def applies(condition: str, item: Item) -> bool:
    """Whether a condition can be laid over an item of this kind."""
    table = HEARING if item.kind in SOUND_KINDS else SIGHT
    name = condition.partition("@")[0]
    return condition == CLEAN or name in table or BY_NETWORK.get(name) is table


def _amount(condition: str, table: dict[str, tuple[str, ...]]) -> str:
    """``jpeg@3`` as the launderer calls it; a condition with a colon is one already."""
    name, at, severity = condition.partition("@")
    if not at:
        return condition
    (checked,) = conditions([name], [int(severity)])
    levels = by_network.SHARES if name in BY_NETWORK else table[name]
    return f"{name}:{levels[int(checked[-1]) - 1]}"


def over_picture(condition: str, pixels: Pixels) -> Pixels:
    """A picture after a condition."""
    amount = _amount(condition, SIGHT)
    name, _, strength = amount.partition(":")
    if name == "restore":
        return by_network.restored(pixels, float(strength))
    if name in medmnist_c.LEVELS:
        return medmnist_c.corrupted(name, pixels, float(strength))
    return launder.apply(amount, pixels)


def over_sound(condition: str, samples: Samples, rate: int, name: str) -> Samples:
    """Samples after a condition; what it draws depends on ``name`` alone."""
    seed = zlib.crc32(f"{name}|{condition}".encode())
    amount = _amount(condition, HEARING)
    kind, _, share = amount.partition(":")
    if kind in BY_NETWORK:
        run = deepfilternet.enhanced if kind == "deepfilternet" else by_network.enhanced
        return run(samples, rate, float(share))
    return launder_sound.apply(amount, samples, rate, seed)


class Perturbed(Reader):
    """A reader of items under one condition."""

    def __init__(self, reader: Reader, condition: str) -> None:
        super().__init__(reader.manifest, reader.inputs)
        self.condition = condition

    def read(self, item: Item, draw: Draw) -> Loaded:
        """One item, perturbed after decoding. Raises MediaError."""
        if self.condition == CLEAN:
            return super().read(item, draw)
        changed = replace(
            draw,
            change=lambda pixels: over_picture(self.condition, pixels),
            change_sound=lambda samples, rate: over_sound(
                self.condition, samples, rate, item.item_id
            ),
        )
        if item.kind in SOUND_KINDS:
            changed = replace(changed, change=None)
        else:
            changed = replace(changed, change_sound=None)
        return super().read(item, changed)
