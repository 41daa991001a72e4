from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for half in ("GAN", "DM"):
        for side in ("0_real", "1_fake"):
            files(root, *(f"TwinSynths_{half}/{side}/{i}.png" for i in range(2)))


COUNT = 8
EXPECTED = {
    "TwinSynths_DM/1_fake/1.png": {
        "label": 1, "family": "diffusion", "split": "test", "group": "TwinSynths_DM/1",
    },
    "TwinSynths_DM/0_real/1.png": {"label": 0, "group": "TwinSynths_DM/1", "generator": ""},
    "TwinSynths_GAN/1_fake/0.png": {"family": "gan", "generator": "TwinSynths_GAN"},
}  # fmt: skip
MISSING = {"TwinSynths_GAN/0_real": "TwinSynths_GAN/0_real is missing"}
