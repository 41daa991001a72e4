"""The folder of a training run: whose it is, and whether a run may go on in it.

``recipe.json`` holds the recipe as it ran, ``run.json`` the data, its hash and every change that
was made on the way. A folder that holds another run is never gone on with unasked: old weights
would stand under a new recipe.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from unmask.digests import sha256_of
from unmask.errors import DataError
from unmask.train.recipe import Recipe, read_recipe

Mode = Literal["same", "resume", "fresh"]
"""What to do with a run that is there: go on if it is the same one; go on although it is not; or
delete it and begin anew."""
RECIPE, ABOUT = "recipe.json", "run.json"
_LEFT = ("last.pt", "best.pt", "weights.onnx")
_WRITTEN = (*_LEFT, RECIPE, ABOUT, "log.jsonl", "curves.parquet", "tensorboard")
_FREE = frozenset({"workers", "threads", "accumulate"})
"""Values of a recipe that do not change what is trained."""
_MANIFESTS = ("manifest.parquet", "manifest.jsonl")
_SHOWN = 4


class RunFolder:
    """What a folder says of the run in it, against the run that is to begin there."""

    def __init__(self, out: Path, recipe: Recipe, data: Path) -> None:
        self.out, self.recipe = out, recipe
        self._data = str(data.resolve())
        self._hash = _hash(data)

    def check(self, mode: Mode) -> None:
        """Raise DataError when the folder holds another run and ``mode`` is "same".

        Raises it as well when "resume" finds nothing to go on with, or another method.
        """
        if mode == "fresh":
            return
        there = any((self.out / name).exists() for name in _LEFT)
        if mode == "resume" and not (self.out / "last.pt").exists():
            raise DataError(f"There is no run in {self.out} to go on with. Leave out --resume.")
        if not there:
            return
        differs = self._differs()
        if "name" in differs or "task" in differs:
            raise DataError(
                f"{self.out} holds a run of another method: {_told(differs)}. "
                "Choose another folder for --out, or begin anew there with --fresh."
            )
        if differs and mode == "same":
            raise DataError(
                f"{self.out} holds another run: {_told(differs)}. Choose another folder for --out; "
                "or go on from its weights with --resume, or delete it and begin anew with --fresh."
            )

    def clear(self) -> None:
        """Delete what a run wrote, and nothing else."""
        for name in _WRITTEN:
            path = self.out / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def write(self, done: int) -> None:
        """Keep the recipe and the data; what changed ``done`` samples into the run is added."""
        about = self._about()
        changes = list(about.get("changes", []))
        if done and (differs := self._differs()):
            changes.append({"samples": done, "changed": differs})
        kept = {"data": self._data, "manifest": self._hash, "changes": changes}
        _write(self.out / ABOUT, json.dumps(kept, indent=2))
        _write(self.out / RECIPE, self.recipe.model_dump_json(indent=2))

    def _differs(self) -> dict[str, list[Any]]:
        """By name, the value of the run that is there and of the one to begin."""
        path = self.out / RECIPE
        if not path.is_file():
            return {"recipe": ["unknown, recipe.json is missing", self.recipe.name]}
        before = _flat(read_recipe(path).model_dump(mode="json"))
        after = _flat(self.recipe.model_dump(mode="json"))
        found = {
            name: [before.get(name), after.get(name)]
            for name in sorted({*before, *after})
            if name not in _FREE and before.get(name) != after.get(name)
        }
        about = self._about()
        if about.get("manifest") and about["manifest"] != self._hash:
            found["data"] = [_short(about["data"], about["manifest"]),
                             _short(self._data, self._hash)]  # fmt: skip
        return found

    def _about(self) -> dict[str, Any]:
        path = self.out / ABOUT
        if not path.is_file():
            return {}
        try:
            about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path} is damaged: {error}. Begin anew with --fresh.") from None
        return about


def _hash(data: Path) -> str:
    """The hash of the manifest; nothing where the data has none, as made data."""
    files = [data] if data.is_file() else [data / name for name in _MANIFESTS]
    return next((sha256_of(path) for path in files if path.is_file()), "")


def _short(place: str, digest: str) -> str:
    return f"{place} ({digest[:8]})"


def _flat(values: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{place}{key}"
        found |= _flat(value, f"{name}.") if isinstance(value, dict) and value else {name: value}
    return found


def _told(differs: Mapping[str, list[Any]]) -> str:
    parts = [f"{name} was {old!r} and is {new!r}" for name, (old, new) in differs.items()]
    more = [f"{len(parts) - _SHOWN} more"] if len(parts) > _SHOWN else []
    return ", ".join(parts[:_SHOWN] + more)


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)
