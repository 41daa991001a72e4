"""ControlFace10K (Nzalasse et al. 2024): made persons, of balanced origin, gender and age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place


class ControlFace10K(FolderAdapter):
    """Pictures of persons who do not exist: forged by our definition, no test of real ones.

    Its use is fairness: whether a detector's or a comparer's scores move with skin, gender or age.
    """

    name = "controlface10k"
    title = "ControlFace10K"
    licence = "CC BY 4.0"
    citation = (
        "Nzalasse, Raj, Laird, Clark: SIG: A Synthetic Identity Generation Pipeline for "
        "Generating Evaluation Datasets for Face Recognition. arXiv 2409.08345, 2024"
    )
    url = "https://huggingface.co/datasets/HuMInGameLab/ControlFace10K"
    kinds = ("image",)
    labels = (1,)
    splits = "none exist; persons are split by a hash"
    layout = """
        ControlFace10k/Indian/female/50/identity-…/r3_g0_a50_o5.png (origin, gender, age, person)
    """
    official = False
    places = (
        Place("{top_folder}/{ethnicity}/{gender}/{age}/{subject}/*", 1,
              {"generator": "SIG", "family": "synthetic-identity", "source": "ControlFace10K"},
              whole=10008),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """The person is the group."""
        return replace(item, group=item.subject)
