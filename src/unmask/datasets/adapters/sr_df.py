"""SR-DF (Wang et al. 2022): swaps and reenactments over FaceForensics++'s real videos."""

from __future__ import annotations

from dataclasses import replace

from unmask.datasets.listed import ListedAdapter
from unmask.datasets.manifest import Item


class SRDF(ListedAdapter):
    """Videos by the user's table, of four methods; identities follow their numbers ("000_003").

    4,000 forged videos; their makers publish no layout, and no public copy was found.
    """

    name = "sr-df"
    title = "SR-DF"
    licence = "none stated; reals: FaceForensics++"
    citation = (
        "Wang, Wu, Ouyang, Han, Chen, Jiang, Li: M2TR: Multi-modal Multi-scale Transformers for "
        "Deepfake Detection. ICMR 2022"
    )
    url = "https://github.com/wangjk666/M2TR-Multi-modal-Multi-scale-Transformers-for-Deepfake-Detection"
    kinds = ("video", "image")
    allowed = {  # noqa: RUF012
        "generator": ("FSGAN", "FaceShifter", "First Order Motion", "IcFace"),
    }
    layout = """
        items.csv, written by you: path, label, generator (FSGAN, FaceShifter, First Order \
Motion or IcFace), split
        the videos or pictures of faces, wherever the table says
    """

    def adjust(self, item: Item) -> Item:
        """Both numbers of a name are identities; a picture belongs to the video that it is of."""
        swap = item.generator in ("FSGAN", "FaceShifter")
        family = ("face-swap" if swap else "reenactment") if item.label else ""
        return replace(item, group=item.group.replace("_", "+"), family=family)
