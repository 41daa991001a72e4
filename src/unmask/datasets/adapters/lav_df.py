"""LAV-DF (Cai et al. 2022): short forged stretches of sound, of picture, or of both."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_SPLITS = {"train": "train", "dev": "val", "test": "test"}


class LavDF(Adapter):
    """Videos by ``metadata.min.json``; a fake is in the group of its original."""

    name = "lav-df"
    title = "LAV-DF"
    licence = "CC BY-NC 4.0, and the terms of LAV-DF and VoxCeleb2"
    citation = (
        "Cai, Stefanov, Dhall, Hayat: Do You Really Mean That? Content Driven Audio-Visual "
        "Deepfake Dataset and Multimodal Method for Temporal Forgery Localization. DICTA 2022"
    )
    url = "https://github.com/ControlNet/LAV-DF"
    kinds = ("video",)
    splits = "the field 'split' of the metadata; dev is validation"
    layout = """
        metadata.min.json (or metadata.json)
        train/000001.mp4, dev/…, test/…
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video, with its forged stretches in seconds."""
        rows = folder.json(folder.one_of("metadata.min.json", "metadata.json"))
        about = {row["file"]: row for row in rows}
        for path in folder.present(about, "videos"):
            row = about[path]
            original = row.get("original") or ""
            if original and "/" not in original:
                original = f"{row['split']}/{original}"
            changed = [part for part in ("video", "audio") if row.get(f"modify_{part}")]
            yield medium(
                path,
                int(row["n_fakes"] > 0),
                group=f"{path}+{original}" if original else path,
                split=folder.known(_SPLITS, row["split"], "split"),
                family="+".join(changed),
                types=tuple(changed),
                source="LAV-DF",
                language="en",
                segments=tuple((float(a), float(b)) for a, b in row["fake_periods"]),
            )
