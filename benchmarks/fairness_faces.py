"""Faces of known groups and forgeries made of them, to see what fairness strategies change.

    python benchmarks/fairness_faces.py MEDIA FOLDER --faces 1400

MEDIA holds ``manifest.jsonl`` with photos of faces whose gender and ethnicity are given. Every
photo that is taken stands twice in FOLDER's manifest: saved again, and with its inner face drawn
anew (``unmask.forge.blend``, resynthesis) and saved in the same way; a pair is of one group and
lies in one split. In training most faces are of one ethnicity, as in the field's collections; the
test holds all alike. ``protocol.toml`` beside the manifest is what ``unmask bench run`` takes.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.faces.detect import detect
from unmask.forge.blend import Portrait, forge
from unmask.media import Limits, read_image

MOST = "white"
"""The ethnicity that training has most of; of each other one photo in ``RARE`` is kept there."""
RARE = 8
SHARES = {"train": 0.5, "val": 0.1, "test": 0.4}
PROTOCOL = """title = "Faces of known groups: the inner face drawn anew, one group trained on most"
source = "unmask"
kinds = ["image"]
aggregate = "mean-probability"
checkpoint = "val"
threshold = "val"
metrics = ["auc", "eer:interpolated", "balanced_acc"]
notes = ["Forgeries are made here of the photos of the test; the figures compare these runs alone."]

[train]
samples = 2400
batch = 16
workers = 0
init = "random"
where = { split = "train" }

[val]
where = { split = "val" }

[[test]]
name = "faces"
where = { split = "test" }
"""


def photos(media: Path, count: int, seed: int) -> list[dict[str, Any]]:
    """Rows of photos with gender and ethnicity, as many of each group, with a ``split`` each."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in (media / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "image" and row.get("gender") and row.get("ethnicity"):
            groups[row["gender"], row["ethnicity"]].append(row)
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


def make(media: Path, folder: Path, count: int, seed: int = 0) -> Path:
    """Write pictures, manifest and protocol; photos without a face that is found are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for number, row in enumerate(photos(media, count, seed)):
        pixels = read_image(media / row["path"], Limits())
        faces = detect(pixels)
        if not faces:
            continue
        rng = np.random.default_rng([seed, number])
        portrait = Portrait(pixels, faces[0].points)
        quality = int(rng.integers(80, 96))
        for label, shown in enumerate(
            (pixels, forge("resynthesis", portrait, portrait, rng).pixels)
        ):
            name = f"{number:04}-{label}.jpg"
            Image.fromarray(shown).save(folder / name, quality=quality)
            items.append(
                Item(
                    name, name, name, "image", label, "resynthesis" if label else "",
                    source="photos", group=row["group"], split=row["split"],
                    gender=row["gender"], ethnicity=row["ethnicity"],
                    face=tuple(float(v) for v in faces[0].box),
                )
            )  # fmt: skip
    (folder / "protocol.toml").write_text(PROTOCOL, encoding="utf-8")
    return write_manifest(folder / "manifest.parquet", Manifest(folder, tuple(items), "faces"))


def main() -> None:
    """Make the set."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("media", type=Path)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--faces", type=int, default=1400)
    given = asked.parse_args()
    print(make(given.media, given.folder, given.faces))


if __name__ == "__main__":
    main()
