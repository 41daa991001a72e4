"""Detectors that are solved in one go, not trained step by step: heads on frozen features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unmask.train.recipe import Recipe, refuse_where

Say = Callable[[int, int], None]
"""Called with the files done, and in all."""


@dataclass(frozen=True, slots=True)
class Solution:
    """What came of it: the ONNX file, how many samples it was fitted on, and its measures."""

    onnx: Path
    samples: int
    seconds: float
    best: dict[str, float]
    chosen_by: str = ""


class Solved(ABC):
    """What a recipe's ``task`` names instead of a ``Task`` where the optimum is found directly.

    ``data`` is the folder that holds ``manifest.jsonl``. With ``recipe.leave_out`` set, nothing of
    these sources may enter the fit.
    """

    def __init__(self, recipe: Recipe, data: Path) -> None:
        refuse_where(recipe)
        self.recipe = recipe
        self.data = data

    @abstractmethod
    def solve(self, out: Path, say: Say) -> Solution:
        """Fit, and write ``out/weights.onnx`` with the names and shapes of the card."""
