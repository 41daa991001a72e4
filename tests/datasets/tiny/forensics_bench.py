import json
from pathlib import Path

from tiny import files, text


def row(index: int, image: str, kind: str, answer: str) -> dict[str, object]:
    return {
        "index": str(index), "image": image, "answer": answer, "Forgery Types": kind,
        "question": "What is the authenticity of the image?", "A": "real", "B": "fake", "C": "",
    }  # fmt: skip


def make(root: Path) -> None:
    rows = [
        row(0, "image/0000000.png", "Real media without being forged", "A"),
        row(1, "image/0000001.png", "Entire Synthesis", "B"),
        row(2, "1", "Entire Synthesis", "B"),
    ]
    text(root, "ForensicsBench/rows.jsonl", [json.dumps(one) for one in rows])
    files(root, "ForensicsBench/image/0000000.png", "ForensicsBench/image/0000001.png")


COUNT = 3
EXPECTED = {
    "0": {
        "question": "What is the authenticity of the image?",
        "label": 0, "answer": "real", "choices": ("real", "fake"), "family": ""},
    "2": {
        "label": 1, "path": "ForensicsBench/image/0000001.png", "answer": "fake",
        "family": "Entire Synthesis", "split": "test",
    },
}  # fmt: skip
MISSING = {
    "ForensicsBench/rows.jsonl": "rows.jsonl is missing",
    "ForensicsBench/image/0000001.png": "1 of 2 pictures",
}
