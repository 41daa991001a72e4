"""GenVideo (Chen et al. 2024): a million generated videos of twenty models."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LISTS = {"train": "train", "val_id": "test"}
_COLUMNS = ("content_path", "label", "frame_seq")
_MOST_DIGITS = 200_000


class GenVideo(Adapter):
    """Videos taken apart into pictures, by the authors' two tables (``Preprocess/folder2csv.py``).

    A video is a folder of pictures, and their medium; ``frame_seq`` is a list of
    numbers as text, which is taken apart as such and never run. Real and generated videos differ
    in rate, length and size: check for that.
    """

    name = "genvideo"
    title = "GenVideo"
    licence = "Apache-2.0 for the code; Kinetics-400, Youku and MSR-VTT: their terms"
    citation = (
        "Chen, Hong, Huang, Xu, Gu, Li, Lan, Zhu, Zhang, Wang, Li: DeMamba: AI-Generated Video "
        "Detection on Million-Scale GenVideo Benchmark. arXiv 2405.19707, 2024"
    )
    url = "https://github.com/chenhaoxing/DeMamba"
    kinds = ("image",)
    splits = "datasets/train.csv and val_id.csv (test); validation is split off training"
    layout = """
        datasets/train.csv, datasets/val_id.csv (content_path, label, frame_seq)
        fake/SVD/VIDEO/0.jpg, real/youku/VIDEO/0.jpg … (as content_path says)
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture; the video is its medium and group."""
        for name, split in _LISTS.items():
            place = f"datasets/{name}.csv"
            if not folder.part(place):
                continue
            rows: dict[str, tuple[str, int]] = {}
            for row in folder.table(place, _COLUMNS):
                label = int(row["label"])
                for number in _numbers(row["frame_seq"]):
                    rows[f"{row['content_path']}/{number}.jpg"] = (row["content_path"], label)
            for path in folder.present(rows, f"pictures of {place}"):
                video, label = rows[path]
                parts = video.split("/")
                yield medium(
                    path,
                    label,
                    media_id=video,
                    group=video,
                    split=split,
                    generator=parts[1] if label else "",
                    family="generated" if label else "",
                    source=f"GenVideo {parts[1]}" if label else parts[1],
                )


def _numbers(text: str) -> list[int]:
    """The numbers of "[0, 1, 2]". Raises ValueError for anything else."""
    inner = text.strip()
    if len(inner) > _MOST_DIGITS or not (inner.startswith("[") and inner.endswith("]")):
        raise ValueError(f"frame_seq is {inner[:40]!r}")
    return [int(cell) for cell in inner[1:-1].split(",") if cell.strip()]
