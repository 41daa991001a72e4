"""ImagiNet (Boychev and Cholakov 2024): photographs, paintings, faces and the rest."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LISTS = {"train_annotations": "train", "test_annotations": "test"}
_CONTENT = ("photos", "paintings", "faces", "uncategorized")
_MODELS = (
    "ProGAN", "StyleGAN-XL", "StyleGAN3", "SD v2.1", "SDXL v1.0", "Animagine XL", "Midjourney",
    "DALL-E 3",
)  # fmt: skip


class ImagiNet(Adapter):
    """Pictures by the authors' lists: path, forged or not, content, kind of model, model.

    ``family`` is "generated"; the kind of content is kept as ``types`` of forged pictures.
    """

    name = "imaginet"
    title = "ImagiNet"
    licence = "made by the authors: CC BY 4.0; DALL-E 3 in part CC0; others as their sources"
    citation = (
        "Boychev, Cholakov: ImagiNet: A Multi-Content Dataset for Generalizable Synthetic Image "
        "Detection via Contrastive Learning. arXiv 2407.20020, 2024"
    )
    url = "https://huggingface.co/datasets/delyanboychev/imaginet"
    kinds = ("image",)
    splits = "train_annotations.txt and test_annotations.txt; validation is split off training"
    layout = """
        annotations/train_annotations.txt, test_annotations.txt (of delyan-boychev/imaginet)
        imagenet/, val2017/, progan_train/, wikiart/, ffhq/, danbooru2021/, photozilla/ … (real)
        sd_faces_fake/, dalle3/, journeydb/, ffhq_stylegan/ … (forged)
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture, its folder the source."""
        for name, split in _LISTS.items():
            rows: dict[str, list[int]] = {}
            place = f"annotations/{name}.txt"
            if not folder.part(place, hint="of delyan-boychev/imaginet"):
                continue
            for line in folder.read(place, "of delyan-boychev/imaginet").splitlines():
                path, *numbers = line.rsplit(",", 4)
                rows[path.removeprefix("./")] = [int(number) for number in numbers]
            for path in folder.present(rows, f"pictures of {name}.txt"):
                fake, content, _, model = rows[path]
                yield medium(
                    path,
                    fake,
                    group=path,
                    split=split,
                    family="generated" if fake else "",
                    types=(_CONTENT[content],) if fake else (),
                    generator=_MODELS[model] if fake else "",
                    source=path.split("/")[0],
                )
