from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    for part in ("train", "stage1_test"):
        for n in range(12):
            files(root, f"{part}/image/Black/{n}.jpg", f"{part}/mask/Black/{n}.png")
            files(root, f"{part}/image/White/{n}.jpg")
            text(root, f"{part}/report/Black/{n}.md", [f"The total of {n} is wrong."])


COUNT = 48
EXPECTED = {
    "train/image/Black/0.jpg": {
        "label": 1, "split": "train", "mask": "train/mask/Black/0.png", "family": "text-edit",
        "text": "The total of 0 is wrong.\n",
    },
    "stage1_test/image/White/3.jpg": {"label": 0, "split": "test", "mask": "", "text": ""},
}  # fmt: skip
MISSING = {
    "train/image": "train/image is missing",
    "stage1_test/mask": "stage1_test/mask holds no masks",
    "train/mask/Black/3.png": "lies among the forged and has no mask",
}
