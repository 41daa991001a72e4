"""Groups of one real face and one of each way of forging, of the same people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import Dataset

from unmask.datasets.manifest import Manifest
from unmask.datasets.samples import Prepared
from unmask.errors import DataError
from unmask.train.method import Batch

if TYPE_CHECKING:
    from unmask.cards.card import Input
    from unmask.train.recipe import Recipe


class _InOrder(Prepared):
    """Entries that take turns through a group: the real face, then each way of forging."""

    def __init__(
        self,
        manifest: Manifest,
        inputs: Sequence[Input],
        recipe: Recipe,
        methods: Sequence[str],
    ) -> None:
        super().__init__(manifest, inputs, recipe, train=True)
        numbers = {name: number for number, name in enumerate(methods, 1)}
        people: dict[str, list[list[int]]] = {}
        for place, item in enumerate(manifest):
            domain = numbers.get(item.generator, -1) if item.label else 0
            if domain >= 0:
                empty: list[list[int]] = [[] for _ in range(len(methods) + 1)]
                people.setdefault(item.group, empty)[domain].append(place)
        self.people = [one for _, one in sorted(people.items()) if all(one)]
        if not self.people:
            raise DataError(
                "LSDA needs groups: no group of the manifest has a real face and one of each of "
                f"{', '.join(methods)}."
            )

    def _place(self, index: int) -> int:
        """An item of the group's person and of the entry's domain."""
        group, domain = divmod(index, len(self.people[0]))
        epoch, number = divmod(group, len(self.people))
        order = np.random.default_rng([self.seed, epoch, 2]).permutation(len(self.people))
        choices = self.people[int(order[number])][domain]
        return int(np.random.default_rng([self.seed, index, 3]).choice(choices))


class Groups(Dataset[Batch]):
    """``group`` (1 + D, 3, S, S): a real face and one of each way of forging; ``face`` and
    ``label`` are those of the real one. Raises DataError when no person has all of them.
    """

    def __init__(
        self,
        manifest: Manifest,
        inputs: Sequence[Input],
        recipe: Recipe,
        methods: Sequence[str],
    ) -> None:
        self.length, self.size = recipe.samples, len(methods) + 1
        self.base = _InOrder(manifest, inputs, recipe, methods)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Batch:
        rows = [self.base[index * self.size + place] for place in range(self.size)]
        group = torch.stack([row["face"] for row in rows])
        return {"group": group, "face": group[0], "label": rows[0]["label"]}
