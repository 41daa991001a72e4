from pathlib import Path

from tiny import files, text

LINES = [
    "path,label,generator,split,source",
    "real/a.jpg,real,,train,JourneyDB-Face",
    "real/b.jpg,real,,test,",
    "fake/c.png,fake,Midjourney,train,JourneyDB-Face",
    "fake/d.png,fake,Stable Diffusion,test,DiffusionDB-Face",
    "real/e.jpg,real,,val,",
]


def make(root: Path) -> None:
    text(root, "items.csv", LINES)
    files(root, *(line.split(",")[0] for line in LINES[1:]))


COUNT = 5
EXPECTED = {
    "fake/d.png": {
        "label": 1, "split": "test", "generator": "Stable Diffusion", "family": "generated",
        "source": "DiffusionDB-Face",
    },
    "real/b.jpg": {"label": 0, "source": "Diffusion Deepfake"},
}  # fmt: skip
MISSING = {
    "items.csv": "items.csv is missing",
    "real/e.jpg": "1 of 5 files of items.csv",
}
