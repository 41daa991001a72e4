from pathlib import Path

from tiny import dump, files, text


def make(root: Path) -> None:
    for i in range(50):
        part = f"train/dfdc_train_part_{i}"
        about = {
            f"r{i}.mp4": {"label": "REAL", "split": "train", "original": None},
            f"f{i}.mp4": {"label": "FAKE", "split": "train", "original": f"r{i}.mp4"},
        }
        dump(root, f"{part}/metadata.json", about)
        files(root, *(f"{part}/{name}" for name in about))
    for place, name in (("validation", "4000"), ("test", "aalscayrfi")):
        text(root, f"{place}/labels.csv", ["filename,label", f"{name}.mp4,1"])
        files(root, f"{place}/{name}.mp4")
    text(root, "test/labels.csv", ["filename,label", "aalscayrfi.mp4,1", "aaqaifqrwn.mp4,0"])
    files(root, "test/aaqaifqrwn.mp4")


COUNT = 103
EXPECTED = {
    "train/dfdc_train_part_7/f7.mp4": {
        "label": 1,
        "group": "r7.mp4",
        "split": "train",
        "original": "train/dfdc_train_part_7/r7.mp4",
    },
    "train/dfdc_train_part_7/r7.mp4": {"label": 0, "group": "r7.mp4", "split": "train"},
    "validation/4000.mp4": {"label": 1, "split": "val"},
    "test/aalscayrfi.mp4": {"label": 1, "split": "test"},
}
MISSING = {
    "train/dfdc_train_part_49": "1 of 50 training parts are missing",
    "train/dfdc_train_part_3/metadata.json": "metadata.json is missing",
    "train/dfdc_train_part_3/f3.mp4": "1 of 2 videos of train/dfdc_train_part_3",
    "test/labels.csv": "test/labels.csv is missing",
}
