"""Codecfake (Xie et al. 2024): seven neural codecs, and speech of audio language models."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {"real": 0, "fake": 1}
_PARTS = {"train": "train", "dev": "val"}
_TESTS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "A1", "A2", "A3")


class CodecfakeXie(Adapter):
    """Recordings by the lists of ``label``. Not the CodecFake of Wu et al.

    ``condition`` names the test set: C1 to C6 codecs of training, C7 an unknown one, A1 to A3
    speech of language models. A fake's group is its original.
    """

    name = "codecfake-xie"
    title = "Codecfake (Xie et al.)"
    licence = "CC BY-NC-ND 4.0"
    citation = (
        "Xie, Lu, Fu, Wen, Wang, Tao et al.: The Codecfake Dataset and "
        "Countermeasures for the Universally Detection of Deepfake Audio. arXiv 2405.04880, 2024"
    )
    url = "https://zenodo.org/records/13838106"
    kinds = ("audio",)
    splits = "the folders train, dev (validation) and test"
    layout = """
        label/train.txt, dev.txt, C1.txt … C7.txt, A1.txt … A3.txt (name, real or fake, codec)
        train/*.wav, dev/*.wav
        test/C1/*.wav … test/A3/*.wav
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a recording."""
        parts = [(part, part, split) for part, split in _PARTS.items()]
        parts += [(part, f"test/{part}", "test") for part in _TESTS]
        for part, place, split in parts:
            if folder.part(f"label/{part}.txt"):
                yield from self._part(folder, part, place, split)

    @staticmethod
    def _part(folder: DatasetFolder, part: str, place: str, split: str) -> Iterator[Item]:
        rows = {f"{place}/{cells[0]}": cells for cells in folder.rows(f"label/{part}.txt", 3)}
        for path in folder.present(rows, f"recordings of {place}"):
            name, label, codec = rows[path][:3]
            if label not in _LABELS:
                raise folder.error(f"label/{part}.txt: the label of {name} is {label!r}")
            fake = _LABELS[label]
            stem = name.rpartition(".")[0]
            original = stem.partition("_")[2] if fake and "_" in stem else stem
            yield medium(
                path,
                fake,
                group=original,
                split=split,
                condition=part if split == "test" else "clean",
                family=("language-model" if part[0] == "A" else "codec") if fake else "",
                generator=f"F{int(codec):02}" if fake else "",
                source="Codecfake",
            )
