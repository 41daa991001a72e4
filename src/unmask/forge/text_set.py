"""A set of made pictures of text, half of them edited, with masks and a manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.forge.text_edit import edit_text
from unmask.forge.text_habits import population
from unmask.forge.text_page import SEEN, UNSEEN, fonts, page, saved

_SHARES = (("train", 0.7), ("val", 0.1), ("test", 0.2))
_LAST = ("phone", "editor", "messenger")


def text_set(
    out: Path,
    pictures: int,
    seed: int = 0,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Path:
    """Write ``pictures`` of them and say where the manifest is; ``told`` hears how far it is.

    Each page is saved by a phone first. Every second one is then edited by one of fifty people,
    edited or not saved again. Layouts and fonts of ``test`` occur nowhere else, nor do its people.
    """
    ways = population()
    people = [ways.person(np.random.default_rng([seed, 1, i])) for i in range(50)]
    (out / "masks").mkdir(parents=True, exist_ok=True)
    rows = []
    ends = np.cumsum([round(share * pictures) for _, share in _SHARES])
    for number in range(pictures):
        rng = np.random.default_rng([seed, 2, number])
        split = _SHARES[min(int(np.searchsorted(ends, number, side="right")), 2)][0]
        unseen = split == "test"
        layouts, letters = (UNSEEN if unseen else SEEN), fonts(unseen)
        layout = layouts[int(rng.integers(len(layouts)))]
        pixels = page(layout, letters, rng)
        mask = np.zeros(pixels.shape[:2], np.uint8)
        pixels, mask = saved(pixels, mask, "phone" if rng.random() < 0.8 else "clean", rng)
        edited = number % 2
        kind = ""
        if edited:
            donor = page(layout, letters, rng)
            group = people[40:] if unseen else people[:40]
            for _ in range(int(rng.integers(1, 4))):
                person = group[int(rng.integers(len(group)))]
                made = edit_text(pixels, rng, donor=donor, ways=person, fonts=letters)
                pixels, mask, kind = made.pixels, mask | made.mask, made.habit.kind
        pixels, mask = saved(pixels, mask, _LAST[int(rng.integers(3))], rng)
        name = f"{number:05d}"
        Image.fromarray(pixels).save(out / f"{name}.png")
        Image.fromarray(mask * 255).save(out / "masks" / f"{name}.png")
        rows.append(
            Item(
                name,
                name,
                f"{name}.png",
                "image",
                edited,
                family=kind,
                source=layout,
                split=split,
                mask=f"masks/{name}.png",
            )
        )
        told(number + 1, pictures)
    return write_manifest(out / "manifest.parquet", Manifest(out, tuple(rows), "text-set"))
