from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    files(root, *(f"diffusiondb/part-000001/{i}.png" for i in range(20)))
    files(root, *(f"laion/00000/{i:09}.jpg" for i in range(20)))
    for generator in ("stablediffusion", "gigagan"):
        at = f"evaluation_sets/{generator}"
        files(root, f"{at}/0_real/a.png", f"{at}/1_fake/b.png")


COUNT = 44
EXPECTED = {
    "evaluation_sets/gigagan/1_fake/b.png": {
        "label": 1, "split": "test", "generator": "gigagan", "family": "generated",
    },
    "evaluation_sets/gigagan/0_real/a.png": {"label": 0, "generator": "", "source": "MMFR gigagan"},
    "laion/00000/000000003.jpg": {"label": 0, "split": "train", "source": "LAION"},
    "diffusiondb/part-000001/3.png": {"generator": "DiffusionDB", "split": "train"},
}  # fmt: skip
MISSING = {
    "laion": "laion is missing",
    "evaluation_sets/gigagan/1_fake/b.png": "gigagan/1_fake holds no media",
}
