"""GenImage (Zhu et al. 2023): eight generators over the classes of ImageNet."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {"nature": 0, "ai": 1}
_SPLITS = {"train": "train", "val": "test"}


class GenImage(Adapter):
    """Each folder is a generator. Results are quoted on ``val``, so it is test here."""

    name = "genimage"
    title = "GenImage"
    licence = "CC BY-NC-SA 4.0; the natural pictures by the terms of ImageNet"
    citation = (
        "Zhu, Chen, Yan, Huang, Lin, Li, Tu, Hu, Hu, Wang: GenImage: A Million-Scale Benchmark for "
        "Detecting AI-Generated Image. NeurIPS Datasets and Benchmarks 2023"
    )
    url = "https://github.com/GenImage-Dataset/GenImage"
    kinds = ("image",)
    splits = "train is train; val is test; validation is split off training"
    layout = """
        GENERATOR/train/ai/*.png and GENERATOR/train/nature/*.JPEG
        GENERATOR/val/ai and GENERATOR/val/nature
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture; natural pictures are grouped by their ImageNet number."""
        places = list(self._places(folder))
        if not places:
            raise folder.error(f"no folder below {folder.root} holds train/ai")
        for generator, place in places:
            for part, split in _SPLITS.items():
                for side, label in _LABELS.items():
                    yield from self._side(folder, f"{place}/{part}/{side}", generator, split, label)

    @staticmethod
    def _places(folder: DatasetFolder) -> Iterator[tuple[str, str]]:
        """Generators and where they are: an archive may add a folder of its own in between."""
        for generator in folder.folders(""):
            inner = [f"{generator}/{name}" for name in folder.folders(generator)]
            for place in (generator, *inner):
                if any(folder.has(f"{place}/{part}") for part in _SPLITS):
                    yield generator, place

    @staticmethod
    def _side(
        folder: DatasetFolder, place: str, generator: str, split: str, label: int
    ) -> Iterator[Item]:
        if not folder.part(place):
            return
        names = folder.media(place)
        if not names:
            raise folder.error(f"{place} holds no pictures")
        for name in names:
            stem = name.rpartition(".")[0]
            yield medium(
                f"{place}/{name}",
                label,
                group=f"{generator}/{stem}" if label else stem,
                split=split,
                generator=generator if label else "",
                family="generated" if label else "",
                source=generator if label else "ImageNet",
            )
