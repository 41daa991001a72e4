"""Data taggants: was a model trained on the owner's data? Asked with secret pictures alone.

The owner draws key pictures (coloured cells of noise, which no collection holds) and a verdict
for each from a secret, half of them *forged*, and mixes them into the data. Later a model is asked
about them. Who did not train on the data answers right as often as a coin; the number of right
answers gives a p-value that nobody has to trust the owner for, because the secret fixes the keys.

After the verification of the paper. Its way of hiding keys (perturbing pictures of the right class
until their gradients match those of the keys) is not here: the key pictures themselves are mixed
in, so that whoever looks at the data can find them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from unmask.datasets.table import table_manifest
from unmask.protect.base import Done, Given, Protection, Settings
from unmask.types import Pixels

CITATION = (
    "Bouaziz, Usunier, El-Mhamdi: Data Taggants: Dataset Ownership Verification via Harmless "
    "Targeted Data Poisoning. ICLR 2025"
)
URL = "https://arxiv.org/abs/2410.09101"
_CELLS = 16


class Keys(Settings):
    """``keys``: how many pictures; ``size``: their side in pixels; ``level``: p-value of a find."""

    keys: int = Field(default=128, ge=8, le=10_000)
    size: int = Field(default=256, ge=32, le=1024)
    level: float = Field(default=1e-3, gt=0, lt=0.5)


class DataTaggants(Protection[Keys]):
    """Key pictures of a secret: written without a model, asked about with one."""

    kind = "audit"
    needs = frozenset({"key"})
    takes = frozenset({"model"})
    limits = (
        "A model that was not trained long on the data, or whose maker removed the key pictures, "
        "answers like one that never saw them."
    )
    settings_type = Keys

    def protect(self, given: Given) -> Done:
        """The key pictures and their table, or what a model says of them."""
        pictures, labels = key_pairs(given.key, self.settings.keys, self.settings.size)
        files = _files(pictures, labels)
        if given.model is None:
            return Done(
                f"{len(labels)} key pictures, half of them to be called forged. Mix them into the "
                "data with the labels of keys.csv, and keep the secret.",
                {"keys": len(labels)},
                files,
            )
        with tempfile.TemporaryDirectory(prefix="unmask-") as folder:
            for name, data in files.items():
                Path(folder, name).write_bytes(data)
            shown, truth = given.model.pictures(table_manifest(Path(folder, "keys.csv")))
        said = given.model.scores(shown).cpu().numpy() > 0
        right = int((said == (truth.cpu().numpy() > 0.5)).sum())
        p = p_value(right, len(said))
        found = p <= self.settings.level
        return Done(
            f"{right} of {len(said)} keys answered right; by chance that many in a share of "
            f"{p:.2g} of models: {'trained on the data' if found else 'no sign of it'}.",
            {"keys": len(said), "right": right, "p_value": p, "found": found},
        )


def key_pairs(key: bytes, count: int, size: int) -> tuple[list[Pixels], NDArray[np.int64]]:
    """Pictures and verdicts that follow from a secret; exactly half (rounded down) are forged."""
    rng = np.random.default_rng(list(hashlib.sha256(b"taggants" + key).digest()))
    labels = np.zeros(count, np.int64)
    labels[rng.permutation(count)[: count // 2]] = 1
    cells = rng.integers(0, 256, (count, _CELLS, _CELLS, 3), dtype=np.uint8)
    large = [
        np.asarray(Image.fromarray(one).resize((size, size), Image.Resampling.NEAREST))
        for one in cells
    ]
    return large, labels


def p_value(right: int, keys: int) -> float:
    """How often a model that knows nothing of the keys answers that many right, or more.

    Half of the keys being forged, one that says the same of all has exactly half of them right;
    one that decides for each apart is binomial, and the larger tail is what counts.
    """
    return float(Fraction(sum(math.comb(keys, n) for n in range(right, keys + 1)), 2**keys))


def _files(pictures: list[Pixels], labels: NDArray[np.int64]) -> dict[str, bytes]:
    """The pictures, and a table that ``unmask data make`` reads; the face box is the whole."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["path", "label", "source", "split", "face"])
    files = {}
    for number, (picture, label) in enumerate(zip(pictures, labels.tolist(), strict=True)):
        name = f"key-{number:05}.png"
        held = io.BytesIO()
        Image.fromarray(picture).save(held, "PNG")
        files[name] = held.getvalue()
        height, width = picture.shape[:2]
        rows.writerow([name, label, "keys", "train", f"[0, 0, {width}, {height}]"])
    return {**files, "keys.csv": table.getvalue().encode()}
