import json
from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    rows = [
        json.dumps({"image_file": f"/data/old/{n}.png", "caption": f"a man {n}", "height": 512})
        for n in range(3)
    ]
    text(root, "laion_512/captions.jsonl", rows)
    files(root, *(f"laion_512/{n}.png" for n in range(3)), "laion_512/0.npy")


COUNT = 3
EXPECTED = {"laion_512/2.png": {"label": 0, "text": "a man 2", "source": "LAION"}}
MISSING = {
    "laion_512/captions.jsonl": "holds a .jsonl",
    "laion_512/1.png": "1 of 3 pictures of laion_512",
}
