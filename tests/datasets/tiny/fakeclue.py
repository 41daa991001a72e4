from pathlib import Path

from tiny import dump, files


def row(image: str, label: int, cate: str) -> dict[str, object]:
    words = "This is a real image." if label else "This is a fake image. The text is warped."
    turns = [{"from": "human", "value": "<image>Is it real?"}, {"from": "gpt", "value": words}]
    return {"image": image, "label": label, "cate": cate, "conversations": turns}


def make(root: Path) -> None:
    for split in ("train", "test"):
        rows = [row(f"doc/fake/{split}{i}.png", 0, "doc") for i in range(12)]
        rows += [row(f"satellite/real/{split}{i}.png", 1, "satellite") for i in range(12)]
        dump(root, f"data_json/{split}.json", rows)
        files(root, *(f"{split}/{one['image']}" for one in rows))


COUNT = 48
EXPECTED = {
    "test/doc/fake/test1.png": {
        "label": 1, "split": "test", "family": "doc",
        "text": "This is a fake image. The text is warped.",
    },
    "test/satellite/real/test0.png": {"label": 0, "family": "", "source": "FakeClue satellite"},
}  # fmt: skip
MISSING = {
    "data_json/test.json": "data_json/test.json is missing",
    "train/doc": "12 of 24 pictures of train",
}
