from pathlib import Path

from tiny import files

PHOTO = "ImageNet_n06359193_84719"


def make(root: Path) -> None:
    for part, photo in (("Train", "COCO_00000000520"), ("Val", PHOTO), ("Test", "COCO_9")):
        at = f"BRGen-Stuff-{part}"
        files(root, f"{at}/Au/{photo}.png")
        for method in ("MAT", "PowerPaint"):
            files(root, f"{at}/Tp/{method}_Stuff_{photo}.png")
            files(root, f"{at}/Gt/{method}_Stuff_{photo}_mask.png")


COUNT = 9
EXPECTED = {
    f"BRGen-Stuff-Val/Tp/PowerPaint_Stuff_{PHOTO}.png": {
        "label": 1, "split": "val", "generator": "PowerPaint", "types": ("stuff",),
        "group": PHOTO, "mask": f"BRGen-Stuff-Val/Gt/PowerPaint_Stuff_{PHOTO}_mask.png",
        "family": "inpainting",
    },
    "BRGen-Stuff-Train/Au/COCO_00000000520.png": {
        "label": 0, "split": "train", "source": "COCO", "mask": "",
    },
}  # fmt: skip
MISSING = {
    "BRGen-Stuff-Val/Gt/MAT_Stuff_ImageNet_n06359193_84719_mask.png": "1 of 6 masks of {set}/Tp/*",
    "BRGen-Stuff-Test/Au/COCO_9.png": "BRGen-Stuff-Test/Au holds no media",
}
