"""RealText (Zeng et al. 2025): photographed and made texts, with what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_PARTS = (("train", "train"), ("stage1_test", "test"), ("stage2_test", "test"))
_SAID = {"black": 1, "white": 0}


class RealText(Adapter):
    """The three parts of RealText-V1: ``image``, ``mask`` and ``report`` beside each other.

    The authors call forged pictures black and pristine ones white, and give masks of the forged.
    A picture is forged when it has a mask; where its path says black or white as well, both must
    agree. A part whose pictures have no mask at all (published without answers, or fetched by
    half) says nothing of labels and is refused, unless it is left out knowingly (``partial``).
    ``text`` is the report.
    """

    name = "realtext"
    title = "RealText"
    licence = "as its page says"
    citation = (
        "Zeng, Miao, Huang, Tan, Gong, Yu, Wang, Tan, Yao, Li: LogicLens: Visual-Logical "
        "Co-Reasoning for Text-Centric Forgery Analysis. arXiv 2512.21482, 2025"
    )
    url = "https://huggingface.co/datasets/vankey/RealText-V1"
    kinds = ("image",)
    splits = "the folders train, and stage1_test and stage2_test (test)"
    carves_val = True
    layout = """
        train/image/**, train/mask/** (forged ones, same names), train/report/** (same names)
        stage1_test/…, stage2_test/… (may be missing)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture."""
        folder.need("train/image")
        for part, split in _PARTS:
            if folder.has(f"{part}/image"):
                yield from self._part(folder, part, split)

    def _part(self, folder: DatasetFolder, part: str, split: str) -> Iterator[Item]:
        masks = _by_stem(folder, f"{part}/mask")
        if not masks:
            if not folder.partial:
                raise folder.error(
                    f"{part}/mask holds no masks, which say which pictures are forged "
                    "(--partial leaves the part out)"
                )
            folder.notes.append(f"Left out: {part}, which has no masks and so no labels.")
            return
        reports = _files(folder.root / part / "report", (".md", ".txt"))
        for stem, name in _by_stem(folder, f"{part}/image").items():
            path, mask = f"{part}/image/{name}", masks.get(stem, "")
            said = {_SAID[p.lower()] for p in PurePosixPath(name).parts[:-1] if p.lower() in _SAID}
            if said and said != {int(bool(mask))}:
                raise folder.error(
                    f"{path} lies among the {'forged' if 1 in said else 'pristine'} and has "
                    f"{'a' if mask else 'no'} mask"
                )
            yield medium(
                path,
                int(bool(mask)),
                group=path,
                split=split,
                family="text-edit" if mask else "",
                source="RealText",
                mask=f"{part}/mask/{mask}" if mask else "",
                text=folder.read(f"{part}/report/{reports[stem]}") if stem in reports else "",
            )


def _by_stem(folder: DatasetFolder, place: str) -> dict[str, str]:
    """Media of a place by their path without ending."""
    return {_stem(name): name for name in folder.media(place, deep=True)}


def _files(place: Path, endings: tuple[str, ...]) -> dict[str, str]:
    """Other files of a place by their path without ending."""
    found = (p.relative_to(place).as_posix() for p in place.rglob("*") if p.suffix in endings)
    return {_stem(name): name for name in found}


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
