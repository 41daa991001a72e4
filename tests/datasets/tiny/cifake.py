from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for side in ("REAL", "FAKE"):
        files(root, *(f"train/{side}/{i:04} (2).jpg" for i in range(20)), f"test/{side}/0000.jpg")


COUNT = 42
EXPECTED = {
    "train/FAKE/0003 (2).jpg": {
        "label": 1, "split": "train", "generator": "Stable Diffusion 1.4", "family": "generated",
    },
    "test/REAL/0000.jpg": {"label": 0, "split": "test", "source": "CIFAR-10", "generator": ""},
}  # fmt: skip
MISSING = {"test/FAKE": "test/FAKE is missing", "test/REAL/0000.jpg": "test/REAL holds no media"}
