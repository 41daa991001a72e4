"""SID-Set (Huang et al. 2025): real, wholly generated and tampered pictures of social media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_SPLITS = {"split": {"validation": "val"}}
_FAKE = {"source": "SID-Set"}


class SIDSet(FolderAdapter):
    """The folders of the archives of Google Drive; tampered pictures have a mask each.

    The parquet files on Hugging Face hold the same pictures; they are not read here.
    """

    name = "sid-set"
    title = "SID-Set"
    licence = "CC BY 4.0 as its page says; real pictures: OpenImages"
    citation = (
        "Huang, Hu, Li, He, Zhao, Peng, Wu, Huang, Cheng: SIDA: Social Media Image Deepfake "
        "Detection, Localization and Explanation with Large Multimodal Model. CVPR 2025"
    )
    url = "https://github.com/hzlsaber/SIDA"
    kinds = ("image",)
    splits = "the folders train, validation and (fetched apart) test"
    layout = """
        {train|validation}/real/*.jpg
        {train|validation}/full_synthetic/*.png
        {train|validation}/tampered/NAME.png and {train|validation}/masks/NAME_mask.png
    """
    places = (
        Place("{split}/real/*", 0, {"source": "OpenImages"}, _SPLITS),
        Place("{split}/full_synthetic/*", 1, {**_FAKE, "family": "generated"}, _SPLITS),
        Place("{split}/tampered/*", 1, {**_FAKE, "family": "inpainting",
              "mask": "{at}/masks/{stem}_mask.png"}, _SPLITS),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """Pictures of one name are one group."""
        return replace(item, group=item.path.rpartition("/")[2].rpartition(".")[0])
