"""SCAM (Westerhoff et al. 2025): photographs with a note that names another thing."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_QUESTION = "What entity is depicted in the image?"
_CONDITIONS = {"NoSCAM": "clean", "SCAM": "note", "SynthSCAM": "drawn-note"}


class Scam(Adapter):
    """Rows of the Parquet file, taken apart by ``unmask data unpack``.

    All pictures are photographs (``label`` 0); ``condition`` says whether there is no note, one
    of paper, or one that was drawn in. The question has two choices: the object and the word.
    """

    name = "scam"
    title = "SCAM"
    licence = "as its page says; code MIT"
    citation = (
        "Westerhoff, Purelku, Hackstein, Loos, Pinetzki, Hufe: SCAM: A Real-World Typographic "
        "Robustness Evaluation for Multimodal Foundation Models. arXiv 2504.04893, 2025"
    )
    url = "https://huggingface.co/datasets/BLISS-e-V/SCAM"
    kinds = ("image",)
    labels = (0,)
    splits = "everything is test"
    layout = """
        SHARD/rows.jsonl and SHARD/image/* (unmask data unpack *.parquet)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture; those of one object and word are one group."""
        shards = [name for name in folder.folders("") if folder.has(f"{name}/rows.jsonl")]
        if not shards:
            raise folder.error(f"no folder below {folder.root} holds rows.jsonl")
        for shard in shards:
            rows = list(folder.json_lines(f"{shard}/rows.jsonl"))
            paths = [f"{shard}/{row['image']}" for row in rows]
            there = set(folder.present(paths, f"pictures of {shard}"))
            for path, row in zip(paths, rows, strict=True):
                if path not in there:
                    continue
                thing, word = str(row["object_label"]), str(row["attack_word"])
                yield Item(
                    item_id=str(row["id"]),
                    media_id=str(row["id"]),
                    path=path,
                    kind="image",
                    label=0,
                    source="SCAM",
                    group=f"{thing}/{word}",
                    split="test",
                    condition=_CONDITIONS[row["type"]],
                    question=_QUESTION,
                    choices=(thing, word),
                    answer=thing,
                )
