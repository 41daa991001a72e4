from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for part in ("original", "epsilon32"):
        for side in ("real", "gen_0", "gen_1"):
            files(root, *(f"{part}/{side}/12{i}.png" for i in range(3)))


COUNT = 18
EXPECTED = {
    "original/gen_1/121.png": {
        "family": "generated",
        "label": 1, "split": "test", "condition": "clean", "generator": "gen_1", "group": "121",
    },
    "epsilon32/real/121.png": {
        "label": 0, "condition": "epsilon32", "source": "LAION", "generator": "",
    },
    "epsilon32/gen_0/120.png": {"label": 1, "condition": "epsilon32"},
}  # fmt: skip
MISSING = {"original": "original is missing", "epsilon32": "is {condition}/real/*"}
