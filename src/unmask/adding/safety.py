"""Looking at a stranger's files before anything reads them in earnest: nothing of them runs."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

from unmask.errors import ModelError

LARGEST_JSON = 16 * 2**20
LARGEST_WEIGHTS = 8 * 2**30
_MOST_FILES = 10_000
_MOST_PARTS = 20_000
_MOST_LAYERS = 1000
_SLACK = 16 * 2**20
_TIMES = 4
"""Weights hardly shrink when they are packed; what grows more than this is no file of weights."""
_CODE = ("auto_map", "custom_pipelines")
"""Keys of a configuration that name program code to be run."""


def plain(text: str, most: int = 300) -> str:
    """A stranger's words as one short line that cannot steer a terminal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def confined(folder: Path) -> None:
    """Refuse a folder that holds a link out of it, or too many files. Raises ModelError."""
    root = folder.resolve()
    seen = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        for name in (*folders, *names):
            seen += 1
            if seen > _MOST_FILES:
                raise ModelError(f"{folder} holds more than {_MOST_FILES} files; it is no model.")
            path = Path(place) / name
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise ModelError(
                    f"{path} is a link that leads out of the folder. Copy the files themselves "
                    "(cp -L), or give the model as hf:OWNER/NAME."
                )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object that names no code. Raises ModelError."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise ModelError(f"{path} has more than {LARGEST_JSON} bytes; it is not read.")
        value = json.loads(path.read_text(encoding="utf-8"))
        _examine(path, value)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no readable JSON: {' '.join(str(error).split())}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds no JSON object.")
    return value


def _examine(path: Path, value: Any) -> None:
    if isinstance(value, list):
        for entry in value:
            _examine(path, entry)
    if not isinstance(value, dict):
        return
    for name, entry in value.items():
        if name in _CODE:
            raise ModelError(
                f"{path} wants program code of its own to be run ({name}); that is never done. "
                "A network that transformers or timm knows can be added."
            )
        deep = any(word in name for word in ("layers", "depth", "blocks"))
        numbers = entry if isinstance(entry, list) else [entry]
        if deep and any(isinstance(n, int | float) and n > _MOST_LAYERS for n in numbers):
            raise ModelError(f"{path} asks for more than {_MOST_LAYERS} layers ({name}).")
        _examine(path, entry)


def sound_weights(path: Path) -> None:
    """Refuse a file of weights that is not what its name says, or would swell when it is opened.

    A ``.safetensors`` begins with its index; a ``.pth``, ``.pt`` or ``.bin`` may be a zip file,
    whose parts must not be many or much larger than the file. Raises ModelError.
    """
    size = path.stat().st_size
    if size > LARGEST_WEIGHTS:
        raise ModelError(f"{path} has more than {LARGEST_WEIGHTS} bytes; it is not read.")
    if path.suffix == ".safetensors":
        _indexed(path, size)
    elif zipfile.is_zipfile(path):
        _packed(path, size)


def _indexed(path: Path, size: int) -> None:
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 2 <= length <= min(100 * 2**20, size - 8):
            raise ModelError(f"{path} is no safetensors file.")
        try:
            index = json.loads(file.read(length))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path} is no safetensors file: its index is damaged.") from error
    if not isinstance(index, dict):
        raise ModelError(f"{path} is no safetensors file: its index is damaged.")


def _packed(path: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise ModelError(f"{path} is a damaged zip file: {error}") from error
    if len(parts) > _MOST_PARTS:
        raise ModelError(f"{path} has {len(parts)} parts, more than {_MOST_PARTS}.")
    whole = sum(part.file_size for part in parts)
    if whole > min(LARGEST_WEIGHTS, _TIMES * size + _SLACK):
        raise ModelError(
            f"{path} would swell from {size} to {whole} bytes when it is opened; it is refused."
        )
