"""Clips with pictures beside them: what OmniFD learns from in one step."""

from __future__ import annotations

from collections.abc import Sized
from typing import cast

import torch
from torch.utils.data import Dataset

from unmask.train.method import Batch

_OF_PICTURES = ("picture", "label", "mask", "masked")


class Beside(Dataset[Batch]):
    """Entries of ``clips``, each with ``count`` of ``pictures``.

    These stand under ``pictures`` (count, 3, H, W), ``picture_label``, ``picture_mask`` and
    ``picture_masked``.
    """

    def __init__(self, clips: Dataset[Batch], pictures: Dataset[Batch], count: int) -> None:
        self.clips, self.pictures, self.count = clips, pictures, count

    def __len__(self) -> int:
        return len(cast(Sized, self.clips))

    def __getitem__(self, index: int) -> Batch:
        rows = [self.pictures[index * self.count + k] for k in range(self.count)]
        side = rows[0]["picture"].shape[-2:]
        blank = {"mask": torch.zeros(side), "masked": torch.tensor(0.0)}
        whole = [{**blank, **row} for row in rows]
        stacked = {name: torch.stack([row[name] for row in whole]) for name in _OF_PICTURES}
        named = {f"picture_{name}": v for name, v in stacked.items() if name != "picture"}
        return {**self.clips[index], **named, "pictures": stacked["picture"]}
