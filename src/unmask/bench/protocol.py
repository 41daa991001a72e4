"""A protocol: which items train, choose and test, and which figures are computed. A TOML file.

Protocols are found in ``protocols/`` beside this file; a path to another TOML file will do as well.
One that would choose a checkpoint or a threshold on test data is refused with the reason.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from unmask.datasets.choosing import FIELDS, matches
from unmask.datasets.manifest import Item
from unmask.errors import DataError, UnknownName
from unmask.metrics.aggregate import Mode
from unmask.metrics.costs import Verifier
from unmask.metrics.named import measure

FOLDER = Path(__file__).parent / "protocols"
_REASON = "Choose on validation items or fix it beforehand; test items may only be scored."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(_Part):
    """Items of a manifest. An item belongs when every field of ``where`` fits.

    A field's value is a pattern or a list of them: ``*`` stands for anything, case does not count,
    and ``!`` before it keeps out what fits. The field ``manifest`` is the name of its manifest.
    ``most``: at most so many real and so many forged items, evenly spread by a hash.
    """

    where: dict[str, list[str]] = Field(default_factory=dict)
    most: int = Field(default=0, ge=0)

    @field_validator("where", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if unknown := sorted(set(value) - FIELDS - {"manifest"}):
            raise ValueError(f"items have no field {unknown[0]!r}")
        rows = {k: v if isinstance(v, list) else [v] for k, v in value.items()}
        return {k: [str(pattern) for pattern in v] for k, v in rows.items()}

    def fits(self, item: Item, manifest: str) -> bool:
        """Whether an item belongs."""
        return all(
            matches(manifest if name == "manifest" else str(getattr(item, name)), patterns)
            for name, patterns in self.where.items()
        )


class Train(Choice):
    """What trains. ``samples``: the budget of a run, 0 as the recipe says; ``samples_of`` by name.

    ``settings``, ``batch`` and ``workers`` are laid over every recipe (0 and -1: the recipe's),
    ``settings_of`` over a detector's own. ``init``: how networks start, when it is given, and
    ``init_of`` by name.
    """

    samples: int = Field(default=0, ge=0)
    samples_of: dict[str, int] = Field(default_factory=dict)
    batch: int = Field(default=0, ge=0)
    workers: int = Field(default=-1, ge=-1)
    init: str = ""
    init_of: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    settings_of: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def budget(self, detector: str) -> int:
        """Training samples of a detector; 0: as its recipe says."""
        return self.samples_of.get(detector, self.samples)

    def start(self, detector: str) -> str:
        """How a detector's network starts; empty: as its recipe says."""
        return self.init_of.get(detector, self.init)


class Val(Choice):
    """What chooses. ``share``: this share of the training groups, by a hash; else ``where``."""

    share: float = Field(default=0.0, ge=0, lt=1)


class Test(Choice):
    """One test set. ``held_out``: nothing of its sources is in training.

    ``reals``: where its real items come from when ``where`` names forged ones only. ``ranks``:
    whether its figures count in the order of detectors; they should not where real and forged
    items differ in more than the forgery.
    """

    name: str
    held_out: bool = False
    ranks: bool = True
    reals: dict[str, list[str]] = Field(default_factory=dict)
    note: str = ""

    _reals = field_validator("reals", mode="before")(Choice._lists.__func__)  # type: ignore[attr-defined]

    def fits(self, item: Item, manifest: str) -> bool:
        """Whether an item belongs; a real one by ``reals`` when that is given."""
        if self.reals and item.label == 0:
            return Choice(where=self.reals).fits(item, manifest)
        return super().fits(item, manifest) and not (self.reals and item.label == 0)


class Protocol(_Part):
    """What is trained on, chosen on and tested on, and what is computed.

    ``manifests``: the datasets it speaks of, by the names that ``unmask data`` gives them.
    ``aggregate``: how frames or parts become one score. ``metrics``: named figures, the first is
    the one that ranks. ``checkpoint`` and ``threshold``: what chooses them; a fixed threshold is
    the logit 0. ``frames``: how many frames of a video a picture method sees. ``verifier``: error
    rates of the speaker verifier of t-DCF. ``both_classes``: whether a test set without real, or
    without forged, items is none; not where only forged ones are told apart.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    source: str
    kinds: list[str] = Field(min_length=1)
    manifests: list[str] = Field(default_factory=list)
    aggregate: Mode = "mean-probability"
    metrics: list[str] = Field(min_length=1)
    checkpoint: Literal["last", "val", "test"] = "val"
    threshold: Literal["fixed", "val", "test"] = "fixed"
    frames: int = Field(default=8, ge=1)
    conditions: list[str] = Field(default_factory=lambda: ["clean"])
    classes: list[str] = Field(default_factory=list)
    both_classes: bool = True
    verifier: Verifier | None = None
    notes: list[str] = Field(default_factory=list)
    train: Train | None = None
    val: Val | None = None
    test: list[Test] = Field(min_length=1)

    @field_validator("metrics")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        for spec in value:
            measure(spec)
        return value

    @model_validator(mode="after")
    def _honest(self) -> Protocol:
        for what in ("checkpoint", "threshold"):
            if getattr(self, what) == "test":
                raise ValueError(f"it would choose its {what} on test data. {_REASON}")
        for spec in self.metrics:
            if measure(spec).oracle:
                raise ValueError(f"{spec!r} would choose its threshold on test data. {_REASON}")
        if "val" in (self.threshold, self.checkpoint if self.train else "") and self.val is None:
            raise ValueError("it chooses on validation data and names none: give [val]")
        names = [test.name for test in self.test]
        if len(set(names)) < len(names) or "val" in names:
            raise ValueError("test sets need names of their own, and none may be called 'val'")
        return self

    @property
    def primary(self) -> str:
        """The figure that ranks."""
        return self.metrics[0]


def protocols() -> dict[str, Path]:
    """Known protocols by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def read_protocol(name: str) -> Protocol:
    """A protocol by name or path.

    Raises UnknownName, or DataError when it is malformed or would choose on test data.
    """
    path = Path(name) if name.endswith(".toml") else protocols().get(name)
    if path is None:
        raise UnknownName("protocol", name, protocols())
    try:
        with path.open("rb") as file:
            return Protocol.model_validate({"name": path.stem, **tomllib.load(file)})
    except FileNotFoundError:
        raise DataError(f"There is no protocol at {path}.") from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"The protocol {path} is not TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        said = str(first["msg"]).removeprefix("Value error, ")
        where = f" ({place})" if place else ""
        raise DataError(f"The protocol {path.stem!r} is refused{where}: {said}") from None
