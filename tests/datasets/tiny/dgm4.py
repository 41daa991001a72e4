from pathlib import Path

from tiny import dump, files

FORGED = "DGM4/manipulation/HFGI/768092-HFGI.jpg"
REAL = "DGM4/origin/bbc/0012/345.jpg"


def row(number: int, image: str, kind: str, box: list[int], words: list[int]) -> object:
    return {
        "id": number, "image": image, "text": "a man won the big prize today", "fake_cls": kind,
        "fake_image_box": box, "fake_text_pos": words, "mtcnn_boxes": [],
    }  # fmt: skip


ROWS = {
    "train": [
        row(768092, FORGED, "face_attribute&text_attribute", [155, 61, 267, 207], [2, 5]),
        row(768092, REAL, "orig", [], []),
    ],
    "val": [row(2, REAL.replace("345", "346"), "text_swap", [], [0, 1])],
    "test": [
        row(3, REAL.replace("345", "347"), "orig", [], []),
        row(4, REAL.replace("345", "348"), "text_swap", [], [0, 1]),
    ],
}


def make(root: Path) -> None:
    for split, rows in ROWS.items():
        dump(root, f"DGM4/metadata/{split}.json", rows)
        files(root, *(r["image"] for r in rows))  # type: ignore[index]


COUNT = 5
EXPECTED = {
    FORGED: {
        "family": "face_attribute&text_attribute",
        "label": 1, "split": "train", "box": (155.0, 61.0, 112.0, 146.0), "tokens": (2, 5),
        "types": ("face_attribute", "text_attribute"), "generator": "HFGI", "group": "768092",
        "kind": "imagetext", "text": "a man won the big prize today",
    },
    REAL: {"label": 0, "types": (), "box": (), "source": "bbc"},
    REAL.replace("345", "346"): {"label": 1, "split": "val", "generator": "", "box": ()},
    REAL.replace("345", "347"): {"label": 0, "split": "test"},
}  # fmt: skip
MISSING = {
    "DGM4/metadata/val.json": "DGM4/metadata/val.json is missing",
    FORGED: "1 of 2 train pictures",
}
