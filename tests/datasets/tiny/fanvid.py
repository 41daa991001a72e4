from pathlib import Path

from tiny import files, text

CLIPS = "Clip ID,Video ID,You_Tube_URL,FPS,Start time (s),End time (s),Name,Split"
BOXES = "VideoID,Clip ID,FrameNo,BoxLeft,BoxRight,BoxTop,BoxBottom,IdentityOrText"


def make(root: Path) -> None:
    for task, clips, boxes, told in (
        ("faces", "dataset_celebs", "celebrity_annotations_LR", ("Ada L.", "Carl G.")),
        ("plates", "dataset_lp", "license_plate_annotations_LR", ("AB12", "CD34")),
    ):
        rows, marked = [CLIPS], [BOXES]
        for n, split in enumerate(("Train", "train", "Test")):
            rows.append(f"{n},video{task}{n},,25,0,2,{told[n % 2]},{split}")
            marked.append(f"video{task}{n},{n}.0,3,10,30,20,50,{told[n % 2]}")
            files(root, f"clips/{task}/{n}.mp4")
        text(root, f"data/{clips}.csv", rows)
        text(root, f"data/{boxes}.csv", marked)


COUNT = 6
EXPECTED = {
    "clips/faces/2.mp4": {
        "label": 0, "split": "test", "subject": "Ada L.", "group": "videofaces2",
        "source": "FANVID faces",
    },
    "clips/plates/1.mp4": {"subject": "CD34", "source": "FANVID plates"},
}  # fmt: skip
MISSING = {
    "data/dataset_lp.csv": "data/dataset_lp.csv is missing",
    "data/celebrity_annotations_LR.csv": "celebrity_annotations_LR.csv is missing",
    "clips/faces/0.mp4": "1 of 3 clips of data/dataset_celebs.csv",
}
