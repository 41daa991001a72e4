from pathlib import Path

from tiny import dump, files


def make(root: Path) -> None:
    for split in ("train", "test"):
        ref = {
            "bbox": [10, 20, 50, 60], "sentence": "The hand has six fingers.",
            "explanation": "wrong", "segmentation": [[10, 20, 50, 20, 50, 60], [5, 30, 8, 31]],
        }  # fmt: skip
        rows = [
            {"0": {"img_file_name": f"{split}0.jpg", "caption": "Six fingers.", "refs": [ref]}},
            {"1": {"img_file_name": f"{split}1.jpg", "caption": "No fault.", "refs": []}},
        ]
        dump(root, f"{split}/annotations/{split}.json", rows)
        files(root, f"{split}/images/{split}0.jpg", f"{split}/images/{split}1.jpg")


COUNT = 4
EXPECTED = {
    "test/images/test0.jpg": {
        "label": 1, "split": "test", "box": (5.0, 20.0, 45.0, 40.0), "text": "Six fingers.",
    },
    "train/images/train1.jpg": {"split": "train", "box": (), "family": "generated"},
}  # fmt: skip
MISSING = {
    "train/annotations": "train/annotations is missing",
    "test/images/test1.jpg": "1 of 2 pictures of test",
}
