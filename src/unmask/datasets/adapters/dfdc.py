"""The Deepfake Detection Challenge and its preview (Dolhansky et al. 2019 and 2020)."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {"REAL": 0, "FAKE": 1}
_PARTS = 50


class DFDC(Adapter):
    """Fifty training parts with their metadata; validation and test with their label tables."""

    name = "dfdc"
    title = "Deepfake Detection Challenge"
    licence = "DFDC dataset agreement: research on detection only"
    citation = (
        "Dolhansky, Bitton, Pflaum, Lu, Howes, Wang, Canton Ferrer: The DeepFake Detection "
        "Challenge (DFDC) Dataset. arXiv 2006.07397, 2020"
    )
    url = "https://ai.meta.com/datasets/dfdc/"
    kinds = ("video",)
    splits = "the folders train, validation and test; without validation it is split off training"
    layout = """
        train/dfdc_train_part_0 … dfdc_train_part_49 (metadata.json and its videos in each)
        validation/labels.csv and its videos (optional)
        test/labels.csv and its videos (optional)
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video. A fake is in the group of its original."""
        top = "train/" if folder.has("train") else ""
        wanted = (f"{top}dfdc_train_part_{i}" for i in range(_PARTS))
        for part in folder.present(wanted, "training parts"):
            yield from self._part(folder, part)
        for place, split in (("validation", "val"), ("test", "test")):
            if folder.has(place):
                yield from self._labelled(folder, place, split)
            else:
                folder.notes.append(f"Not there: {place}.")

    @staticmethod
    def _part(folder: DatasetFolder, part: str) -> Iterator[Item]:
        about = folder.json(f"{part}/metadata.json")
        wanted = (f"{part}/{name}" for name in about)
        for path in folder.present(wanted, f"videos of {part}"):
            name = path.rpartition("/")[2]
            row = about[name]
            original = str(row.get("original") or "")
            place = f"{part}/{original}"
            if row.get("label") not in _LABELS:
                raise folder.error(f"{part}/metadata.json: the label of {name} is unknown")
            yield medium(
                path,
                _LABELS[row["label"]],
                group=original or name,
                split="train",
                source="DFDC",
                original=place if original and folder.exists(place) else "",
            )

    @staticmethod
    def _labelled(folder: DatasetFolder, place: str, split: str) -> Iterator[Item]:
        rows = folder.table(f"{place}/labels.csv", ("filename", "label"))
        labels = {f"{place}/{row['filename']}": int(row["label"]) for row in rows}
        folder.notes.append(
            f"The originals of {place} are not published: each video is a group of its own."
        )
        for path in folder.present(labels, f"videos of {place}"):
            yield medium(path, labels[path], group=path, split=split, source="DFDC")


class DFDCPreview(Adapter):
    """The preview: two methods, official train and test sets."""

    name = "dfdc-preview"
    title = "DFDC preview"
    licence = DFDC.licence
    citation = (
        "Dolhansky, Howes, Pflaum, Baram, Canton Ferrer: The Deepfake Detection Challenge (DFDC) "
        "Preview Dataset. arXiv 1910.08854, 2019"
    )
    url = DFDC.url
    kinds = ("video",)
    splits = "the field 'set' of dataset.json; validation is split off training"
    layout = """
        dataset.json
        original_videos, method_A, method_B (videos as dataset.json names them)
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video; its identities are the person shown and the face put there."""
        about = folder.json("dataset.json")
        for path in folder.present(about, "videos"):
            row = about[path]
            fake = row["label"] == "fake"
            people = [row.get("target_id"), row.get("swapped_id") if fake else None]
            known = [f"id{person}" for person in people if person is not None]
            yield medium(
                path,
                int(fake),
                group="+".join(known) or path,
                split=row["set"],
                generator=path.split("/")[0] if fake else "",
                family="face-swap" if fake else "",
                source="DFDC preview",
                subject=known[0] if known else "",
                condition="+".join(row.get("augmentations") or ()) or "clean",
            )
