"""XMAD-Bench (Ciobanu et al. 2025): speech in seven languages, trained here and tested there."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "False": 0, "True": 1}
_TRAIN = "commonvoice"


class XmadBench(Adapter):
    """Each folder is a corpus and a language ("commonvoice-ro"), with its ``meta.csv``.

    Common Voice trains and chooses (its column ``split``; what that calls test is tested
    in-domain), the other corpora are the cross-domain tests: other speakers, other generators.
    Some tables are split at commas, some at tabs.
    """

    name = "xmad-bench"
    title = "XMAD-Bench"
    licence = "CC BY-NC-SA 4.0 in its README, Apache-2.0 in its licence file"
    citation = (
        "Ciobanu, Hiji, Ristea, Irofti, Rusu, Ionescu: XMAD-Bench: Cross-Domain Multilingual "
        "Audio Deepfake Benchmark. arXiv 2506.00462, 2025"
    )
    url = "https://github.com/ristea/xmad-bench"
    kinds = ("audio",)
    splits = "the column split of Common Voice's tables; all other corpora are test"
    layout = """
        commonvoice-ro/meta.csv (sample_name, is_fake, split)
        commonvoice-ro/real/*, commonvoice-ro/fake/*
        mailabs-en, voxpopuli-…, … (the same way)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a recording; real and forged ones of one name are one group."""
        corpora = [name for name in folder.folders("") if folder.has(f"{name}/meta.csv")]
        if not corpora:
            raise folder.error(f"no folder below {folder.root} holds meta.csv")
        for corpus in corpora:
            yield from self._corpus(folder, corpus)

    @staticmethod
    def _corpus(folder: DatasetFolder, corpus: str) -> Iterator[Item]:
        place = f"{corpus}/meta.csv"
        head = folder.read(place).partition("\n")[0]
        name, _, language = corpus.rpartition("-")
        trains = name == _TRAIN
        wanted = ("sample_name", "is_fake", *(["split"] if trains else []))
        rows: dict[str, dict[str, str]] = {}
        for row in folder.table(place, wanted, "\t" if "\t" in head else ","):
            if row["is_fake"] not in _LABELS:
                raise folder.error(f"{place}: is_fake of {row['sample_name']} is {row['is_fake']}")
            side = "fake" if _LABELS[row["is_fake"]] else "real"
            rows[f"{corpus}/{side}/{row['sample_name']}"] = row
        for path in folder.present(rows, f"recordings of {corpus}"):
            row = rows[path]
            label = _LABELS[row["is_fake"]]
            yield medium(
                path,
                label,
                group=f"{corpus}/{row['sample_name'].rpartition('.')[0]}",
                split=row["split"] if trains else "test",
                family="tts" if label else "",
                generator=corpus if label else "",
                source=corpus,
                language=language,
            )
