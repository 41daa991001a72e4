"""LOKI (Ye et al. 2025): questions about real and generated media of many kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.folder import kind_of
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_FILES = tuple(
    (area, name) for area in ("image", "video", "3D") for name in ("true_or_false", "multi_choice")
)
_MARKS = ("<image>", "<video>")


class Loki(Adapter):
    """Questions about pictures, videos and renderings of objects, by ``data_json``.

    Whether the medium itself is generated (``label``) follows from the type of the question: both
    "is it real" and "is it generated" are asked of each. Of two media, ``path`` is the first.
    Left out: questions whose answers a language model must judge, point clouds, and the lists of
    texts and sounds, which the authors' repository does not hold.
    """

    name = "loki"
    title = "LOKI"
    licence = "CC BY 4.0 as its page says; media of many sources"
    citation = (
        "Ye, Zhou, Huang, Zhang, Bai, Kang et al.: LOKI: A Comprehensive Synthetic Data Detection "
        "Benchmark using Large Multimodal Models. ICLR 2025"
    )
    url = "https://huggingface.co/datasets/bczhou/LOKI"
    kinds = ("image", "video")
    splits = "everything is test"
    layout = """
        data_json/{image|video|3D}/true_or_false.json, multi_choice.json (of opendatalab/LOKI)
        media_data/image/*, media_data/video/*, media_data/3D/*
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a question."""
        for area, name in _FILES:
            if not folder.part(f"data_json/{area}/{name}.json"):
                continue
            rows = folder.json(f"data_json/{area}/{name}.json")
            wanted = sorted({path for row in rows for path in _media(row)})
            there = set(folder.present(wanted, f"media of data_json/{area}/{name}.json"))
            for number, row in enumerate(rows):
                if set(_media(row)) <= there:
                    yield self._item(row, area, f"{area}:{name}:{number}")
        if folder.has("data_json/image/open_ended_vqa.json"):
            folder.notes.append("Left out: questions whose answers a language model must judge.")

    @staticmethod
    def _item(row: dict[str, Any], area: str, number: str) -> Item:
        asked = str(row["question_type"])
        path, *also = _media(row)
        answer = str(row["answer"])
        if row["metric"] == "multi-choice":
            choices = tuple(str(choice) for choice in row["choices"])
            first = answer == "A"
            answer = choices["ABCDEFGH".index(answer)]
            fake = first == ("_fake_from_real" in asked)
        else:
            choices = ("Yes", "No")
            fake = "_fake_ask_" in asked
        question = str(row["question"])
        for mark in _MARKS:
            question = question.replace(mark, "")
        made = asked.rpartition("_")[2] if area != "image" else ""
        return Item(
            item_id=number,
            media_id=path,
            path=path,
            kind=kind_of(path),
            label=int(fake),
            family="generated" if fake else "",
            generator=made if fake and made != "real" else "",
            source=f"LOKI {area}",
            group=path,
            split="test",
            types=(asked,) if fake else (),
            question=question.strip(),
            choices=choices,
            answer=answer,
            also=tuple(also),
        )


def _media(row: dict[str, Any]) -> list[str]:
    told = row.get("image_path") or row.get("video_path")
    return [str(path) for path in (told if isinstance(told, list) else [told])]
