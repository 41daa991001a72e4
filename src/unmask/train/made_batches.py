"""Made batches that methods show as examples: for contract tests, exports and parity."""

from __future__ import annotations

import torch

from unmask.train.method import Batch


def noise_batch(name: str, size: int | tuple[int, int], batch: int, seed: int) -> Batch:
    """``name``: noise (B, 3, height, width), 0…255; ``label``: real and forged in turn."""
    height, width = (size, size) if isinstance(size, int) else size
    rng = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand((batch, 3, height, width), generator=rng) * 255,
        "label": (torch.arange(batch) % 2).float(),
    }


def masked_noise_batch(name: str, size: int | tuple[int, int], batch: int, seed: int) -> Batch:
    """The same with ``mask`` (B, height, width), a forged corner in every second picture, and
    ``masked`` (B), which says that all have one."""
    made = noise_batch(name, size, batch, seed)
    mask = torch.zeros(batch, *made[name].shape[2:])
    mask[1::2, : mask.shape[1] // 2, : mask.shape[2] // 2] = 1
    return made | {"mask": mask, "masked": torch.ones(batch)}
