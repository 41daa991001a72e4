"""MultiTrust (Zhang et al. 2024): questions about pictures, some of which mislead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_QUERIES = "truthfulness/query_basic"
_BASIC = {
    "object": "query_d_existence", "attribute": "query_d_attribute", "scene": "query_d_scene",
    "ocr": "query_g_ocr",
}  # fmt: skip
_TEXT = "truthfulness/query_text/query_g_assistance.json"
_HELP = {"assistance": "clean", "misvisual": "misleading"}


class MultiTrust(Adapter):
    """The tasks of truthfulness that ask about a picture: what is in it, and what it misleads to.

    All pictures count as real (``label`` 0): whether one is generated is not told, so that no
    detection figure can be made of them. ``condition`` is "misleading" where the same question
    comes with a picture that suggests another answer. Left out: its tasks on grounding in numbers,
    toxicity, jailbreaking, privacy and bias, which have nothing to do with forgeries.
    """

    name = "multitrust"
    title = "MultiTrust"
    licence = "as its project page says; pictures of many sources"
    citation = (
        "Zhang, Huang, Sun, Liu, Zhao, Fang, Wang, Chen, Yang, Wei, Su, Dong, Zhu: MultiTrust: "
        "Benchmarking Trustworthiness of Multimodal Large Language Models: A Comprehensive Study. "
        "NeurIPS 2024"
    )
    url = "https://multi-trust.github.io"
    kinds = ("image",)
    labels = (0,)
    splits = "everything is test"
    layout = """
        truthfulness/query_basic/query_d_existence.json, query_d_attribute.json, \
query_d_scene.json, query_g_ocr.json (image, query, truth)
        truthfulness/basic_images/{object|attribute|scene|ocr}/*
        truthfulness/query_text/query_g_assistance.json, \
truthfulness/text_images/{assistance|misvisual}/*
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a question and picture."""
        for task, name in _BASIC.items():
            rows = folder.json(f"{_QUERIES}/{name}.json")
            yield from _asked(folder, rows, f"truthfulness/basic_images/{task}", task, "clean")
        rows = [row for row in folder.json(_TEXT) if row["query"]]
        for kind, condition in _HELP.items():
            place = f"truthfulness/text_images/{kind}"
            yield from _asked(folder, rows, place, "knowledge", condition)


def _asked(
    folder: DatasetFolder, rows: list[dict[str, Any]], place: str, task: str, condition: str
) -> Iterator[Item]:
    paths = [f"{place}/{row['image']}" for row in rows]
    there = set(folder.present(paths, f"pictures of {place}"))
    for number, (path, row) in enumerate(zip(paths, rows, strict=True)):
        truth = str(row["truth"])
        if path in there:
            yield Item(
                item_id=f"{place}:{number}",
                media_id=path,
                path=path,
                kind="image",
                label=0,
                source=f"MultiTrust {task}",
                group=path,
                split="test",
                condition=condition,
                question=str(row["query"]).strip(),
                choices=("Yes", "No") if truth in ("Yes", "No") else (),
                answer=truth,
            )
