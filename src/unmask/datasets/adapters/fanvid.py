"""FANVID (2025): faces and number plates in clips of 180 × 320 pixels, a box a frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder
from unmask.types import Box

TASKS = {
    "faces": ("dataset_celebs.csv", "celebrity_annotations_LR.csv"),
    "plates": ("dataset_lp.csv", "license_plate_annotations_LR.csv"),
}
"""The tables of each task: its clips and their boxes."""
_CLIPS = ("Clip ID", "Video ID", "Name", "Split")
_BOXES = ("Clip ID", "FrameNo", "BoxLeft", "BoxTop", "BoxRight", "BoxBottom", "IdentityOrText")


@dataclass(frozen=True, slots=True)
class Marked:
    """One box of a clip. ``told``: the person's name, or what the plate says."""

    clip: str
    frame: int
    box: Box
    told: str


class FanVid(Adapter):
    """Clips that the user cut out of the videos, beside the tables of the authors.

    All are real. ``subject`` is who is shown, or the plate; the boxes are read by ``boxes`` and
    are what the protocol ``fanvid`` counts. The tables name videos of the web and people known
    to the public: get the clips under the terms of those videos.
    """

    name = "fanvid"
    title = "FANVID"
    licence = "as its page says; videos as their owners say"
    citation = (
        "The FANVID authors: FANVID: A Benchmark for Face and License Plate Recognition in "
        "Low-Resolution Videos. arXiv 2025"
    )
    url = (
        "https://huggingface.co/datasets/kv1388/"
        "FANVID-Face_and_License_Plate_Recognition_in_Low-Resolution_Videos"
    )
    kinds = ("video",)
    labels = (0,)
    splits = "the column Split of both tables; validation is split off training"
    carves_val = True
    layout = """
        data/dataset_celebs.csv, data/dataset_lp.csv (Clip ID, Video ID, Name, Split …)
        data/celebrity_annotations_LR.csv, data/license_plate_annotations_LR.csv (Clip ID, \
FrameNo, BoxLeft …)
        clips/{faces|plates}/CLIP ID.mp4 (cut out of the videos by you)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a clip."""
        for task, (clips, boxes) in TASKS.items():
            folder.need(f"data/{boxes}")
            rows = {
                f"clips/{task}/{_number(row['Clip ID'])}.mp4": row
                for row in folder.table(f"data/{clips}", _CLIPS)
            }
            for path in folder.present(rows, f"clips of data/{clips}"):
                row = rows[path]
                yield medium(
                    path,
                    0,
                    group=row["Video ID"],
                    split={"train": "train", "test": "test"}[row["Split"].strip().lower()],
                    source=f"FANVID {task}",
                    subject=row["Name"].strip(),
                )


def boxes(folder: DatasetFolder, task: str) -> list[Marked]:
    """The boxes of a task, in the pixels of its small clips. Raises DataError."""
    return [
        Marked(
            _number(row["Clip ID"]),
            int(float(row["FrameNo"])),
            Box(left, top, float(row["BoxRight"]) - left, float(row["BoxBottom"]) - top),
            row["IdentityOrText"].strip(),
        )
        for row in folder.table(f"data/{TASKS[task][1]}", _BOXES)
        for left, top in [(float(row["BoxLeft"]), float(row["BoxTop"]))]
    ]


def _number(text: str) -> str:
    """A clip's number; the tables write it as 12 and as 12.0."""
    return str(int(float(text)))
