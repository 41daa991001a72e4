from pathlib import Path

from tiny import files, text

LINES = [
    "path,label,generator,split,group",
    "real/000.mp4,real,,train,000",
    "real/003/0001.png,real,,train,003",
    "real/008.mp4,real,,test,008",
    "FSGAN/000_003.mp4,fake,FSGAN,train,000_003",
    "IcFace/008_009.mp4,fake,IcFace,test,008_009",
    "First Order Motion/010_011/0001.png,fake,First Order Motion,val,010_011",
]


def make(root: Path) -> None:
    text(root, "items.csv", LINES)
    files(root, *(line.split(",")[0] for line in LINES[1:]))


COUNT = 6
EXPECTED = {
    "FSGAN/000_003.mp4": {
        "label": 1, "split": "train", "generator": "FSGAN", "family": "face-swap",
        "group": "000+003",
    },
    "IcFace/008_009.mp4": {"family": "reenactment", "split": "test"},
    "real/003/0001.png": {"label": 0, "kind": "image", "group": "000+003"},
}  # fmt: skip
MISSING = {
    "items.csv": "items.csv is missing",
    "FSGAN": "1 of 6 files of items.csv",
}
