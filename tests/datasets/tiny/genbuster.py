from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for side in ("real", "fake"):
        files(root, *(f"train/{side}/{i}.mp4" for i in range(20)))
    for track in ("id", "ood", "wild"):
        at = f"GenBuster-Bench/{track}"
        files(root, f"{at}/real/a.mp4", f"{at}/fake/kling/b.mp4")


COUNT = 46
EXPECTED = {
    "GenBuster-Bench/ood/fake/kling/b.mp4": {
        "label": 1, "split": "test", "condition": "ood", "generator": "kling",
        "family": "generated",
    },
    "GenBuster-Bench/id/real/a.mp4": {"label": 0, "condition": "id", "generator": ""},
    "train/fake/3.mp4": {"label": 1, "split": "train", "generator": ""},
}  # fmt: skip
MISSING = {
    "train/real": "train/real is missing",
    "GenBuster-Bench/wild/real/a.mp4": "GenBuster-Bench/wild/real holds no media",
    "GenBuster-Bench/ood": "GenBuster-Bench/ood is missing",
}
