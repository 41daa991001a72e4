"""Faces of known groups and forgeries made of them: the set of ``fairness.py``.

MEDIA holds ``manifest.jsonl`` with photos of faces whose gender and ethnicity are given. Every
photo that is taken stands twice in the set: saved again, and forged and saved in the same way. The
forgery is ``unmask.forge.blend.decoded``: the face, its own or that of another person of the group,
drawn by a coarse decoder and laid in. A pair is of one group and lies in one split. In training
most faces are of one ethnicity, as in the field's collections; validation and test hold all alike.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError
from unmask.faces.detect import detect
from unmask.forge.blend import DECODED, Portrait, forge
from unmask.media import Limits, read_image
from unmask.types import Pixels

MOST = "white"
"""The ethnicity that training has most of; of each other one photo in ``RARE`` is kept there."""
RARE = 8
SHARES = {"train": 0.5, "val": 0.1, "test": 0.4}
COARSE = 8
"""Pixels a side that the decoder draws as one square."""
PROTOCOL = f"""title = "Faces of known groups, drawn by a coarse decoder; trained on one group most"
source = "unmask"
kinds = ["image"]
aggregate = "mean-probability"
checkpoint = "val"
threshold = "val"
metrics = ["auc", "eer:interpolated", "balanced_acc"]
notes = [
  "Forgeries are made here of the photos of the test; the figures compare these runs alone.",
  "In training one photo in {RARE} is kept of every ethnicity but {MOST!r}.",
]

[train]
samples = 2400
batch = 32
workers = 0
init = "random"
where = {{ split = "train" }}

[val]
most = 60
where = {{ split = "val" }}

[[test]]
name = "faces"
where = {{ split = "test" }}
"""


def photos(media: Path, count: int, seed: int) -> list[dict[str, Any]]:
    """Rows of photos with gender and ethnicity, as many of each group, with a ``split`` each.

    Raises DataError where there are none.
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in (media / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "image" and row.get("gender") and row.get("ethnicity"):
            groups[row["gender"], row["ethnicity"]].append(row)
    if not groups:
        raise DataError(f"No photo of {media}/manifest.jsonl says gender and ethnicity.")
    rng = np.random.default_rng(seed)
    chosen = []
    for key in sorted(groups):
        rows = sorted(groups[key], key=lambda row: str(row["path"]))
        order = rng.permutation(len(rows))[: count // len(groups)]
        bounds = np.cumsum([round(share * len(order)) for share in SHARES.values()])
        for place, number in enumerate(order):
            split = list(SHARES)[min(int(np.searchsorted(bounds, place, "right")), 2)]
            if split == "train" and key[1] != MOST and place % RARE:
                continue
            chosen.append({**rows[number], "split": split})
    return chosen


def coarse(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A decoder of few numbers: every square of ``COARSE`` pixels in its mean colour."""
    side = pixels.shape[0] // COARSE
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    drawn = cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(drawn, np.uint8)


def make(media: Path, folder: Path, count: int, seed: int = 0) -> Counter[str]:
    """Write pictures, manifest and protocol (``faces.toml``); items by split, and ``faceless``
    photos, which are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    items, counts = [], Counter[str]()
    before: dict[tuple[str, ...], Portrait] = {}
    for number, row in enumerate(photos(media, count, seed)):
        pixels = read_image(media / row["path"], Limits())
        faces = detect(pixels)
        if not faces:
            counts["faceless"] += 1
            continue
        box = faces[0].box
        rng = np.random.default_rng([seed, number])
        portrait = Portrait(pixels, faces[0].points)
        like = (row["gender"], row["ethnicity"], row["split"])
        donor = before.get(like, portrait)
        before[like] = portrait
        quality = int(rng.integers(80, 96))
        counts[row["split"]] += 2
        made = forge(DECODED, portrait, donor, rng, decode=coarse)
        for label, shown in enumerate((pixels, made.pixels)):
            name = f"{number:04}-{label}.jpg"
            Image.fromarray(shown).save(folder / name, quality=quality)
            items.append(
                Item(
                    name, name, name, "image", label, DECODED if label else "",
                    source="photos", group=row["group"] or name[:4], split=row["split"],
                    gender=row["gender"], ethnicity=row["ethnicity"],
                    face=(box.x, box.y, box.width, box.height),
                )
            )  # fmt: skip
    (folder / "faces.toml").write_text(PROTOCOL, encoding="utf-8")
    write_manifest(folder / "manifest.parquet", Manifest(folder, tuple(items), "faces"))
    return counts
