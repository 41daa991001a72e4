import json
from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    rows = [
        json.dumps(
            {"file_name": f"/data/train_data/images_part0/{n}.jpg",
             "additional_feature": f"a man {n}", "bbox": [-3.5, 10.0, 96.5, 130.0],
             "landmarks": [[1, 2]], "penult_id_embed_file": f"{n}.bin"}
        )
        for n in range(12)
    ]  # fmt: skip
    text(root, "CrossFaceID.jsonl", rows)
    files(root, *(f"images_part0/{n}.jpg" for n in range(12)))


COUNT = 12
EXPECTED = {
    "images_part0/7.jpg": {
        "label": 0, "text": "a man 7", "face": (-3.5, 10.0, 100.0, 120.0), "source": "CrossFaceID",
    }
}  # fmt: skip
MISSING = {
    "CrossFaceID.jsonl": "CrossFaceID.jsonl is missing",
    "images_part0/3.jpg": "1 of 12 pictures",
}
