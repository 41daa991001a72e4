"""DVF (Song et al. 2024): videos of diffusion models, and of YouTube."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_SIDES = (("0_real", 0), ("1_fake", 1))


class DVF(Adapter):
    """Each folder is a set; its real videos lie in ``0_real``, its forged ones in ``1_fake``.

    The authors train on YouTube and Stable Video Diffusion by their two lists; all else tests.
    """

    name = "dvf"
    title = "DVF (Diffusion Video Forensics)"
    licence = "Apache-2.0 for the code; none stated for the videos"
    citation = (
        "Song, Guo, Zhang, Li, Bai, Liu, Zhai, Liu: On Learning Multi-Modal Forgery "
        "Representation for Diffusion Generated Video Detection. NeurIPS 2024"
    )
    url = "https://github.com/SparkleXFantasy/MM-Det"
    kinds = ("video",)
    splits = "splits/train.json and val.json of the authors' repository; all others are test"
    layout = """
        splits/train.json, splits/val.json (of SparkleXFantasy/MM-Det)
        DVF/youtube/0_real/*.mp4, DVF/stablevideodiffusion/1_fake/*.mp4
        DVF/{sora|pika|opensora|zeroscope|videocrafter1|…}/{0_real|1_fake}/*.mp4
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video; one real video and what was made of it have the same name."""
        splits: dict[str, str] = {}
        for split in ("train", "val"):
            for name, rows in folder.json(f"splits/{split}.json").items():
                listed = {f"DVF/{name}/{path}": split for path in rows}
                splits.update(dict.fromkeys(folder.present(listed, f"videos of {name}"), split))
        for name in folder.folders("DVF"):
            for side, label in _SIDES:
                for file in folder.media(f"DVF/{name}/{side}", deep=True):
                    path = f"DVF/{name}/{side}/{file}"
                    stem = file.rpartition("/")[2].rpartition(".")[0]
                    yield medium(
                        path,
                        label,
                        group=f"{name}/{stem}" if label else f"real/{stem}",
                        split=splits.get(path, "test"),
                        generator=name if label else "",
                        family="generated" if label else "",
                        source=f"DVF {name}",
                    )
