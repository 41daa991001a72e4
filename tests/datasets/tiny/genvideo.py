from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    for name in ("train", "val_id"):
        rows = ["content_path,image_path,type_id,label,frame_len,frame_seq"]
        for i in range(10):
            for video, label in ((f"real/youku/{name}{i}", 0), (f"fake/SVD/{name}{i}", 1)):
                rows.append(f'{video},{video}/0.jpg,{video[:4]},{label},2,"[0, 1]"')
                files(root, f"{video}/0.jpg", f"{video}/1.jpg")
        text(root, f"datasets/{name}.csv", rows)


COUNT = 80
EXPECTED = {
    "fake/SVD/val_id3/1.jpg": {
        "label": 1, "split": "test", "generator": "SVD", "media_id": "fake/SVD/val_id3",
        "group": "fake/SVD/val_id3", "family": "generated",
    },
    "real/youku/train0/0.jpg": {"label": 0, "split": "train", "source": "youku"},
}  # fmt: skip
MISSING = {
    "datasets/val_id.csv": "datasets/val_id.csv is missing",
    "real/youku/train0": "2 of 40 pictures of datasets/train.csv",
}
