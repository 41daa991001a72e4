from pathlib import Path

from tiny import text

HEAD = "screen_name;text;account.type;class_type"


def make(root: Path) -> None:
    for name in ("train", "validation", "test"):
        rows = [HEAD, f"zawvrk;one of the {name} goats;human;human",
                f'botzaw;"Thank you, ""friend"".\n\nWe will; {name}";bot;gpt2']  # fmt: skip
        text(root, f"data/splits/{name}.csv", rows)


SHARED = True
COUNT = 6
EXPECTED = {
    "val:1": {
        "family": "generated",
        "label": 1, "split": "val", "generator": "gpt2", "group": "botzaw", "kind": "text",
        "text": 'Thank you, "friend".\n\nWe will; validation',
    },
    "test:0": {"label": 0, "split": "test", "generator": "", "subject": "zawvrk"},
}  # fmt: skip
MISSING = {"data/splits/test.csv": "data/splits/test.csv is missing"}
