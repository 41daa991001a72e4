from pathlib import Path

from tiny import files, text

LINES = [
    "path,label,generator,split,condition,group",
    "real/dance1.mp4,real,,train,raw,dance1",
    "real/dance2.mp4,real,,test,raw,dance2",
    "fake/Animate Anyone/dance1.mp4,fake,Animate Anyone,train,raw,dance1",
    "fake/MagicAnimate/dance2.mp4,fake,MagicAnimate,test,c40,dance2",
    "real/dance3.mp4,real,,val,raw,dance3",
]


def make(root: Path) -> None:
    text(root, "items.csv", LINES)
    files(root, *(line.split(",")[0] for line in LINES[1:]))


COUNT = 5
EXPECTED = {
    "fake/MagicAnimate/dance2.mp4": {
        "label": 1, "split": "test", "generator": "MagicAnimate", "condition": "c40",
        "group": "dance2",
    },
    "real/dance3.mp4": {"label": 0, "split": "val", "source": "TT-DF (TikTok-DeepFake)"},
}  # fmt: skip
MISSING = {
    "items.csv": "items.csv is missing",
    "real/dance1.mp4": "1 of 5 files of items.csv",
}
