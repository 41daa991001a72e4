"""What an attack is: a change of one item, within a budget, that turns a detector's score.

Attacks run inside ``unmask bench run`` on labelled items. What they change stays in memory; no
command writes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from torch import Tensor

from unmask.plugin_files import Settings

__all__ = ["Attack", "Settings", "Target", "towards", "within"]
S = TypeVar("S", bound=Settings)


class Target(Protocol):
    """A detector looking at one item, its preparation inside.

    ``media``: the item as it is: a picture (1 × 3 × height × width, 0…255) or samples (1 × N,
    -1…1). ``low`` and ``high``: the least and greatest value. ``score``: a logit (higher = forged)
    for each of a batch of such media; a target with gradients lets them through.
    """

    media: Tensor
    low: float
    high: float

    def score(self, media: Tensor) -> Tensor:
        """One logit for each medium of a batch."""
        ...


class Attack(ABC, Generic[S]):
    """One way of changing an item.

    ``access``: whether it needs gradients, or only asks for scores. ``settings_type``: what may be
    set. What is drawn at random comes from torch's and numpy's global generators, which the bench
    seeds by item and condition.
    """

    access: ClassVar[Literal["gradient", "query"]]
    settings_type: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    def change(self, target: Target, label: int, size: float) -> Tensor:
        """The item changed so that a detector errs: forged (1) less suspicious, real (0) more.

        No value differs by more than ``size`` from ``target.media`` or leaves its range.
        """


def towards(label: int) -> float:
    """The sign of the change of the score that makes a detector err."""
    return -1.0 if label else 1.0


def within(target: Target, media: Tensor, size: float) -> Tensor:
    """``media`` brought back into the budget and the range of values."""
    near = target.media + (media - target.media).clamp(-size, size)
    return near.clamp(target.low, target.high)
