from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    rows = ["ID,Topic,Brief Caption,Detailed Caption"]
    for video in ("---MaV1RQGE", "abc.d"):
        for clip in (0, 1):
            rows.append(f'{video}.{clip},fish,"A fish, swimming",Long')
            files(root, f"VideoUFO_1/{video}.{clip}.mp4")
    text(root, "VideoUFO.csv", rows)


COUNT = 4
EXPECTED = {
    "VideoUFO_1/---MaV1RQGE.1.mp4": {
        "label": 0, "group": "---MaV1RQGE", "text": "A fish, swimming", "source": "VideoUFO",
    },
}  # fmt: skip
MISSING = {
    "VideoUFO.csv": "VideoUFO.csv is missing",
    "VideoUFO_1/abc.d.0.mp4": "1 of 4 clips",
}
