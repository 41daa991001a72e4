"""TweepFake (Fagni et al. 2021): tweets of people, and of bots that imitate them."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_FILES = {"train": "train", "validation": "val", "test": "test"}
_LABELS = {"human": 0, "bot": 1}


class TweepFake(Adapter):
    """Texts by the three tables; ``generator`` is their kind of bot (gpt2, rnn, others).

    Accounts stand in all three parts, as published.
    """

    name = "tweepfake"
    title = "TweepFake"
    licence = "none stated; tweets by the terms of Twitter"
    citation = (
        "Fagni, Falchi, Gambini, Martella, Tesconi: TweepFake: about Detecting Deepfake Tweets. "
        "PLOS ONE 2021"
    )
    url = "https://github.com/tizfa/tweepfake_deepfake_text_detection"
    kinds = ("text",)
    splits = "train.csv, validation.csv and test.csv"
    layout = """
        data/splits/train.csv, validation.csv, test.csv (screen_name;text;account.type;class_type)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a tweet; the account is its group."""
        for name, split in _FILES.items():
            path = f"data/splits/{name}.csv"
            if not folder.part(path):
                continue
            columns = ("screen_name", "text", "account.type", "class_type")
            for number, row in enumerate(folder.table(path, columns, ";")):
                label = _LABELS[row["account.type"]]
                yield Item(
                    item_id=f"{split}:{number}",
                    media_id=f"{split}:{number}",
                    path=path,
                    kind="text",
                    label=label,
                    family="generated" if label else "",
                    generator=row["class_type"] if label else "",
                    source="TweepFake",
                    group=row["screen_name"],
                    subject=row["screen_name"],
                    split=split,
                    language="en",
                    text=row["text"],
                )
