from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    for name in ("train", "test"):
        rows = [f"./val2017/{name}{i}.jpg,0,0,4,8" for i in range(10)]
        rows += [f"./sdxl_faces_fake/{name},{i}.webp,1,2,1,4" for i in range(10)]
        rows += [f"./dalle3/{name}.png,1,3,3,7"]
        text(root, f"annotations/{name}_annotations.txt", rows)
        files(root, *(row.rsplit(",", 4)[0][2:] for row in rows))


COUNT = 42
EXPECTED = {
    "sdxl_faces_fake/test,3.webp": {
        "label": 1, "split": "test", "generator": "SDXL v1.0", "types": ("faces",),
        "family": "generated",
    },
    "dalle3/train.png": {"split": "train", "generator": "DALL-E 3"},
    "val2017/test4.jpg": {"label": 0, "source": "val2017", "types": ()},
}  # fmt: skip
MISSING = {
    "annotations/train_annotations.txt": "train_annotations.txt is missing",
    "val2017/test4.jpg": "1 of 21 pictures of test_annotations.txt",
}
