"""What an explainer is: from a method and a picture to a map of what spoke for forgery."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from torch import Tensor, nn

from unmask.plugin_files import Settings
from unmask.train.method import Batch, Method
from unmask.train.methods import as_floats

__all__ = ["Asked", "Explainer", "Settings", "likeness"]
S = TypeVar("S", bound=Settings)


class Asked:
    """A method's network and one item, asked about the picture input ``name``.

    ``batch``: the item as the network takes it, a batch of one. ``seen``: the picture among it
    (1 × 3 × height × width, 0…255).
    """

    def __init__(self, method: Method, network: nn.Module, batch: Batch, name: str) -> None:
        self.method, self.network, self.name = method, network.eval(), name
        self._batch = as_floats(batch)
        self.seen = self._batch[name].float()

    def score(self, pictures: Tensor) -> Tensor:
        """One logit (higher = forged) for each of a batch of such pictures."""
        rest = {
            name: value.expand(len(pictures), *value.shape[1:])
            for name, value in self._batch.items()
            if name in self.method.inputs
        }
        given = self.method.score(self.method.run(self.network, {**rest, self.name: pictures}))
        return given.float().reshape(len(pictures), -1).mean(1)

    def with_weights(self, network: nn.Module) -> Asked:
        """The same item under another network."""
        return Asked(self.method, network, self._batch, self.name)


class Explainer(ABC, Generic[S]):
    """One way of asking. ``settings_type``: what may be set."""

    settings_type: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    def explain(self, asked: Asked) -> Tensor:
        """A map (height × width of ``asked.seen``): above 0 spoke for forged, below 0 against.

        Raises ModelError when the network cannot be asked in this way.
        """


def likeness(explainer: Explainer[S], asked: Asked, made: Callable[[], nn.Module]) -> float:
    """How alike the maps of the network and of one with random weights are, -1…1.

    Spearman's rank correlation of what the maps mark, either way. ``made`` gives such a network. A
    map that stays the same shows the picture and not what the network learnt (Adebayo et al. 2018,
    "Sanity Checks for Saliency Maps", section 3.1). NaN when a map is flat.
    """
    from scipy.stats import spearmanr

    device = next(asked.network.parameters()).device
    other = explainer.explain(asked.with_weights(made().to(device)))
    own = explainer.explain(asked)
    first, second = (found.abs().flatten().cpu().numpy() for found in (own, other))
    if first.min() == first.max() or second.min() == second.max():
        return float("nan")
    return float(spearmanr(first, second).statistic)
