from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for domain in ("Human", "Animal", "Object", "Scene", "Anime"):
        files(root, f"{domain}/0_real/a.jpg", f"{domain}/1_fake/b.png")


COUNT = 10
EXPECTED = {
    "Anime/1_fake/b.png": {
        "generator": "Mirage",
        "label": 1, "split": "test", "family": "generated", "source": "Mirage Anime",
    },
    "Human/0_real/a.jpg": {"label": 0, "source": "Mirage Human", "family": ""},
}  # fmt: skip
MISSING = {
    "Scene": "Scene is missing",
    "Object/1_fake/b.png": "Object/1_fake holds no media",
}
