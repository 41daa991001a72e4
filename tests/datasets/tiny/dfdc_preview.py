from pathlib import Path

from tiny import dump, files


def row(label: str, part: str, target: int, swapped: int | None = None) -> dict[str, object]:
    return {
        "label": label, "set": part, "augmentations": [], "target_id": target,
        "swapped_id": swapped,
    }  # fmt: skip


ABOUT = {
    "original_videos/10/10_A_001.mp4": row("real", "train", 10),
    "original_videos/11/11_A_001.mp4": row("real", "train", 11),
    "original_videos/20/20_A_001.mp4": row("real", "test", 20),
    "method_A/10_12/10_12_A.mp4": row("fake", "train", 10, 12),
    "method_B/20_21/20_21_A.mp4": row("fake", "test", 20, 21),
}


def make(root: Path) -> None:
    dump(root, "dataset.json", ABOUT)
    files(root, *ABOUT)


COUNT = 5
EXPECTED = {
    "original_videos/10/10_A_001.mp4": {"label": 0, "group": "id10+id12"},
    "method_B/20_21/20_21_A.mp4": {
        "family": "face-swap",
        "label": 1, "split": "test", "generator": "method_B", "group": "id20+id21",
    },
}  # fmt: skip
MISSING = {
    "dataset.json": "dataset.json is missing",
    "method_A/10_12/10_12_A.mp4": "1 of 5 videos are missing",
}
