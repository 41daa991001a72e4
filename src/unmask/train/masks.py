"""Masks in training: which pictures of a batch have one, and what is measured of those."""

from __future__ import annotations

import torch
from torch import Tensor

from unmask.train.method import Batch


def with_masks(batch: Batch) -> Tensor:
    """1 for each picture whose mask is known, else 0: (B). All are where the batch does not say."""
    return batch.get("masked", torch.ones_like(batch["label"]))


def known_target(batch: Batch) -> Tensor:
    """The masks (B, H, W), and -1 all over a picture whose mask is not known."""
    target = batch["mask"]
    return torch.where(with_masks(batch)[:, None, None] > 0, target, torch.full_like(target, -1))


def measured_f1(outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
    """``pixel_f1`` of pictures whose mask is known; nothing of a batch without masks."""
    target = batch.get("mask")
    if target is None:
        return {}
    known = batch.get("masked", torch.ones(len(target))) > 0
    return {"pixel_f1": permuted_f1(outputs["mask"], target)[known]}


def permuted_f1(mask: Tensor, target: Tensor) -> Tensor:
    """F1 over the pixels of each picture, or of the inverted mask where that is higher: (B).

    Log-odds and target (0, 1), both (B, H, W). One is added to both parts of the share, so that a
    picture without a forged pixel has a figure too.
    """
    found, forged = (mask > 0).flatten(1), (target > 0.5).flatten(1)
    hit = (found & forged).sum(1)
    missed = (~found & forged).sum(1)
    alarm = (found & ~forged).sum(1)
    rest = (~found & ~forged).sum(1)
    plain = (2 * hit + 1) / (2 * hit + missed + alarm + 1)
    inverted = (2 * missed + 1) / (2 * missed + hit + rest + 1)
    return torch.maximum(plain, inverted)
