"""Writes gathered recordings and the manifest's rows about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from unmask.detectors.audio.unmask_voice.material.cutting import FAINT
from unmask.detectors.audio.unmask_voice.material.shelves import Shelf
from unmask.detectors.audio.unmask_voice.spectra import LEVEL, RATE
from unmask.forge.launder_sound import band
from unmask.types import Samples

BAND = 7000.0
"""Highest frequency in Hz that is kept."""


class Writer:
    """Puts recordings into a folder of ``out``, all in one band and at one level, as FLAC."""

    def __init__(self, out: Path, folder: str) -> None:
        (out / folder).mkdir(parents=True, exist_ok=True)
        self._out = out
        self._folder = folder
        self._rows: dict[str, dict[str, Any]] = {}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One for each file."""
        return list(self._rows.values())

    def write(
        self, shelf: Shelf, name: str, samples: Samples, subject: str, group: str,
        hiss: Samples | None = None, language: str = "", system: str = "",
    ) -> None:  # fmt: skip
        """One recording; ``hiss`` is added at its own level. Near silence is left out.

        ``system``: what made it; a real one without.

        A second one of the same name takes the place of the first.
        """
        held = band(samples, RATE, 0, BAND)
        level = float(np.sqrt(np.mean(held**2)))
        if level < FAINT:
            return
        wave = held * (LEVEL / level)
        if hiss is not None and hiss.size:
            wave = np.clip(wave, -1, 1) + hiss
        path = f"{self._folder}/{name}.flac"
        soundfile.write(self._out / path, np.clip(wave, -1, 1), RATE, subtype="PCM_16")
        self._rows[path] = {
            "path": path,
            "kind": "audio",
            "label": "fake" if system else "real",
            "method": system,
            "source": shelf.source,
            "split": shelf.split,
            "subject": subject,
            "group": group,
            "seconds": round(samples.size / RATE, 2),
            "language": language or shelf.language,
        }
