"""DF40 (Yan et al. 2024): forty generators over FaceForensics++, Celeb-DF and other reals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_FAMILIES = {
    "face-swap": "fsgan faceswap simswap inswap blendface uniface mobileswap e4s facedancer "
    "deepfacelab",
    "reenactment": "fomm facevid2vid fs_vid2vid wav2lip mraa one_shot_free pirender tpsm lia danet "
    "sadtalker mcnet hyperreenact heygen",
    "whole-face": "vqgan stylegan2 stylegan3 styleganxl sd2.1 ddim rddm pixart dit sit midjourney "
    "whichfaceisreal",
    "face-edit": "collabdiff e4e stargan starganv2 styleclip",
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_FF = "FaceForensics++/original_sequences/youtube/c23/frames"
_CDF = ("Celeb-DF-v2/Celeb-real/frames", "Celeb-DF-v2/YouTube-real/frames")
_SIDES = {"ff": 1, "cdf": 1, "fake": 1, "real": 0}


class DF40(Adapter):
    """Pictures as processed by the authors; each folder of ``DF40`` is a generator.

    The reals of the methods over FaceForensics++ and Celeb-DF lie beside it, in the authors'
    processed copies; other methods bring theirs.
    """

    name = "df40"
    title = "DF40"
    licence = "CC BY-NC 4.0"
    citation = (
        "Yan, Yao, Chen, Zhao, Fu, Zhu, Luo, Wang, Ding, Wu, Yuan: DF40: Toward Next-Generation "
        "Deepfake Detection. NeurIPS Datasets and Benchmarks 2024"
    )
    url = "https://github.com/YZY-stack/DF40"
    kinds = ("image",)
    published = tuple(_FAMILY)
    splits = (
        "DF40 is test, DF40_train is train (val where FaceForensics++ has that video in val); "
        "reals of FaceForensics++ by its split files, those of Celeb-DF by its testing list (all "
        "others are left out); where validation lacks a class it is split off training"
    )
    layout = """
        DF40/METHOD/{ff|cdf}/… or DF40/METHOD/{fake|real}/… (testing data)
        DF40_train/METHOD/ff/… (training data, optional)
        FaceForensics++/original_sequences/youtube/c23/frames/000/*.png
        FaceForensics++/train.json, val.json, test.json
        Celeb-DF-v2/{Celeb-real|YouTube-real}/frames/VIDEO/*.png
        Celeb-DF-v2/List_of_testing_videos.txt
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture; the video it was taken from is its medium."""
        folder.part("DF40")
        splits = _ff_splits(folder)
        sides: set[str] = set()
        for top, split in (("DF40", "test"), ("DF40_train", "train")):
            for method in folder.folders(top):
                found = [side for side in folder.folders(f"{top}/{method}") if side in _SIDES]
                if not found:
                    raise folder.error(f"{top}/{method} holds neither ff, cdf, fake nor real")
                sides.update(found)
                for side in found:
                    yield from self._method(folder, f"{top}/{method}/{side}", split, splits)
        if not sides:
            raise folder.error("DF40 holds no method")
        both = (
            ("ff", _FF, "FaceForensics++", self._reals_ff),
            ("cdf", _CDF[0], "Celeb-DF", self._reals_cdf),
        )
        for side, place, source, reals in both:
            if side in sides and folder.part(place, hint=f"the authors' real data of {source}"):
                yield from reals(folder)

    @staticmethod
    def _method(
        folder: DatasetFolder, place: str, split: str, splits: dict[str, str]
    ) -> Iterator[Item]:
        _, method, side = place.split("/")
        label = _SIDES[side]
        names = folder.media(place, deep=True)
        if not names:
            raise folder.error(f"{place} holds no pictures; unpack its archive")
        for name in names:
            path = f"{place}/{name}"
            inner = name.rpartition("/")[0]
            whole = bool(inner) and inner.rpartition("/")[2] not in ("inversions", "frames")
            shown = inner if whole else name.rpartition("/")[2].partition(".")[0]
            people = _people(side, shown)
            held_back = split == "train" and splits.get(people.partition("+")[0]) == "val"
            yield medium(
                path,
                label,
                media_id=f"{place}/{inner}" if whole else path,
                group=people or path,
                split="val" if held_back else split,
                generator=method if label else "",
                family=_FAMILY.get(method.lower(), "") if label else "",
                source={"ff": "FaceForensics++", "cdf": "Celeb-DF-v2"}.get(side, method),
            )

    @staticmethod
    def _reals_ff(folder: DatasetFolder) -> Iterator[Item]:
        splits = _ff_splits(folder)
        for name in folder.media(_FF, deep=True):
            video = name.split("/")[0]
            if f"ff:{video}" not in splits:
                raise folder.error(f"{_FF}/{video} is in none of the split files")
            yield medium(
                f"{_FF}/{name}",
                0,
                media_id=f"{_FF}/{video}",
                group=f"ff:{video}",
                split=splits[f"ff:{video}"],
                source="FaceForensics++",
            )

    @staticmethod
    def _reals_cdf(folder: DatasetFolder) -> Iterator[Item]:
        listed = folder.rows("Celeb-DF-v2/List_of_testing_videos.txt", 2, "of Celeb-DF (v2)")
        test = {cells[1].rpartition("/")[2].partition(".")[0] for cells in listed}
        for place in _CDF:
            if not folder.part(place, hint="the authors' real data of Celeb-DF"):
                continue
            for name in folder.media(place, deep=True):
                video = name.split("/")[0]
                if video in test:
                    yield medium(
                        f"{place}/{name}",
                        0,
                        media_id=f"{place}/{video}",
                        group=_people("cdf", video) or f"{place}/{video}",
                        split="test",
                        source="Celeb-DF-v2",
                    )


def _ff_splits(folder: DatasetFolder) -> dict[str, str]:
    """Split of every original of FaceForensics++ ("ff:000"); nothing where it is not there."""
    found: dict[str, str] = {}
    if not folder.has("FaceForensics++"):
        return found
    for split in ("train", "val", "test"):
        for pair in folder.json(f"FaceForensics++/{split}.json", "of ondyari/FaceForensics"):
            found |= dict.fromkeys((f"ff:{one}" for one in pair), split)
    return found


def _people(side: str, name: str) -> str:
    """Identities in the name of a video: "000_003" of FaceForensics++, "id0_id1_0000"."""
    last = name.rpartition("/")[2]
    pattern = {"ff": r"(?<!\d)\d{3}(?!\d)", "cdf": r"id\d+"}.get(side)
    return "+".join(f"{side}:{one}" for one in re.findall(pattern, last)) if pattern else ""
