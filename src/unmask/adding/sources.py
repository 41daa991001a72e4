"""What a user gives to be added: a folder or a file, looked at and copied before it is read.

What is converted is the copy, and the hashes that are kept are the copy's, so that a file cannot
be changed between the look and the reading.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unmask.adding.safety import confined, plain, read_json, sound_weights
from unmask.errors import ModelError

CONFIGURATION = "config.json"
MODEL_CARD = "README.md"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Files of weights, the one that is preferred first."""
PREPARATIONS = (
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
    "feature_extractor_config.json",
)
UNSTATED = "none stated"
"""The licence of what has none."""
_LONGEST_CARD = 2**20
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Files of a stranger in a folder of ours, and what is known about them.

    ``given``: as the user named it, with the pinned revision of a hub. ``weights``: the file that
    holds the network. ``files``: SHA-256 by name. ``configuration``: empty without one.
    """

    given: str
    folder: Path
    weights: Path
    licence: str = UNSTATED
    url: str = ""
    configuration: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def from_folder(folder: Path, into: Path, given: str = "", url: str = "") -> Source:
    """A folder in the layout of transformers or timm. Raises ModelError.

    Copied are configuration, preparation, model card and weights; nothing else is opened, but
    every JSON file on top is searched for code that it wants to be run.
    """
    confined(folder)
    for path in sorted(folder.glob("*.json")):
        read_json(path)
    if not (folder / CONFIGURATION).is_file():
        raise ModelError(
            f"{folder} has no {CONFIGURATION}. What can be added is a folder in the layout of "
            "transformers, an ONNX file, or a checkpoint of timm with --architecture NAME."
        )
    weights = next((name for name in WEIGHTS if (folder / name).is_file()), None)
    if weights is None:
        raise ModelError(f"{folder} has no weights ({' or '.join(WEIGHTS)}).")
    files = _copied(folder, (CONFIGURATION, MODEL_CARD, *PREPARATIONS, weights), into)
    return Source(
        given=given or str(folder),
        folder=into,
        weights=into / weights,
        licence=licence_of(into / MODEL_CARD),
        url=url,
        configuration=read_json(into / CONFIGURATION),
        files=files,
    )


def from_file(path: Path, into: Path) -> Source:
    """One file of weights (ONNX, safetensors, .pth), with what describes it beside it, if any.

    Raises ModelError.
    """
    if not path.is_file():
        raise ModelError(f"There is no file {path}.")
    beside = (CONFIGURATION, *PREPARATIONS, MODEL_CARD)
    files = _copied(path.parent, beside, into) | _copied(path.parent, (path.name,), into)
    described = into / CONFIGURATION
    return Source(
        given=str(path),
        folder=into,
        weights=into / path.name,
        licence=licence_of(into / MODEL_CARD),
        configuration=read_json(described) if described.is_file() else {},
        files=files,
    )


def licence_of(card: Path) -> str:
    """The licence that the head of a model card names; ``UNSTATED`` without one."""
    if not card.is_file():
        return UNSTATED
    with card.open(encoding="utf-8", errors="replace") as file:
        text = file.read(_LONGEST_CARD)
    head = re.match(r"\A\s*---\s*\n(.*?)\n---", text, re.DOTALL)
    if head is None:
        return UNSTATED
    said = _field(head[1], "license")
    if said == "other":
        said = _field(head[1], "license_name") or said
    return plain(said, 80) or UNSTATED


def _field(head: str, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*(?:\n[ \t]*-[ \t]*)?([^\n]*)", head, re.MULTILINE)
    return found[1].split(" #")[0].strip(" \t\r\"'[]") if found else ""


def _copied(folder: Path, names: Iterable[str], into: Path) -> dict[str, str]:
    """Copy the files of these names that are there; their SHA-256."""
    into.mkdir(parents=True, exist_ok=True)
    sums: dict[str, str] = {}
    for name in names:
        path = folder / name
        if not path.is_file():
            continue
        _looked_at(path)
        sum_ = hashlib.sha256()
        with path.open("rb") as source, (into / name).open("wb") as target:
            while piece := source.read(_PIECE):
                sum_.update(piece)
                target.write(piece)
        _looked_at(into / name)  # what is read later is the copy
        sums[name] = sum_.hexdigest()
    return sums


def _looked_at(path: Path) -> None:
    if path.suffix == ".json":
        read_json(path)
    elif path.suffix != ".md":
        sound_weights(path)
