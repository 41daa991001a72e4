import json
from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    for shard in range(2):
        at = f"test_image-{shard:05}-of-00002"
        rows = []
        for n, (label, made) in enumerate(((0, None), (1, "GPT-Image-2"), (2, None))):
            mask = "mask/0000002.png" if label == 2 else None
            rows.append(
                {"id": f"{shard}_{n}", "image": f"image/{n:07}.jpg", "mask": mask, "label": label,
                 "generator": made, "editor": "flux-fill" if label == 2 else None,
                 "source_platform": "reddit", "filename": f"{n}.jpg"}
            )  # fmt: skip
            files(root, f"{at}/image/{n:07}.jpg")
        files(root, f"{at}/mask/0000002.png")
        text(root, f"{at}/rows.jsonl", [json.dumps(row) for row in rows])


AT = "test_image-00001-of-00002"
COUNT = 6
EXPECTED = {
    f"{AT}/image/0000002.jpg": {
        "label": 1, "family": "inpainting", "mask": f"{AT}/mask/0000002.png",
        "generator": "flux-fill", "split": "test",
    },
    f"{AT}/image/0000001.jpg": {"label": 1, "family": "generated", "generator": "GPT-Image-2"},
    f"{AT}/image/0000000.jpg": {"label": 0, "mask": "", "source": "reddit"},
}  # fmt: skip
MISSING = {
    AT: "1 of 2 shards are missing",
    f"{AT}/mask/0000002.png": "the mask of",
    f"{AT}/image/0000000.jpg": f"1 of 3 pictures of {AT}",
}
