"""In-the-Wild (Müller et al. 2022): public figures, real and forged, from the internet."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {"bona-fide": 0, "spoof": 1}


class InTheWild(Adapter):
    """Recordings by ``meta.csv``; made for testing what was trained elsewhere, so all are test."""

    name = "in-the-wild"
    title = "In-the-Wild"
    licence = "Apache-2.0 on the authors' page, CC BY-SA 4.0 on Hugging Face"
    citation = (
        "Müller, Czempin, Dieckmann, Froghyar, Böttinger: Does Audio Deepfake Detection "
        "Generalize? Interspeech 2022"
    )
    url = "https://deepfake-total.com/in_the_wild"
    kinds = ("audio",)
    splits = "none exist; everything is test, as in the paper"
    layout = """
        meta.csv (file, speaker, label)
        0.wav, 1.wav, …
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a recording; the speaker is its group."""
        rows = {row["file"]: row for row in folder.table("meta.csv", ("file", "speaker", "label"))}
        for path in folder.present(rows, "recordings"):
            row = rows[path]
            if row["label"] not in _LABELS:
                raise folder.error(f"meta.csv: the label of {path} is {row['label']!r}")
            yield medium(
                path,
                _LABELS[row["label"]],
                group=row["speaker"].replace("+", " "),
                subject=row["speaker"],
                split="test",
                source="In-the-Wild",
                language="en",
            )
