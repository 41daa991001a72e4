from pathlib import Path

from tiny import files

REAL = "original_sequences/actors/c23/videos"
FAKE = "manipulated_sequences/DeepFakeDetection/c23/videos"
MASKS = "manipulated_sequences/DeepFakeDetection/masks/videos"


def make(root: Path) -> None:
    files(root, f"{REAL}/01__exit_phone_room.mp4", f"{REAL}/07__meeting_serious.mp4")
    files(root, f"{FAKE}/01_02__exit_phone_room__YVGY8LOK.mp4")
    files(root, f"{MASKS}/01_02__exit_phone_room__YVGY8LOK.mp4")


COUNT = 3
EXPECTED = {
    f"{REAL}/01__exit_phone_room.mp4": {"label": 0, "split": "test", "group": "actor01+actor02"},
    f"{REAL}/07__meeting_serious.mp4": {"group": "actor07"},
    f"{FAKE}/01_02__exit_phone_room__YVGY8LOK.mp4": {
        "family": "face-swap",
        "generator": "DeepFakeDetection",
        "label": 1, "split": "test", "original": f"{REAL}/01__exit_phone_room.mp4",
        "mask": f"{MASKS}/01_02__exit_phone_room__YVGY8LOK.mp4",
    },
}  # fmt: skip
MISSING = {
    "original_sequences": "original_sequences/actors/c23/videos is missing",
    FAKE + "/01_02__exit_phone_room__YVGY8LOK.mp4": "holds no video",
}
