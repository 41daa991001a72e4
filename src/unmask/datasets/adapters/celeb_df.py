"""Celeb-DF, both versions (Li et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LIST = "List_of_testing_videos.txt"


class _CelebDF(Adapter):
    """Test videos by the official list; all others train."""

    licence = "Terms to Use Celeb-DF: research only, after a form"
    citation = (
        "Li, Yang, Sun, Qi, Lyu: Celeb-DF: A Large-scale Challenging Dataset for DeepFake "
        "Forensics. CVPR 2020"
    )
    url = "https://github.com/yuezunli/celeb-deepfakeforensics"
    kinds = ("video",)
    splits = "List_of_testing_videos.txt; all other videos are train"
    layout = """
        List_of_testing_videos.txt
        Celeb-real/id0_0000.mp4
        YouTube-real/00000.mp4
        Celeb-synthesis/id0_id1_0000.mp4
    """
    carves_val = True
    counts: ClassVar[dict[str, int]]
    """How many videos each folder holds when whole; 0: not published."""

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video."""
        listed = [cells[1] for cells in folder.rows(_LIST, 2)]
        test = set(folder.present(listed, "test videos"))
        for place, whole in self.counts.items():
            if not folder.part(place):
                continue
            names = folder.media(place)
            if not names:
                raise folder.error(f"{place} holds no video")
            if len(names) < whole:
                folder.notes.append(f"{place} holds {len(names)} of {whole} videos.")
            for name in names:
                yield self._item(f"{place}/{name}", test)

    @staticmethod
    def _item(path: str, test: set[str]) -> Item:
        place, _, name = path.rpartition("/")
        parts = name.partition(".")[0].split("_")
        people = [part for part in parts if part.startswith("id")]
        fake = place == "Celeb-synthesis"
        return medium(
            path,
            int(fake),
            group="+".join(people) or f"{place}/{parts[0]}",
            split="test" if path in test else "train",
            generator="Celeb-DF synthesis" if fake else "",
            family="face-swap" if fake else "",
            source=place,
            subject=people[0] if people else "",
        )


class CelebDFv1(_CelebDF):
    """Version 1: 795 fakes."""

    name = "celeb-df-v1"
    title = "Celeb-DF (v1)"
    counts: ClassVar[dict[str, int]] = {"Celeb-real": 0, "YouTube-real": 0, "Celeb-synthesis": 795}


class CelebDFv2(_CelebDF):
    """Version 2: 5,639 fakes."""

    name = "celeb-df-v2"
    title = "Celeb-DF (v2)"
    counts: ClassVar[dict[str, int]] = {
        "Celeb-real": 590,
        "YouTube-real": 300,
        "Celeb-synthesis": 5639,
    }
