"""What is to be run under a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class AttackOrder:
    """An attack that is to be run. ``name``: of a file in ``attacks/``.

    ``budgets``: largest change of a value, in 255ths of full scale (for pictures: 8-bit levels).
    ``most``: items of each class a test at most (0: all). ``against``: the detector for which the
    items are changed, with ``against_weights``; empty: the one that is scored.
    """

    name: str
    budgets: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    most: int = 25
    settings: dict[str, Any] = field(default_factory=dict)
    against: str = ""
    against_weights: Path | None = None

    def conditions(self) -> dict[str, float]:
        """Budgets by how outcomes are filed: ``pgd@4``; ``pgd@4:npr`` when made against another."""
        return {f"{self.name}@{budget:g}{self._aside}": budget for budget in self.budgets}

    @property
    def _aside(self) -> str:
        return f":{self.against}" if self.against else ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run. ``name``: how the outcomes are filed; the detector's name when empty.

    ``conditions``: perturbations beside those of the protocol; with ``perturbed_most`` items of
    each class a test at most (0: all). ``train``: train first, into ``runs``. ``settings``: laid
    over the recipe's ("variant" …). ``clean``: whether the protocol's own conditions are run.
    ``strategies``: ways of training beside those of the recipe. ``attack``: one to be run as well,
    on items that change for this detector or for another. ``restorer`` and ``enhancer``: the
    networks that those conditions run, the latter at a rate in Hz.
    """

    detector: str
    data: Sequence[Path]
    results: Path
    runs: Path
    name: str = ""
    weights: Path | None = None
    train: bool = False
    samples: int = 0
    seed: int = 0
    claim: str = ""
    conditions: Sequence[str] = ()
    perturbed_most: int = 0
    clean: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    strategies: tuple[str, ...] = ()
    attack: AttackOrder | None = None
    restorer: Path | None = None
    enhancer: Path | None = None
    enhancer_rate: int = 48_000

    @property
    def filed(self) -> str:
        """The name of the outcomes."""
        return self.name or self.detector
