"""CausalFace (Liang et al. 2023): made faces, of which one attribute is changed at a time."""

from __future__ import annotations

from dataclasses import replace

from unmask.datasets.listed import ListedAdapter
from unmask.datasets.manifest import Item

ATTRIBUTES = ("base", "pose", "age", "expression", "lighting")
ETHNICITIES = ("Asian", "Black", "White")
GENDERS = ("female", "male")


class CausalFace(ListedAdapter):
    """Pictures by the user's table, all made by a generator: nobody is shown.

    ``group`` is the face that was begun with, ``condition`` the attribute that was changed in this
    picture ("base": none), ``ethnicity`` and ``gender`` what its raters saw. 10,200 faces; the
    layout of the download is in no page that could be read.
    """

    name = "causalface"
    title = "CausalFace"
    licence = "as its page says; pictures made by a generator"
    citation = (
        "Liang, Perona, Balakrishnan: Benchmarking Algorithmic Bias in Face Recognition: An "
        "Experimental Approach Using Synthetic Faces and Human Evaluation. ICCV 2023"
    )
    url = "https://arxiv.org/abs/2308.05441"
    kinds = ("image",)
    labels = (1,)
    needed = ("group", "condition", "ethnicity", "gender")
    allowed = {  # noqa: RUF012
        "condition": ATTRIBUTES, "ethnicity": ETHNICITIES, "gender": GENDERS,
    }  # fmt: skip
    layout = """
        items.csv, written by you: path, label (fake), generator, split (test), group (the face \\
begun with), condition (base, pose, age, expression or lighting), ethnicity (Asian, Black or \\
White), gender (female or male)
        the pictures, wherever the table says
    """

    def adjust(self, item: Item) -> Item:
        """Raises ValueError for a real item, or one that would train."""
        if not item.label or item.split != "test":
            raise ValueError(f"{item.path}: CausalFace holds made faces, and everything is test")
        return replace(item, family="generated")
