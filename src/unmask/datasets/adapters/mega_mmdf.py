"""Mega-MMDF (Zhao et al. 2025): talking faces whose picture, voice or both were forged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder


class MegaMMDF(Adapter):
    """Videos by three lists and the attributes. A path says what is forged (RARV, FV, FA).

    Paths in the lists begin above the dataset's folder ("Mega-MMDF/…") and may hold backslashes.
    """

    name = "mega-mmdf"
    title = "Mega-MMDF"
    licence = "CC BY-NC 4.0, after a request"
    citation = (
        "Zhao, Chen, Zhang, Chen, Guan, Chen, Sun, Datta, Liu, Lyu, Wu: DeepfakeBench-MM: A "
        "Comprehensive Benchmark for Multimodal Deepfake Detection. arXiv 2025"
    )
    url = "https://github.com/SCLBD/DeepfakeBench-MM"
    kinds = ("video",)
    splits = "train.json, val.json and test.json"
    layout = """
        Mega-MMDF/train.json, val.json, test.json (lists of paths), attributes.json
        Mega-MMDF/…/*.mp4 (as the lists name them)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video, with its forged stretch where only a part is forged."""
        about: dict[str, dict[str, Any]] = folder.json("Mega-MMDF/attributes.json")
        for split in ("train", "val", "test"):
            if not folder.part(f"Mega-MMDF/{split}.json"):
                continue
            paths = [str(p).replace("\\", "/") for p in folder.json(f"Mega-MMDF/{split}.json")]
            for path in folder.present(paths, f"videos of {split}"):
                yield self._item(path, split, about[path])

    @staticmethod
    def _item(path: str, split: str, about: dict[str, Any]) -> Item:
        folders = path.split("/")
        place = "/".join(folders[1:-1])
        fake = "RARV" not in place
        types = tuple(kind for kind, mark in (("video", "FV"), ("audio", "FA")) if mark in place)
        if fake != bool(types):
            raise ValueError(f"{path} says neither what is real nor what is forged")
        stretch = about.get("partial_fake_segments")
        return medium(
            path,
            int(fake),
            group=path,
            split=split,
            family="+".join(types),
            types=types,
            generator=place if fake else "",
            source="Mega-MMDF",
            segments=((float(stretch[0]), float(stretch[1])),) if stretch else (),
        )
