"""WildDeepfake (Zi et al. 2020): sequences of face pictures from the internet."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_PARTS = (("real", "train"), ("real", "test"), ("fake", "train"), ("fake", "test"))


class WildDeepfake(Adapter):
    """Every folder that holds pictures is one sequence; an archive is one video, and its group."""

    name = "wilddeepfake"
    title = "WildDeepfake"
    licence = "research only, after a form (its copy on Hugging Face says Apache-2.0)"
    citation = (
        "Zi, Chang, Chen, Ma, Jiang: WildDeepfake: A Challenging Real-World Dataset for Deepfake "
        "Detection. ACM Multimedia 2020"
    )
    url = "https://github.com/OpenTAI/wild-deepfake"
    kinds = ("image",)
    splits = "the folders train and test; validation is split off training"
    layout = """
        real_train/0/…/*.png (archives unpacked, each into a folder of its own name)
        real_test/0/…/*.png
        fake_train/0/…/*.png
        fake_test/0/…/*.png
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture; the sequence is its medium."""
        for side, split in _PARTS:
            place = folder.part(f"{side}_{split}", f"{side} {split}")
            if not place:
                continue
            packed = list((folder.root / place).glob("*.tar.gz"))
            names = folder.media(place, deep=True)
            unpacked = {name.split("/")[0] for name in names}
            gone = sorted(p.name for p in packed if p.name.removesuffix(".tar.gz") not in unpacked)
            if gone and not folder.partial:
                raise folder.error(
                    f"{len(gone)} archives of {place} are not unpacked, first {gone[0]}; unpack "
                    "each into a folder of its own name"
                )
            if gone:
                folder.notes.append(f"Partial: {len(gone)} archives of {place} are not unpacked.")
            if not names:
                raise folder.error(f"{place} holds no pictures; unpack its archives")
            for name in names:
                sequence = f"{place}/{name.rpartition('/')[0]}"
                yield medium(
                    f"{place}/{name}",
                    int(side == "fake"),
                    media_id=sequence,
                    group=f"{side}_{split}/{name.split('/')[0]}",
                    split=split,
                    family="face-swap" if side == "fake" else "",
                    source="WildDeepfake",
                )
