"""From a checkpoint to a model that scans: an ONNX file with its card, in a folder of its own."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from unmask.cards.card import Card, Published, read_card
from unmask.digests import sha256_of
from unmask.errors import DataError, OutputError
from unmask.train.export import to_onnx
from unmask.train.method import Method, fitted, read_checkpoints
from unmask.train.recipe import Recipe

ONNX = "weights.onnx"


def published(method: Method, checkpoint: Path) -> Published | None:
    """The card's entry for a file of the authors, known by its hash."""
    found = sha256_of(checkpoint)
    return next((entry for entry in method.card.published if entry.sha256 == found), None)


def trained(run: Path) -> Path:
    """The weights that a training run kept. Raises DataError."""
    path = run / "best.pt"
    if not path.is_file():
        raise DataError(f"There is no finished validation in {run}: {path} is missing.")
    return path


def settings_of(run: Path) -> dict[str, Any]:
    """The settings of the method that a run was trained with; none where it keeps no recipe.

    Raises DataError when they cannot be read.
    """
    path = run / "recipe.json"
    if not path.is_file():
        return {}
    try:
        return dict(Recipe.model_validate_json(path.read_bytes()).settings)
    except ValueError as error:
        raise DataError(f"{path} is no recipe: {str(error).splitlines()[0]}") from error


def shelve(
    method: Method,
    checkpoint: Path | Sequence[Path],
    out: Path,
    licence: str = "",
    own: bool = False,
) -> Card:
    """Export ``checkpoint`` into ``out``: the authors' file, or (``own``) one of a training run.

    Several files of the authors are those that the method's ``files`` names.

    The authors' goes through the method's ``convert()``, which also turns the sign where theirs
    is the opposite. Raises DataError and ModelError when it is unreadable or does not fit: a
    network is never left with random weights. ``licence`` says under which the weights stand where
    the card does not know the file.
    """
    paths = [checkpoint] if isinstance(checkpoint, Path) else list(checkpoint)
    checkpoint = paths[0]
    theirs = read_checkpoints(paths, method.files)
    network = method.network()
    state = fitted(network, theirs, method.card.title) if own else method.convert(theirs)
    network.load_state_dict(state)
    known = published(method, checkpoint)
    if known and known.variant != method.variant:
        raise DataError(
            f"{checkpoint} is the authors' {known.variant!r}, not {method.variant!r}. "
            f"Say --variant {known.variant}."
        )
    said = licence or (known.licence if known else "")
    if not said:
        raise DataError(
            f"The licence of {checkpoint} is not known. Say under which it stands: "
            "--licence 'apache-2.0' (or 'own' for weights of yours)."
        )
    origin = (
        f"the authors' {Path(known.url).name}, {known.trained_on}" if known else checkpoint.name
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        onnx = to_onnx(method, network.eval(), out / ONNX)
        write_card(method, onnx, said, origin.rstrip(", "), out / "card.toml")
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror or error}.") from error
    return read_card(out / "card.toml")


def write_card(method: Method, onnx: Path, licence: str, origin: str, target: Path) -> None:
    """The method's card with the table of its weights behind it, at ``target`` beside ``onnx``."""
    text = method.card_file.read_text(encoding="utf-8").rstrip()
    # Two variants may run in one scan, where each needs a name of its own.
    own = json.dumps(method.card.shelf_name(method.variant))
    text = re.sub(r"\Aname = .*", f"name = {own}", text)
    for parameter, value in method.described().items():
        line = f"{parameter} = {json.dumps(value)}"
        text = re.sub(rf"(?m)^{parameter} = .*$", line.replace("\\", r"\\"), text, count=1)
    data = onnx.read_bytes()
    values = {
        "file": onnx.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "precision": "fp32",
        "licence": licence,
        "origin": f"{origin}; variant {method.variant}; exported with torch {torch.__version__}",
    }
    # A JSON string is a TOML string.
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    target.write_text(f"{text}\n\n[weights]\n" + "\n".join(lines) + "\n", encoding="utf-8")
