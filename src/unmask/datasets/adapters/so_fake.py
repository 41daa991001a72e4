"""So-Fake-OOD (Huang et al. 2025): real, generated and tampered pictures from a social network."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {0: (0, ""), 1: (1, "generated"), 2: (1, "inpainting")}


class SoFake(Adapter):
    """Rows of the Parquet shards, taken apart by ``unmask data unpack``; made for testing.

    The authors' number 2 is tampered, with a mask; ``generator`` is the model or the editor.
    """

    name = "so-fake"
    title = "So-Fake-OOD"
    licence = "CC BY-NC 4.0"
    citation = (
        "Huang, Li, Li, Wen, He, Zhang, Fei, Yang, Huang, Peng, Cheng: So-Fake: Benchmarking and "
        "Explaining Social Media Image Forgery Detection. arXiv 2505.18660, 2025"
    )
    url = "https://huggingface.co/datasets/saberzl/So-Fake-OOD"
    kinds = ("image",)
    splits = "everything is test"
    layout = """
        test_image-00000-of-00046/rows.jsonl, image/*, mask/* (unmask data unpack data/*.parquet)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture."""
        shards = [name for name in folder.folders("") if folder.has(f"{name}/rows.jsonl")]
        if not shards:
            raise folder.error(f"no folder below {folder.root} holds rows.jsonl")
        for shard in shards:
            rows = {
                f"{shard}/{row['image']}": row
                for row in folder.json_lines(f"{shard}/rows.jsonl")
                if row.get("image")
            }
            for path in folder.present(rows, f"pictures of {shard}"):
                row = rows[path]
                label, family = _LABELS[int(row["label"])]
                mask = f"{shard}/{row['mask']}" if label and row.get("mask") else ""
                if mask and not folder.exists(mask):
                    raise folder.error(f"{mask}, the mask of {path}, is missing")
                yield medium(
                    path,
                    label,
                    group=str(row["id"]),
                    split="test",
                    family=family,
                    generator=str(row.get("generator") or row.get("editor") or "") if label else "",
                    source=str(row.get("source_platform") or "So-Fake-OOD"),
                    mask=mask if family == "inpainting" else "",
                )
        wanted = int(shards[0].rpartition("-of-")[2]) if "-of-" in shards[0] else len(shards)
        if len(shards) < wanted:
            said = f"{wanted - len(shards)} of {wanted} shards are missing"
            if not folder.partial:
                raise folder.error(f"{said}; --partial takes those that are there")
            folder.notes.append(f"Partial: {said}.")
