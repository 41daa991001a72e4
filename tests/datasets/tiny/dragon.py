from pathlib import Path

from tiny import dump, files, text


def make(root: Path) -> None:
    for split, shard in (("train", "dragon_train_000"), ("test", "dragon_test_00")):
        for key, model in (("0001", "stabilityai/sdxl-turbo"), ("0002", "Kolors")):
            at = f"{split}/{shard}/{key}"
            files(root, f"{at}.png")
            text(root, f"{at}.model.txt", [model])
            dump(root, f"{at}.json", {"prompt": "a fish", "model": model})


COUNT = 4
EXPECTED = {
    "train/dragon_train_000/0001.png": {
        "label": 1, "split": "train", "generator": "stabilityai/sdxl-turbo",
        "family": "generated",
    },
    "test/dragon_test_00/0002.png": {"split": "test", "generator": "Kolors"},
}  # fmt: skip
MISSING = {
    "test": "test is missing",
    "train/dragon_train_000": "archives of train are not unpacked",
    "train/dragon_train_000/0001.model.txt": "1 of 2 model names",
}
