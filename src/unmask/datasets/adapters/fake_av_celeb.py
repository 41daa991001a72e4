"""FakeAVCeleb (Khalid et al. 2021): real and fake picture with real and fake voice."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_TYPES = {
    "RealVideo-RealAudio": (),
    "RealVideo-FakeAudio": ("audio",),
    "FakeVideo-RealAudio": ("video",),
    "FakeVideo-FakeAudio": ("video", "audio"),
}
_COLUMNS = ("source", "target1", "target2", "method", "type", "race", "gender", "path")


class FakeAVCeleb(Adapter):
    """Videos by ``meta_data.csv``, whose column ``path`` is the name and the last the folder."""

    name = "fakeavceleb"
    title = "FakeAVCeleb"
    licence = "research only, after a form"
    citation = (
        "Khalid, Tariq, Kim, Woo: FakeAVCeleb: A Novel Audio-Video Multimodal Deepfake Dataset. "
        "NeurIPS Datasets and Benchmarks 2021"
    )
    url = "https://github.com/DASH-Lab/FakeAVCeleb"
    kinds = ("video",)
    splits = "none exist; groups are split by a hash"
    layout = """
        meta_data.csv
        RealVideo-RealAudio/African/men/id00076/00109.mp4
        RealVideo-FakeAudio, FakeVideo-RealAudio, FakeVideo-FakeAudio (the same way)
    """
    official = False

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video; its identities are the person shown and the donors."""
        rows = {}
        for row in folder.table("meta_data.csv", _COLUMNS):
            place = str(row[""]).partition("/")[2] if row.get("") else ""
            if row["type"] not in _TYPES or not place:
                raise folder.error(f"meta_data.csv: the row of {row['path']} is malformed")
            rows[f"{place}/{row['path']}"] = row
        for path in folder.present(rows, "videos"):
            row = rows[path]
            people = [row[part] for part in ("source", "target1", "target2")]
            types = _TYPES[row["type"]]
            yield medium(
                path,
                int(bool(types)),
                group="+".join(person for person in people if person.startswith("id")),
                subject=row["source"],
                generator=row["method"] if types else "",
                family="+".join(types),
                types=types,
                source="FakeAVCeleb",
                gender=row["gender"],
                ethnicity=row["race"],
                language="en",
            )
