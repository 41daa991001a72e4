"""What a distance from a person's references is worth as evidence of *another* person.

How far the mean of all that is judged lies from the references is calibrated on the comparers'
cards. Two more questions have distributions of their own, because they look at the most deviating
stretch of a file: ``part`` (that stretch against the references and the rest together) and
``inside`` (that stretch against the rest of the same file, without references). Their tables stand
in ``drift.toml``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from unmask._toml import read_toml
from unmask.cards.card import Operating
from unmask.errors import ModelError

TABLES = Path(__file__).with_name("drift.toml")
Sense = Literal["face", "voice"]
Question = Literal["part", "inside"]


class Tables(BaseModel):
    """The calibration of drift; ``output`` of each is "voice-part", "face-inside"…"""

    model_config = ConfigDict(extra="forbid", frozen=True)
    operating: list[Operating]


@lru_cache(maxsize=2)
def tables(path: Path = TABLES) -> Tables:
    """The fitted tables. Raises ModelError."""
    return read_toml(path, Tables, "calibration of drift", ModelError)


def drift_operating(sense: Sense, question: Question) -> Operating:
    """The table of one question about one sense. Raises ModelError when there is none."""
    for row in tables().operating:
        if row.output == f"{sense}-{question}":
            return row
    raise ModelError(f"{TABLES} has no table for {sense}-{question}. Reinstall unmask.")
