from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for side in ("wiki", "inpainting", "insight", "text2img"):
        files(root, *(f"{side}/{i:02}/10049{200 + i}_1891-09-16_1958.jpg" for i in range(20)))


COUNT = 80
EXPECTED = {
    "wiki/03/10049203_1891-09-16_1958.jpg": {
        "label": 0, "group": "10049203", "source": "IMDB-WIKI", "generator": "",
    },
    "insight/03/10049203_1891-09-16_1958.jpg": {
        "label": 1, "group": "10049203", "family": "face-swap", "generator": "InsightFace",
    },
    "text2img/00/10049200_1891-09-16_1958.jpg": {"generator": "Stable Diffusion 1.5"},
}  # fmt: skip
MISSING = {"wiki": "wiki is missing", "text2img": "text2img is missing"}
