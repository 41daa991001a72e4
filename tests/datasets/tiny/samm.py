from pathlib import Path

from tiny import dump, files

WORDS = "Lachrymose Terri Butler was upset"


def row(number: int, image: str, kind: str) -> dict[str, object]:
    forged = kind != "orig"
    return {
        "id": number, "image": image, "text": WORDS, "fake_cls": kind,
        "fake_image_box": [665, 249, 999, 671] if forged else [],
        "fake_text_pos": [0, 4] if forged else [],
        "cap_texts": {"Terri Butler": "Politician"}, "cap_images": {"Terri Butler": "x"},
    }  # fmt: skip


def make(root: Path) -> None:
    for n, split in enumerate(("train", "val", "test")):
        rows = [
            row(n, f"emotion_jpg/{n}.jpg", "attribute_manipulation"),
            row(n, f"swap_jpg/{n}.jpg", "swap_manipulation"),
            row(n, f"orig_output/{n}.jpg", "orig"),
        ]
        dump(root, f"jsons/{split}.json", rows)
        files(root, *(str(one["image"]) for one in rows))


COUNT = 9
EXPECTED = {
    "emotion_jpg/1.jpg": {
        "family": "attribute_manipulation",
        "label": 1, "split": "val", "types": ("face_attribute", "text"), "tokens": (0, 4),
        "box": (665.0, 249.0, 334.0, 422.0), "group": "1", "text": WORDS,
    },
    "orig_output/2.jpg": {"label": 0, "split": "test", "box": (), "tokens": (), "types": ()},
}  # fmt: skip
MISSING = {
    "jsons/val.json": "jsons/val.json is missing",
    "swap_jpg/0.jpg": "1 of 3 train pictures",
}
