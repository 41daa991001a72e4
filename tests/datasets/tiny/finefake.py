from pathlib import Path

import pandas as pd

from tiny import files

FINE = (0, 0, 1, 2, 3, 4, 5)


def table() -> pd.DataFrame:
    rows = [
        {
            "text": f"News number {n // 2 if n > 14 else n}", "image_path": f"Image/snope/{n}.jpg",
            "entity_id": ["Q1"], "topic": "Politics", "label": int(FINE[n % 7] == 0),
            "fine-grained label": FINE[n % 7], "knowledge_embedding": [[0.5, 1.0]],
            "description": None, "relation": [], "platform": "snope", "author": "A. Writer",
            "date": "2021-02-03", "comment": None,
        }
        for n in range(21)
    ]  # fmt: skip
    with pd.option_context("future.infer_string", False):  # as the authors' pandas writes it
        return pd.DataFrame([*rows, {**rows[0], "image_path": None}])


def make(root: Path) -> None:
    made = table()
    files(root, *(path for path in made["image_path"] if isinstance(path, str)))
    made.to_pickle(root / "FineFake.pkl")


COUNT = 21
EXPECTED = {
    "Image/snope/0.jpg": {
        "label": 0, "family": "", "text": "News number 0", "kind": "imagetext",
        "source": "FineFake snope",
    },
    "Image/snope/5.jpg": {"label": 1, "family": "image-based"},
    "Image/snope/2.jpg": {"label": 1, "family": "text-image-inconsistency"},
}  # fmt: skip
MISSING = {
    "FineFake.pkl": "FineFake.csv",
    "Image": "21 of 21 pictures of FineFake.pkl",
}
