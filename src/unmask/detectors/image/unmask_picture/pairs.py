"""What training sees: pairs of a real tile and a forgery of it, laundered alike.

Both halves come from the same photo, crop, scale, history and laundering chain, so that only the
forgery tells them apart. The exception are the few third-party generated faces, which are paired
with a real face of the same crop size and chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from unmask.detectors.image.unmask_picture import model
from unmask.detectors.image.unmask_picture.photos import Photo, Pool, random_tile, read, scaled
from unmask.forge.launder import Chain, Step, draw_chain
from unmask.forge.operations import jpeg
from unmask.forge.processing import earlier_save, page, processed
from unmask.forge.resynth import Generators, softened
from unmask.forge.shapes import random_mask
from unmask.forge.splice import edit
from unmask.forge.traces import traced, upsampled
from unmask.train.task import Batch
from unmask.types import Pixels

Rng = np.random.Generator
Bits = NDArray[np.uint8]


def last_chain(rng: Rng) -> Chain:
    """What happens after the forgery: nothing, one save, or a drawn chain of any strength."""
    chance = float(rng.random())
    if chance < 0.15:
        return Chain(())
    if chance < 0.4:
        return Chain((Step(jpeg, (int(rng.integers(60, 99)), int(rng.choice([0, 2, 2])))),))
    return draw_chain(rng, float(rng.uniform(0, 1)))


def window(mask: Bits, side: int, rng: Rng) -> tuple[int, int]:
    """Top and left of a square of ``side`` that holds some of the mask, up to three quarters of it.

    The last of twelve tries is centred on a marked pixel.
    """
    free = (mask.shape[0] - side, mask.shape[1] - side)
    for _ in range(12):
        y, x = (int(rng.integers(most + 1)) for most in free)
        if 0.015 <= mask[y : y + side, x : x + side].mean() <= 0.75:
            return y, x
    rows, columns = np.nonzero(mask)
    chosen = int(rng.integers(len(rows)))
    y, x = (
        int(np.clip(place - side // 2, 0, most))
        for place, most in zip((rows[chosen], columns[chosen]), free, strict=True)
    )
    return y, x


class Pairs(Dataset[Batch]):
    """Pairs (real, forged) of tiles; item *i* depends on the seed and *i* alone."""

    def __init__(
        self,
        photos: Sequence[Photo],
        made: Generators,
        settings: dict[str, Any],
        count: int,
        seed: int,
    ) -> None:
        self.side = int(settings["tile"])
        self.count = count
        self.seed = seed
        self.processed = float(settings["processed"])
        self.pages = float(settings["pages"])
        self.made = made
        self.real = Pool([p for p in photos if not p.label], settings["sources"])
        shares = {name: float(share) for name, share in settings["shares"].items()}
        third = [p for p in photos if p.label]
        if not third:
            shares.pop("third-party")
        else:
            self.third = Pool(third, settings["third_party"])
            self.faces = Pool([p for p in photos if not p.label], settings["third_party_reals"])
        self.kinds = sorted(shares)
        self.share = np.array([shares[kind] for kind in self.kinds])
        self.share /= self.share.sum()

    def __len__(self) -> int:
        return self.count

    def _crop(self, side: int, rng: Rng) -> Pixels:
        """A square of a real photo, or now and then of a drawn screen."""
        if rng.random() < self.pages:
            return page(side, rng)
        return random_tile(read(self.real.draw(rng)), side, rng)

    def _again(self, real: Pixels, rng: Rng) -> Pixels:
        """The crop re-synthesised by one of the autoencoders or by a simulation."""
        chance = float(rng.random())
        if chance < 0.12:
            return upsampled(real, rng)
        if chance < 0.34:
            return traced(real, rng)
        names = sorted(self.made.networks)
        name = names[int(rng.integers(len(names)))]
        return self.made(real, name, float(rng.choice([0.0, rng.uniform(0, 0.7)])))

    def _local(self, kind: str, rng: Rng) -> tuple[Pixels, Pixels, Bits]:
        """A real tile, the same with a part forged, and where.

        Half the forgeries are made on a larger square, so that tiles cut through them; half the
        photos were saved before.
        """
        side = (
            self.side
            if rng.random() < 0.5
            else int(rng.integers(self.side + 8, 9 * self.side // 5))
        )
        real = self._crop(side, rng)
        if rng.random() < 0.5:
            real = earlier_save(rng)(real)
        if kind == "edited":
            done = edit(real, read(self.real.draw(rng)), rng)
            fake, mask = done.pixels, done.mask
        else:
            again = self._again(real, rng)
            soft = random_mask(real, rng)
            mixed = real * (1 - soft[..., None]) + again * soft[..., None]
            fake = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
            mask = (soft > 0.5).astype(np.uint8)
        y, x = window(mask, self.side, rng)
        cut = np.s_[y : y + self.side, x : x + self.side]
        return real[cut], fake[cut], mask[cut]

    def _whole(self, rng: Rng) -> tuple[Pixels, Pixels]:
        """A real tile and its re-synthesis, one in three at another scale; most reals softened."""
        factor = float(np.exp(rng.uniform(-0.6, 0.35))) if rng.random() < 0.35 else 1.0
        real = self._crop(round(self.side / factor), rng)
        if rng.random() < 0.3:
            real = earlier_save(rng)(real)
        fake = self._again(real, rng)
        if factor != 1:
            way = int(rng.integers(4))
            real, fake = (scaled(half, self.side / len(half), way) for half in (real, fake))
        return (softened(real, fake) if rng.random() < 0.6 else real), fake

    def _third_party(self, rng: Rng) -> tuple[Pixels, Pixels]:
        """A crop of a real face and one of a generated face."""
        real = random_tile(read(self.faces.draw(rng)), self.side, rng)
        return real, random_tile(read(self.third.draw(rng)), self.side, rng)

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([self.seed, index])
        kind = self.kinds[int(rng.choice(len(self.kinds), p=self.share))]
        mask = np.zeros((self.side, self.side), np.uint8)
        whole = kind in ("generated", "third-party")
        if whole:
            real, fake = self._whole(rng) if kind == "generated" else self._third_party(rng)
        else:
            real, fake, mask = self._local(kind, rng)
        chance = float(rng.random())
        if chance < self.processed:
            step = processed(rng)
            # Two in five times the real half alone: out of focus or denoised is not forged.
            real, fake = step(real), fake if chance < 0.4 * self.processed else step(fake)
        chain = last_chain(rng)
        step_side = model.STRIDE
        cells = mask.reshape(self.side // step_side, step_side, -1, step_side).mean((1, 3))
        cells = np.stack([np.zeros_like(cells), cells]).astype(np.float32)
        return {
            "tile": torch.from_numpy(np.stack([chain(real), chain(fake)])),
            "labels": torch.tensor([[0.0, 0.0], [1.0 - whole, float(whole)]]),
            "weights": torch.tensor([[1.0, 1.0], [0.3, 1.0] if whole else [1.0, 0.5]]),
            "mask": torch.from_numpy(cells),
            "drawn": torch.tensor([1.0, 1.0 - whole]),
            "kind": torch.tensor([self.kinds.index(kind)] * 2),
        }
