from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for part in ("d3_test/no_augm", "d3_test/augm", "train"):
        for side in ("real", "gen_0", "gen_3"):
            files(
                root, *(f"{part}/{side}/{part[:2]}{i}_{side.replace('_', '')}.png" for i in (1, 2))
            )


COUNT = 18
EXPECTED = {
    "d3_test/no_augm/gen_3/d31_gen3.png": {
        "family": "generated",
        "label": 1, "split": "test", "generator": "gen_3", "condition": "clean", "group": "d31",
    },
    "d3_test/augm/real/d31_real.png": {"label": 0, "condition": "augm", "group": "d31"},
    "train/gen_0/tr2_gen0.png": {"split": "train", "source": "D3"},
}  # fmt: skip
MISSING = {"d3_test": "d3_test is missing"}
