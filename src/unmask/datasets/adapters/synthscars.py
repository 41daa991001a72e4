"""SynthScars (Kang et al. 2025): generated pictures, and where and why they show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder


class SynthScars(Adapter):
    """Generated pictures only: no detection figure can be made of it by itself.

    ``text`` is the explanation of all faults, ``box`` holds all polygons of them, in pixels.
    """

    name = "synthscars"
    title = "SynthScars"
    licence = "Apache-2.0 as its page says"
    citation = (
        "Kang, Wen, Wen, Ye, Li, Feng, Zhou, Wang, Lin, Zhang, He: LEGION: Learning to Ground and "
        "Explain for Synthetic Image Detection. ICCV 2025"
    )
    url = "https://huggingface.co/datasets/khr0516/SynthScars"
    kinds = ("image",)
    labels = (1,)
    splits = "the folders train and test"
    layout = """
        train/images/*.jpg and train/annotations/train.json
        test/images/*.jpg and test/annotations/test.json
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture."""
        for split in ("train", "test"):
            # Its README spells one of the folders otherwise than its archive.
            place = folder.part(f"{split}/annotations", f"{split}/annoations")
            if not place:
                continue
            rows: dict[str, dict[str, Any]] = {}
            for entry in folder.json(f"{place}/{split}.json"):
                for row in entry.values():
                    rows[f"{split}/images/{row['img_file_name']}"] = row
            for path in folder.present(rows, f"pictures of {split}"):
                row = rows[path]
                yield medium(
                    path,
                    1,
                    group=path,
                    split=split,
                    family="generated",
                    source="SynthScars",
                    text=str(row["caption"]),
                    box=_around(ref["segmentation"] for ref in row["refs"]),
                )


def _around(shapes: Iterator[list[list[float]]]) -> tuple[float, ...]:
    """The box around all polygons (x, y, x, y …): left, top, width, height; none when empty."""
    numbers = [polygon for shape in shapes for polygon in shape]
    xs = [float(x) for polygon in numbers for x in polygon[::2]]
    ys = [float(y) for polygon in numbers for y in polygon[1::2]]
    if not xs or len(xs) != len(ys):
        return ()
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
