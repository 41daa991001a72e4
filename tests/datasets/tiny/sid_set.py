from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for part, n in (("train", 1), ("validation", 2)):
        files(root, f"{part}/real/r{n}.jpg", f"{part}/full_synthetic/s{n}.png")
        files(root, f"{part}/tampered/t{n}.png", f"{part}/masks/t{n}_mask.png")


COUNT = 6
EXPECTED = {
    "validation/tampered/t2.png": {
        "label": 1, "split": "val", "family": "inpainting", "mask": "validation/masks/t2_mask.png",
    },
    "train/full_synthetic/s1.png": {"label": 1, "family": "generated", "mask": ""},
    "train/real/r1.jpg": {"label": 0, "split": "train", "source": "OpenImages"},
}  # fmt: skip
MISSING = {
    "validation/masks": "1 of 2 masks",
    "train/full_synthetic/s1.png": "train/full_synthetic holds no media",
}
