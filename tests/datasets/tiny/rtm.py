from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    for n, split in enumerate(("train", "val", "test")):
        text(root, f"{split}.txt", [f"good_{n}", f"splice_{n}", f"cpmv_{n}"])
        for kind in ("good", "splice", "cpmv"):
            files(root, f"JPEGImages/{kind}_{n}.jpg", f"SegmentationClass/{kind}_{n}.png")


COUNT = 9
EXPECTED = {
    "JPEGImages/splice_1.jpg": {
        "label": 1, "split": "val", "family": "splicing",
        "mask": "SegmentationClass/splice_1.png",
    },
    "JPEGImages/good_2.jpg": {"label": 0, "split": "test", "mask": "", "source": "RTM"},
    "JPEGImages/cpmv_0.jpg": {"family": "copy-move"},
}  # fmt: skip
MISSING = {
    "val.txt": "val.txt is missing",
    "JPEGImages/good_0.jpg": "1 of 3 pictures of train.txt",
    "SegmentationClass/cpmv_2.png": "cpmv_2.png, the mask",
}
