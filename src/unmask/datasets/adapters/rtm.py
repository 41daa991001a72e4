"""RTM (Luo et al. 2024): photographed and scanned texts, changed by hand or untouched."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_KINDS = {
    "cpmv": "copy-move", "insert": "insertion", "splice": "splicing", "edit": "editing",
    "inpaint": "inpainting", "cover": "cover", "good": "",
}  # fmt: skip
_WHOLE = 9000


class RTM(Adapter):
    """Pictures by the three lists; the first part of a name says what was done ("good": nothing).

    The abstract counts 14,250 pictures, the published archive 9,000. The authors choose on the
    tampered pictures of their test part; here ``val.txt`` is validation.
    """

    name = "rtm"
    title = "RTM (Real Text Manipulation)"
    licence = "none stated for the data; code Apache-2.0"
    citation = (
        "Luo, Liu, Yang, Liu, Zeng, Zhou, Bai: Toward real text manipulation detection: New "
        "dataset and new solution. Pattern Recognition 2024"
    )
    url = "https://github.com/DrLuo/RTM"
    kinds = ("image",)
    splits = "train.txt, val.txt and test.txt"
    layout = """
        train.txt, val.txt, test.txt (names without ending)
        JPEGImages/splice_….jpg
        SegmentationClass/splice_….png (white where changed)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture, with its mask when it was changed."""
        count = 0
        seen: set[str] = set()
        for split in ("train", "val", "test"):
            if not folder.part(f"{split}.txt"):
                continue
            names = [cells[0] for cells in folder.rows(f"{split}.txt", 1)]
            names = [name.removesuffix(".jpg") for name in names if name not in seen]
            seen.update(names)
            listed = {f"JPEGImages/{name}.jpg": name for name in names}
            for path in folder.present(listed, f"pictures of {split}.txt"):
                count += 1
                yield self._item(folder, path, listed[path], split)
        if count < _WHOLE:
            folder.notes.append(f"The lists name {count} of {_WHOLE} pictures.")

    @staticmethod
    def _item(folder: DatasetFolder, path: str, name: str, split: str) -> Item:
        kind = name.split("_")[0]
        if kind not in _KINDS:
            raise folder.error(f"{split}.txt: {name} begins with no known kind of change")
        fake = kind != "good"
        mask = f"SegmentationClass/{name}.png" if fake else ""
        if mask and not folder.exists(mask) and not folder.partial:
            raise folder.error(f"{mask}, the mask of {path}, is missing")
        return medium(
            path,
            int(fake),
            group=path,
            split=split,
            family=_KINDS[kind],
            source="RTM",
            mask=mask if folder.exists(mask) else "",
        )
