"""FFSC (Zou et al. 2025): faces changed in age, expression, gender, identity or pose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_SPLITS = {"split": {"Train": "train", "Val": "val", "Test": "test"}}
_ATTRIBUTES = {
    "age": "age", "expr": "expression", "smile": "expression", "gender": "gender", "pose": "pose",
}  # fmt: skip
_IDENTITY = {"blendface", "fsgan", "simswap", "infoswap"}
_POSE = {"fnevr"}


class FFSC(FolderAdapter):
    """Each folder is a method and what it changes ("StyleRes-age"), which is the ``family``.

    Methods without an attribute in their name swap faces, or (FNeVR) turn heads. The group is the
    video that a face was taken from.
    """

    name = "semantic-forgery"
    title = "FFSC"
    licence = "academic research only"
    citation = (
        "Zou, Yu, Zhan, Lyu, Ma: Semantic Contextualization of Face Forgery: A New Definition, "
        "Dataset, and Detection Method. IEEE TIFS 2025"
    )
    url = "https://github.com/MZMMSEC/SO-DFD"
    kinds = ("image",)
    splits = "the folders Train, Val and Test; protocol 1 is test with the condition Protocol-1"
    layout = """
        {Train|Val}/METHOD-ATTRIBUTE/…/*.png, {Train|Val}/Real/{CDF-youtube|AVSpeech}/VIDEO/*.png
        Test/Real/…/*.png
        Test/Protocol-1/METHOD-ATTRIBUTE/…/*.png
    """
    places = (
        Place("{split}/Real/**", 0, {"source": "{top}", "group": "{path}"}, _SPLITS),
        Place("Test/Protocol-1/{generator}/**", 1, {"split": "test", "condition": "Protocol-1",
              "source": "FFSC"}),
        Place("Train/{generator}/**", 1, {"split": "train", "source": "FFSC"}, but=("Real",)),
        Place("Val/{generator}/**", 1, {"split": "val", "source": "FFSC"}, but=("Real",)),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """What was changed, and the video: a folder of frames, or the name's first part."""
        method, _, attribute = item.generator.partition("-")
        known = "identity" if method.lower() in _IDENTITY else ""
        known = "pose" if method.lower() in _POSE else known
        family = _ATTRIBUTES.get(attribute, known)
        if item.label and not family:
            raise ValueError(f"what {item.generator} changes is not known")
        *_, above, name = item.path.split("/")
        stem = name.rpartition(".")[0]
        framed = stem.partition("_")[0].isdigit() or not item.label
        return replace(item, family=family, group=_video(above if framed else stem))


def _video(name: str) -> str:
    """The video in a name: "_-926WzaH2A_215_0037_pose_fr100" is of "_-926WzaH2A_215"."""
    start = 1 if name.startswith("_") else 0
    parts = name[start:].split("_")
    return name[:start] + "_".join(parts[:2])
