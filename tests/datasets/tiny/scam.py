import json
from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:

    rows = []
    for n, kind in enumerate(("NoSCAM", "SCAM", "SynthSCAM")):
        rows.append(
            {"image": f"image/{n:07}.png", "type": kind, "object_label": "clock",
             "attack_word": "taxi", "id": f"{kind}_1", "postit_area_pct": 2.5}
        )  # fmt: skip
        files(root, f"train-00000/image/{n:07}.png")
    text(root, "train-00000/rows.jsonl", [json.dumps(row) for row in rows])


COUNT = 3
EXPECTED = {
    "SCAM_1": {
        "question": "What entity is depicted in the image?",
        "label": 0, "condition": "note", "choices": ("clock", "taxi"), "answer": "clock",
        "split": "test", "group": "clock/taxi",
    },
    "NoSCAM_1": {"condition": "clean"},
}  # fmt: skip
MISSING = {
    "train-00000/rows.jsonl": "holds rows.jsonl",
    "train-00000/image/0000001.png": "1 of 3 pictures of train-00000",
}
