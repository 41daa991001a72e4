"""CrossFaceID (Wang et al. 2025): photographs of some two thousand people, with captions."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_TABLE = "CrossFaceID.jsonl"


class CrossFaceID(Adapter):
    """Real photographs of real people who were not asked: real side only, for nothing else.

    Fields are those that the authors' training code reads; it calls pictures by the paths of its
    own machine, so that the part of a path that is here counts. Who is shown is told nowhere:
    pictures of one person may be in several splits.
    """

    name = "crossfaceid"
    title = "CrossFaceID"
    licence = "none stated; pictures as their owners say"
    citation = (
        "Wang, Li, Sun, Wang, Zhang, Li, Hovy: Turn That Frown Upside Down: FaceID Customization "
        "via Cross-Training Data. arXiv 2501.15407, 2025"
    )
    url = "https://huggingface.co/datasets/Super-shuhe/CrossFaceID"
    kinds = ("image",)
    labels = (0,)
    splits = "none exist; pictures are split by a hash"
    layout = f"""
        {_TABLE} (file_name, additional_feature, bbox …, a line each)
        the pictures, as far of file_name as is there (images_part0/84634599103.jpg)
    """
    official = False

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture, with its caption and the face that the table marks."""
        rows = {}
        for row in folder.json_lines(_TABLE):
            left, top, right, bottom = (float(value) for value in row["bbox"])
            face = (left, top, right - left, bottom - top)
            rows[_here(folder, str(row["file_name"]))] = (str(row["additional_feature"]), face)
        for path in folder.present(rows, f"pictures of {_TABLE}"):
            text, face = rows[path]
            yield medium(path, 0, group=path, source="CrossFaceID", text=text, face=face)


def _here(folder: DatasetFolder, name: str) -> str:
    """The longest end of a path that is a file here; its last two parts when none is."""
    parts = [part for part in name.split("/") if part]
    if ".." in parts:
        return name  # which is refused
    ends = ["/".join(parts[n:]) for n in range(len(parts))]
    return next((end for end in ends if folder.exists(end)), "/".join(parts[-2:]))
