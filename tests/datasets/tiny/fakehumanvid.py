from pathlib import Path

from tiny import files, text

LINES = [
    "path,label,generator,split,family",
    "real/a.mp4,0,,train,",
    "real/b.mp4,0,,test,",
    "real/c.mp4,0,,val,",
    "pose/d.mp4,1,MagicAnimate,train,pose-driven",
    "audio/e.mp4,1,Hallo,test,audio-driven",
    "text/f.mp4,1,Kling,val,text-driven",
]


def make(root: Path) -> None:
    text(root, "items.csv", LINES)
    files(root, *(line.split(",")[0] for line in LINES[1:]))


COUNT = 6
EXPECTED = {
    "audio/e.mp4": {
        "label": 1, "split": "test", "generator": "Hallo", "family": "audio-driven",
    },
    "real/c.mp4": {"label": 0, "split": "val", "source": "FakeHumanVid", "group": "c"},
}  # fmt: skip
MISSING = {
    "items.csv": "items.csv is missing",
    "text/f.mp4": "1 of 6 files of items.csv",
}
