"""Deepfake-Eval-2024 (Chandra et al. 2025): what people asked about on the internet in 2024."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {"real": 0, "fake": 1}
_SPLITS = {"train": "train", "test": "test"}
_SUFFIX = {"image": "", "video": ".mp4", "audio": ""}


class DeepfakeEval2024(Adapter):
    """Pictures, videos and recordings by their three tables.

    What the tables call neither Real nor Fake, what they give to neither part, and rows whose
    file name a spreadsheet spoiled ("#NAME?") are left out and counted in a note. A staged scene
    is Real. A video may show several faces of which one is forged.
    """

    name = "deepfake-eval-2024"
    title = "Deepfake-Eval-2024"
    licence = "CC BY-SA 4.0, after agreeing to its conditions"
    citation = (
        "Chandra, Murtfeldt, Qiu, Karmakar, Lee, Tanumihardja et al.: Deepfake-Eval-2024: A "
        "Multi-Modal In-the-Wild Benchmark of Deepfakes Circulated in 2024. arXiv 2503.02857, 2025"
    )
    url = "https://huggingface.co/datasets/nuriachandra/Deepfake-Eval-2024"
    kinds = ("image", "video", "audio")
    splits = "the column 'Finetuning Set' (Train, Test); validation is split off training"
    layout = """
        image-metadata-publish.csv and image-data/*
        video-metadata-publish.csv and video-data/*
        audio-metadata-publish.csv and audio-data/*
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a file."""
        for kind in self.kinds:
            yield from self._kind(folder, kind)

    @staticmethod
    def _kind(folder: DatasetFolder, kind: str) -> Iterator[Item]:
        place = f"{kind}-metadata-publish.csv"
        rows: dict[str, tuple[int, str]] = {}
        left: Counter[str] = Counter()
        for row in folder.table(place, ("Filename", "Ground Truth", "Finetuning Set")):
            name = row["Filename"].strip()
            label = row["Ground Truth"].strip().lower()
            split = row["Finetuning Set"].strip().lower()
            if label not in _LABELS:
                left["without a label"] += 1
            elif split not in _SPLITS:
                left["in neither part"] += 1
            elif not name or name.startswith("#"):
                left["without a file name"] += 1
            else:
                has = "." in name
                rows[f"{kind}-data/{name}{'' if has else _SUFFIX[kind]}"] = (_LABELS[label], split)
        for why, count in sorted(left.items()):
            folder.notes.append(f"{count} rows of {place} are left out: {why}.")
        for path in folder.present(rows, f"files of {place}"):
            source = f"Deepfake-Eval-2024 {kind}"
            yield medium(
                path,
                rows[path][0],
                kind=kind,
                group=path,
                split=folder.known(_SPLITS, rows[path][1], "Finetuning Set"),
                source=source,
            )
