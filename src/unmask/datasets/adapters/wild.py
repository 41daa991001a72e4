"""WILD (Bongini et al. 2025): portraits of twenty generators, half of them processed after."""

from __future__ import annotations

from dataclasses import replace

from unmask.datasets.listed import ListedAdapter
from unmask.datasets.manifest import Item

CLOSED = {
    "ADF": "Adobe Firefly", "DE3": "DALL-E 3", "FX1": "FLUX.1", "FXP": "FLUX 1.1 Pro",
    "FPK": "Freepik", "LEO": "Leonardo AI", "MDJ": "Midjourney",
    "S35": "stable-diffusion-3.5-large", "SXL": "SDXL Turbo", "STR": "Starry AI",
}  # fmt: skip
"""The ten generators that train, by the codes of the paper."""
OPEN = {
    "DE1": "DALL-E 1", "DPA": "Deep AI", "HPA": "Hotpot AI", "NVS": "NVIDIA Sana PAG",
    "SCD": "Stable Cascade", "SAE": "Stable Diffusion Attend&Excite", "SG1": "StyleGAN",
    "SG2": "StyleGAN2", "SG3": "StyleGAN3", "THY": "Tencent Hunyuan",
}  # fmt: skip
"""The ten that are only tested."""


class Wild(ListedAdapter):
    """Forged pictures by the user's table; ``source`` says whether the generator is of the ten
    that train, ``condition`` what was done after ("clean": nothing).

    A group is a prompt, which all closed generators were given: the splits of the paper follow
    prompts (500 train, 200 choose, 300 test). Generators of the open set must be test.
    """

    name = "wild"
    title = "WILD (in-the-Wild Image Linkage Dataset)"
    licence = "as its Kaggle page says"
    citation = (
        "Bongini, Mandelli, Montibeller, Casu, Pontorno, Ragaglia, Zanchetta, Aquilina, Wani, "
        "Guarnera, Tondi, Boato, Bestagini, Amerini, De Natale, Battiato, Barni: WILD: a new "
        "in-the-Wild Image Linkage Dataset for synthetic image attribution. arXiv 2504.19595, 2025"
    )
    url = "https://www.kaggle.com/datasets/pietrob92/wild-in-the-wild-image-linkage-dataset"
    kinds = ("image",)
    labels = (1,)
    needed = ("condition", "group")
    allowed = {"generator": (*CLOSED, *OPEN)}  # noqa: RUF012
    layout = """
        items.csv, written by you: path, label (fake), generator (the paper's code: ADF, DE3 …), \
split, condition ("clean", or what was done after), group (the prompt's number)
        the pictures, wherever the table says
    """

    def adjust(self, item: Item) -> Item:
        """The generator by its name. Raises ValueError for an open one that would train."""
        code = item.generator
        if not item.label:
            raise ValueError(f"{item.path}: WILD holds no real pictures")
        if code in OPEN and item.split != "test":
            raise ValueError(f"{item.path}: {code} is of the open set, and must be test")
        return replace(
            item,
            generator={**CLOSED, **OPEN}[code],
            group=item.group if code in CLOSED else f"{code} {item.group}",
            family="generated",
            source="WILD closed" if code in CLOSED else "WILD open",
        )
