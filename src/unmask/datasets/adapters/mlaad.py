"""MLAAD (Müller et al. 2024): speech of many synthesizers in many languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder
from unmask.datasets.places import FolderAdapter, Place


class MLAAD(FolderAdapter):
    """Fakes of every language and model; the reals are M-AILABS, put beside them by the user.

    Versions differ much (52 models in the paper, far more later), and nothing in the folder says
    which one it is: name it when results are quoted. The recordings of M-AILABS are not those that
    the fakes were made from, and their rate differs.
    """

    name = "mlaad"
    title = "MLAAD"
    licence = "CC BY-NC 4.0 as its page says; M-AILABS: its own terms"
    citation = (
        "Müller, Kawa, Choong, Casanova, Gölge, Müller, Syga, Sperl, Böttinger: MLAAD: The "
        "Multi-Language Audio Anti-Spoofing Dataset. IJCNN 2024"
    )
    url = "https://huggingface.co/datasets/mueller91/MLAAD"
    kinds = ("audio",)
    splits = "none exist; books and models are split by a hash"
    layout = """
        fake/LANGUAGE/MODEL/*.wav and its meta.csv
        real/en_US/by_book/female/SPEAKER/BOOK/wavs/*.wav (M-AILABS, optional)
    """
    official = False
    places = (
        Place(
            "fake/{language}/{generator}/*",
            1,
            {"family": "tts", "source": "MLAAD", "group": "{language}/{generator}"},
        ),
        Place(
            "real/{language}/by_book/{gender}/{subject}/{book}/**",
            0,
            {"source": "M-AILABS", "group": "{language}/{subject}"},
            optional=True,
        ),
    )

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a recording; each model holds as many as its ``meta.csv`` names."""
        for language in folder.folders("fake"):
            for model in folder.folders(f"fake/{language}"):
                place = f"fake/{language}/{model}"
                listed = len(folder.read(f"{place}/meta.csv").splitlines()) - 1
                found = len(folder.media(place))
                if found < listed and not folder.partial:
                    raise folder.error(f"{place} holds {found} of the {listed} its meta.csv names")
                if found < listed:
                    folder.notes.append(f"Partial: {place} holds {found} of {listed}.")
        yield from super().items(folder)

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """M-AILABS names languages with their country ("en_US"), MLAAD without."""
        return replace(item, language=item.language.split("_")[0].lower())
