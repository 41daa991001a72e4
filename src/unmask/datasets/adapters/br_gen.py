"""BR-Gen (Cai et al. 2025): photographs of which a region was painted anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_SPLITS = {"train": "train", "val": "val", "test": "test"}


class BRGen(FolderAdapter):
    """Each folder is a set ("BRGen-Stuff-Val") with authentic, tampered and mask pictures.

    Photographs are not shipped: the archives name those of COCO, ImageNet and Places that are to
    be put into ``Au``. A set's name says its split.
    """

    name = "br-gen"
    title = "BR-Gen"
    licence = "academic, non-commercial; photographs: COCO, ImageNet and Places"
    citation = (
        "Cai, Wang, Ji, ZhouMen, Ma, Sun, Cao, Ji: Zooming In on Fakes: A Novel Dataset for "
        "Localized AI-Generated Image Detection with Forgery Amplification Approach. AAAI 2026"
    )
    url = "https://github.com/clpbc/BR-Gen"
    kinds = ("image",)
    splits = "by the name of each set (Train, Val, Test)"
    layout = """
        BRGen-Stuff-Val/Tp/MAT_Stuff_COCO_00000000520.png
        BRGen-Stuff-Val/Gt/MAT_Stuff_COCO_00000000520_mask.png
        BRGen-Stuff-Val/Au/COCO_00000000520.png (from COCO, ImageNet and Places)
        further sets …-Train and …-Test (the same way)
    """
    places = (
        Place("{set}/Au/*", 0, {"group": "{stem}"}),
        Place("{set}/Tp/*", 1, {"mask": "{set}/Gt/{stem}_mask.png", "source": "BR-Gen",
                                "family": "inpainting"}),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """Method, kind of region and photograph stand in the name."""
        parts = caught["set"].lower().replace("-", "_").split("_")
        split = next((_SPLITS[part] for part in parts if part in _SPLITS), "")
        if not split:
            raise ValueError(f"the set {caught['set']} names no split")
        stem = item.path.rpartition("/")[2].rpartition(".")[0]
        if not item.label:
            return replace(item, split=split, source=stem.split("_")[0])
        method, region, photograph = stem.split("_", 2)
        types = (region.lower(),)
        return replace(item, split=split, generator=method, types=types, group=photograph)
