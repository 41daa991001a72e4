"""VANE-Bench (Bharadwaj et al. 2024): what is odd in a clip, real or generated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_SIDES = (("AI-Generated", 1), ("Real World", 0))
_LETTERS = ("A", "B", "C", "D")
_MOST = 1 << 20
_NUMBER = re.compile(r"(\d+)\.\w+$")


class VaneBench(Adapter):
    """Questions about clips of ten frames each. They ask for anomalies, not for authenticity.

    A right answer says nothing on whether a detector tells real from generated: ``label`` is that
    of the clip, and no detection figure should be made of the answers. The files of questions are
    lists in Python's notation; they are read as constants, and never run.
    """

    name = "vane-bench"
    title = "VANE-Bench"
    licence = "MIT; clips of Sora and surveillance sets as their owners say"
    citation = (
        "Bharadwaj, Gani, Naseer, Khan, Khan: VANE-Bench: Video Anomaly Evaluation Benchmark for "
        "Conversational LMMs. NAACL 2025"
    )
    url = "https://huggingface.co/datasets/rohit901/VANE-Bench"
    kinds = ("image",)
    splits = "everything is test"
    layout = """
        VQA_Data/{AI-Generated|Real World}/SET/video_1_subset_2/frame_137.jpg
        VQA_Data/{AI-Generated|Real World}/SET/video_1_subset_2_qa.txt
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a question; the first frame is its path, the others are ``also``."""
        for side, label in _SIDES:
            place = f"VQA_Data/{side}"
            if not folder.part(place):
                continue
            for name in folder.folders(place):
                for clip in folder.folders(f"{place}/{name}"):
                    yield from self._clip(folder, f"{place}/{name}/{clip}", name, label)

    @staticmethod
    def _clip(folder: DatasetFolder, clip: str, name: str, label: int) -> Iterator[Item]:
        frames = sorted(folder.media(clip), key=_number)
        if not frames:
            raise folder.error(f"{clip} holds no frames")
        path, *also = (f"{clip}/{frame}" for frame in frames)
        for number, asked in enumerate(_constants(folder.read(f"{clip}_qa.txt"))):
            answer = str(asked["A"]).strip().removesuffix(")")
            yield Item(
                item_id=f"{clip}:{number}",
                media_id=clip,
                path=path,
                kind="image",
                label=label,
                family="generated" if label else "",
                generator=name if label else "",
                source=f"VANE-Bench {name}",
                group=clip,
                split="test",
                question=str(asked["Q"]),
                choices=_LETTERS,
                answer=answer,
                also=tuple(also),
            )


def _number(name: str) -> int:
    found = _NUMBER.search(name)
    return int(found[1]) if found else 0


def _constants(text: str) -> list[dict[str, Any]]:
    """A list of questions in Python's notation: constants only. Raises ValueError for others."""
    if len(text) > _MOST:
        raise ValueError(f"a file of questions has {len(text)} characters")
    try:
        rows = ast.literal_eval(text.strip())
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("a file of questions is no list") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("a file of questions is no list of questions")
    return rows
