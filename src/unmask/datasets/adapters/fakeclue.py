"""FakeClue (Wen et al. 2025): pictures of seven kinds with words on what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder


class FakeClue(Adapter):
    """Pictures by ``data_json``. Its label is 1 for real: here, as everywhere, 1 is forged.

    ``family`` is the kind of picture (``cate``), ``text`` the answer that the dataset holds.
    """

    name = "fakeclue"
    title = "FakeClue"
    licence = "Apache-2.0 as its page says; pictures of many sources"
    citation = (
        "Wen, Ye, Feng, Kang, Wen, Chen, Wu, Wu, He, Li: Spot the Fake: Large Multimodal "
        "Model-Based Synthetic Image Detection with Artifact Explanation. NeurIPS 2025"
    )
    url = "https://huggingface.co/datasets/lingcco/FakeClue"
    kinds = ("image",)
    splits = "train.json and test.json; validation is split off training"
    layout = """
        data_json/train.json, data_json/test.json (image, label, cate, conversations)
        train/doc/fake/*, train/doc/real/*, … (the pictures, by kind)
        test/doc/fake/*, test/satellite/real/*, …
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture."""
        for split in ("train", "test"):
            if not folder.part(f"data_json/{split}.json"):
                continue
            rows: dict[str, dict[str, Any]] = {}
            for row in folder.json(f"data_json/{split}.json"):
                rows[f"{split}/{str(row['image']).removeprefix(f'{split}/')}"] = row
            for path in folder.present(rows, f"pictures of {split}"):
                row = rows[path]
                label = {0: 1, 1: 0}[int(row["label"])]
                said = [turn["value"] for turn in row["conversations"] if turn["from"] != "human"]
                yield medium(
                    path,
                    label,
                    group=path,
                    split=split,
                    family=str(row["cate"]) if label else "",
                    source=f"FakeClue {row['cate']}",
                    text=str(said[0]) if said else "",
                )
