"""FaceID-6M (Wang et al. 2025): photographs of LAION with one to three faces, and captions."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder


class FaceID6M(Adapter):
    """Real photographs of real people, gathered from the web without asking: real side only.

    The pictures of line N of a ``.jsonl`` are ``N.png``; the paths inside it are the authors' own
    and are not used. The ``.npy`` files beside them are not read.
    """

    name = "faceid-6m"
    title = "FaceID-6M"
    licence = "none stated; pictures as their owners say"
    citation = (
        "Wang, Li, Sun, Yao, Wang, Li et al.: FaceID-6M: A Large-Scale, Open-Source FaceID "
        "Customization Dataset. arXiv 2503.07091, 2025"
    )
    url = "https://huggingface.co/datasets/Super-shuhe/FaceID-6M"
    kinds = ("image",)
    labels = (0,)
    splits = "none exist; pictures are split by a hash"
    layout = """
        laion_512/0.png, 1.png, … and laion_512/captions.jsonl (or laion_1024, or any .jsonl there)
    """
    official = False

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture, with its caption."""
        found = False
        for place in folder.folders(""):
            for path in sorted((folder.root / place).glob("*.jsonl")):
                found = True
                rows = folder.json_lines(f"{place}/{path.name}")
                captions = {f"{place}/{n}.png": str(row["caption"]) for n, row in enumerate(rows)}
                for picture in folder.present(captions, f"pictures of {place}"):
                    yield medium(picture, 0, group=picture, source="LAION", text=captions[picture])
        if not found:
            raise folder.error(f"no folder below {folder.root} holds a .jsonl")
