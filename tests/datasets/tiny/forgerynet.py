from pathlib import Path

import av
import numpy as np

from tiny import files, text

FORGED = "train_release/3/aa/bb/frame00019.jpg"
REAL = "train_release/16/cc/dd/frame00001.jpg"
VAL = "val_perturb_release/7/0a/0b/frame00038.jpg"
REAL_VAL = "val_perturb_release/17/0c/frame00002.jpg"
VIDEO = "train_video_release/1/aa/bb/video.mp4"
REAL_VIDEO = "train_video_release/18/cc/video.mp4"


VAL_VIDEO = VIDEO.replace("train", "val")
REAL_VAL_VIDEO = REAL_VIDEO.replace("train", "val")


def video(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def make(root: Path) -> None:
    text(root, "Training/image_list.txt", [f"{FORGED} 1 2 5", f"{REAL} 0 0 0"])
    files(root, f"Training/image/{FORGED}", f"Training/image/{REAL}")
    files(root, "Training/spatial_localize/train_mask_release/3/aa/bb/frame00019.jpg")
    text(root, "Validation/image_list.txt", [f"{VAL} 1 1 15", f"{REAL_VAL} 0 0 0"])
    files(
        root,
        f"Validation/image/{REAL_VAL}",
        f"Validation/image/{VAL}",
        f"Validation/spatial_localize/{VAL}",
    )
    text(
        root,
        "Training/video_list.txt",
        [f"3 {VIDEO} 0 50 0 50 25 1 75 10 0 1 2 1", f"1 {REAL_VIDEO} 0 90 0 0 0 0"],
    )
    video(root / "Training/video" / VIDEO)
    video(root / "Training/video" / REAL_VIDEO)
    text(
        root,
        "Validation/video_list.txt",
        [f"3 {VAL_VIDEO} 0 50 0 50 25 1 75 10 0 1 2 1", f"1 {REAL_VAL_VIDEO} 0 90 0 0 0 0"],
    )
    video(root / "Validation/video" / VAL_VIDEO)
    video(root / "Validation/video" / REAL_VAL_VIDEO)


COUNT = 8
EXPECTED = {
    f"Training/image/{FORGED}": {
        "label": 1, "split": "train", "generator": "DeepFakes", "family": "identity-replaced",
        "mask": "Training/spatial_localize/train_mask_release/3/aa/bb/frame00019.jpg",
    },
    f"Training/image/{REAL}": {
        "label": 0, "mask": "", "generator": "", "source": "RAVDESS"
    },
    f"Validation/image/{VAL}": {
        "split": "val", "family": "identity-remained", "generator": "Talking Head Video",
        "mask": f"Validation/spatial_localize/{VAL}",
    },
    f"Training/video/{VIDEO}": {
        "label": 1, "kind": "video", "segments": ((2.0, 3.0),), "generator": "FaceShifter",
    },
    f"Training/video/{REAL_VIDEO}": {"label": 0, "segments": (), "source": "AVSpeech"},
}  # fmt: skip
MISSING = {
    "Training/image_list.txt": "image_list.txt is missing",
    f"Training/image/{REAL}": "1 of 2 pictures of Training",
    "Training/spatial_localize/train_mask_release/3": "the mask of Training/image/train_release",
    "Training/video_list.txt": "video_list.txt is missing",
    "Training/video/train_video_release/18": "1 of 2 videos of Training",
}
