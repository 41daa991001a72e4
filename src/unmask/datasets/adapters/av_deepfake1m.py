"""AV-Deepfake1M (Cai et al. 2024): words replaced, inserted or deleted in talking faces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_TYPES = {
    "real": (),
    "visual_modified": ("video",),
    "audio_modified": ("audio",),
    "both_modified": ("video", "audio"),
}


class AVDeepfake1M(Adapter):
    """Train and validation by their metadata; the labels of the test part are not published."""

    name = "av-deepfake1m"
    title = "AV-Deepfake1M"
    licence = "EULA of AV-Deepfake1M: signed, non-commercial research"
    citation = (
        "Cai, Ghosh, Adatia, Hayat, Dhall, Gedeon, Stefanov: AV-Deepfake1M: A Large-Scale "
        "LLM-Driven Audio-Visual Deepfake Dataset. ACM Multimedia 2024"
    )
    url = "https://github.com/ControlNet/AV-Deepfake1M"
    kinds = ("video",)
    splits = "train_metadata.json and val_metadata.json; the test part has no published labels"
    layout = """
        train_metadata.json and train/id00012/…/fake_video_real_audio.mp4
        val_metadata.json and val/…
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video, with its forged stretches in seconds."""
        for split in ("train", "val"):
            if not folder.part(f"{split}_metadata.json"):
                continue
            rows = folder.json(f"{split}_metadata.json")
            about = {f"{split}/{row['file']}": row for row in rows}
            for path in folder.present(about, f"videos of {split}"):
                row = about[path]
                kind = str(row["modify_type"]).replace("-", "_")
                if kind not in _TYPES:
                    raise folder.error(f"{split}_metadata.json: modify_type of {path} is {kind!r}")
                person = re.search(r"id\d+", row["file"])
                models = (row.get("video_model"), row.get("audio_model"))
                yield medium(
                    path,
                    int(kind != "real"),
                    group=person[0] if person else row["file"].split("/")[0],
                    subject=person[0] if person else "",
                    split=split,
                    generator="+".join(str(model) for model in models if model),
                    family="+".join(_TYPES[kind]),
                    types=_TYPES[kind],
                    source="AV-Deepfake1M",
                    language="en",
                    segments=tuple((float(a), float(b)) for a, b in row["fake_segments"]),
                )
        if folder.has("test_files.txt"):
            folder.notes.append("The test part is left out: its labels are not published.")
