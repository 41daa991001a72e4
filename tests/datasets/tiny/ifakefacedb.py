from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    files(root, *(f"iFakeFaceDB/{i}.jpg" for i in range(6)))


COUNT = 6
EXPECTED = {
    "iFakeFaceDB/3.jpg": {
        "label": 1, "generator": "StyleGAN", "condition": "GANprintR", "family": "whole-face",
    },
}  # fmt: skip
MISSING = {"iFakeFaceDB": "holds no media"}
