from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for side in ("real", "fake"):
        for part in ("train", "test"):
            for archive in range(3):
                files(root, f"{side}_{part}/{archive}.tar.gz")
                for frame in (3, 7):
                    files(root, f"{side}_{part}/{archive}/{side}/12/{frame}.png")


COUNT = 24
EXPECTED = {
    "fake_test/2/fake/12/3.png": {
        "family": "face-swap",
        "label": 1, "split": "test", "media_id": "fake_test/2/fake/12", "group": "fake_test/2",
        "kind": "image",
    },
    "real_train/0/real/12/7.png": {"label": 0, "media_id": "real_train/0/real/12"},
}  # fmt: skip
MISSING = {
    "fake_train": "fake_train is missing",
    "real_test/1": "1 archives of real_test are not unpacked, first 1.tar.gz",
}
