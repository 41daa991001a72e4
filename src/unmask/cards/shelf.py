"""The user's own models: exported ones, a folder each, beside those that come with unmask."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path


def shelf() -> Path:
    """The folder of the user's models: ``UNMASK_MODELS``, or the system's place for data."""
    chosen = os.environ.get("UNMASK_MODELS")
    return Path(chosen) if chosen else user_data_path("unmask", appauthor=False) / "models"


def shelved() -> dict[str, Path]:
    """Cards on the shelf, by the name of their folder."""
    return {card.parent.name: card for card in sorted(shelf().glob("*/card.toml"))}
