"""DeepSpeak (Barrington et al. 2024): webcam recordings, swapped faces and moved lips."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_REAL = ("video-file", "identity")
_FAKE = ("video-file", "kind", "engine", "identity-source", "identity-target", "audio-config")
_NATURAL = {"", "natural", "real", "none"}


class DeepSpeak(Adapter):
    """Videos by the three tables of a release (1.0, 1.1 or 2), wherever its archives put them.

    Release 1.0 had mistakes that 1.1 mends: say which one was used. The loader script that lies
    beside the tables is not run. A video's split is that of the person on screen.
    """

    name = "deepspeak"
    title = "DeepSpeak"
    licence = "DeepSpeak licence after a request: free for academic institutions, else for a fee"
    citation = "Barrington, Bohacek, Farid: DeepSpeak Dataset v1.0. arXiv 2408.05366, 2024"
    url = "https://huggingface.co/datasets/faridlab/deepspeak_v1_1"
    kinds = ("video",)
    splits = "annotations-split-def.csv, by person; validation is split off training"
    layout = """
        annotations-real.csv, annotations-fake.csv, annotations-split-def.csv
        the videos of the archives, in any folders
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video; its identities are the person on screen and the other one."""
        table = folder.table("annotations-split-def.csv", ("identity", "split"))
        splits = {row["identity"].strip(): row["split"].strip().lower() for row in table}
        at = {name.rpartition("/")[2]: name for name in folder.media("", deep=True)}
        for side, columns in (("real", _REAL), ("fake", _FAKE)):
            rows = {}
            if not folder.part(f"annotations-{side}.csv"):
                continue
            for row in folder.table(f"annotations-{side}.csv", columns):
                name = row["video-file"].strip()
                rows[at.get(name, name)] = row
            for path in folder.present(rows, f"{side} videos"):
                yield self._item(folder, path, rows[path], side == "fake", splits)

    @staticmethod
    def _item(
        folder: DatasetFolder, path: str, row: dict[str, str], fake: bool, splits: dict[str, str]
    ) -> Item:
        shown = row["identity-target" if fake else "identity"].strip()
        other = row["identity-source"].strip() if fake else ""
        people = [person for person in dict.fromkeys((shown, other)) if person]
        types = ("video", "audio") if fake and _cloned(row["audio-config"]) else ("video",)
        return medium(
            path,
            int(fake),
            group="+".join(people) or path,
            subject=shown,
            split=folder.known(splits, shown, "identity"),
            generator=row["engine"] if fake else "",
            family=row["kind"] if fake else "",
            types=types if fake else (),
            source="DeepSpeak",
            language="en",
        )


def _cloned(audio: str) -> bool:
    return audio.strip().lower() not in _NATURAL
