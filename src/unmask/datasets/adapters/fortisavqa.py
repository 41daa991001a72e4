"""FortisAVQA (Ma et al. 2025): questions about music videos, asked in many other words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder


class FortisAVQA(Adapter):
    """The questions over the videos of MUSIC-AVQA. Nothing here is forged.

    Its use is to see whether a model that explains what it hears and sees hears and sees at all:
    ``condition`` is the part of frequent ("head") or rare ("tail") answers. The published files
    spell "answer" without its w.
    """

    name = "fortisavqa"
    title = "FortisAVQA"
    licence = "MIT and GPL files in its repository; videos by the terms of MUSIC-AVQA"
    citation = (
        "Ma, Hu, Wang, Liu, Sun, Su et al.: FortisAVQA and MAVEN: a Benchmark Dataset and "
        "Debiasing Framework for Robust Multimodal Reasoning. arXiv 2504.00487, 2025"
    )
    url = "https://github.com/reml-group/fortisavqa"
    kinds = ("video",)
    labels = (0,)
    splits = "everything is test"
    layout = """
        *.json (video_id, question_id, type, question_content, anser, split)
        VIDEO_ID.mp4 of MUSIC-AVQA, in any folders
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a question."""
        lists = sorted(path.name for path in folder.root.glob("*.json"))
        if not lists:
            raise folder.error(f"no .json with questions lies in {folder.root}")
        at = {n.rpartition("/")[2].removesuffix(".mp4"): n for n in folder.media("", deep=True)}
        for name in lists:
            rows = folder.json(name)
            videos = {at.get(str(row["video_id"]), f"{row['video_id']}.mp4") for row in rows}
            there = set(folder.present(sorted(videos), f"videos of {name}"))
            for number, row in enumerate(rows):
                path = at.get(str(row["video_id"]), "")
                if path in there:
                    yield self._item(row, path, f"{name}:{number}")

    @staticmethod
    def _item(row: dict[str, Any], path: str, number: str) -> Item:
        return Item(
            item_id=number,
            media_id=path,
            path=path,
            kind="video",
            label=0,
            source="MUSIC-AVQA",
            group=str(row["video_id"]),
            split="test",
            condition=str(row["split"]),
            language="en",
            question=str(row["question_content"]),
            answer=str(row["anser"]),
        )
