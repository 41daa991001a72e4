"""A protocol of face programs: a TOML file in ``protocols/`` beside this one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unmask.errors import DataError, UnknownName

FOLDER = Path(__file__).parent / "protocols"


class FaceProtocol(BaseModel):
    """What is asked.

    ``asks``: ``timed`` compares people within a time a picture, ``marked`` names boxes in clips.
    ``limits``: milliseconds a picture. ``rate``: false matches that the threshold allows, and
    ``threshold``: the split whose people choose it. ``overlap``: of a box that counts as found.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    source: str
    asks: Literal["timed", "marked"]
    limits: list[float] = Field(default_factory=list)
    rate: float = Field(default=1e-3, gt=0, lt=1)
    threshold: Literal["val", "test"] = "val"
    overlap: float = Field(default=0.5, gt=0, lt=1)
    notes: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _honest(self) -> FaceProtocol:
        if self.threshold == "test":
            raise ValueError(
                "it would choose its threshold on test data. Choose it on other people; those of "
                "the test may only be compared"
            )
        if self.asks == "timed" and not self.limits:
            raise ValueError("a timed protocol needs limits, in milliseconds a picture")
        return self


def face_protocols() -> dict[str, Path]:
    """Known protocols of face programs by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def read_face_protocol(name: str) -> FaceProtocol:
    """A protocol by name or path. Raises UnknownName, or DataError when it is refused."""
    path = Path(name) if name.endswith(".toml") else face_protocols().get(name)
    if path is None:
        raise UnknownName("protocol of face programs", name, face_protocols())
    try:
        with path.open("rb") as file:
            return FaceProtocol.model_validate({"name": path.stem, **tomllib.load(file)})
    except FileNotFoundError:
        raise DataError(f"There is no protocol at {path}.") from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"The protocol {path} is not TOML: {error}.") from None
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise DataError(f"The protocol {path.stem!r} is refused: {said}.") from None
