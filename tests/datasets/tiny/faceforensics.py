from pathlib import Path

from tiny import dump, files

SPLITS = {"train": [["000", "003"]], "val": [["004", "982"]], "test": [["953", "974"]]}
METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
YOUTUBE, FAKE = "original_sequences/youtube", "manipulated_sequences"


def make(root: Path) -> None:
    for split, pairs in SPLITS.items():
        dump(root, f"{split}.json", pairs)
        for one, two in pairs:
            for quality in ("raw", "c23", "c40"):
                files(root, *(f"{YOUTUBE}/{quality}/videos/{n}.mp4" for n in (one, two)))
                for method in METHODS:
                    for pair in (f"{one}_{two}", f"{two}_{one}"):
                        files(root, f"{FAKE}/{method}/{quality}/videos/{pair}.mp4")
                        if method != "FaceShifter":
                            files(root, f"{FAKE}/{method}/masks/videos/{pair}.mp4")


COUNT = 3 * 3 * (2 + 2 * len(METHODS))
EXPECTED = {
    f"{YOUTUBE}/raw/videos/000.mp4": {
        "label": 0, "split": "train", "group": "000+003", "condition": "c0", "generator": "",
        "mask": "",
    },
    f"{FAKE}/Deepfakes/c23/videos/003_000.mp4": {
        "label": 1, "split": "train", "group": "000+003", "condition": "c23",
        "generator": "Deepfakes", "family": "face-swap",
        "original": f"{YOUTUBE}/c23/videos/003.mp4",
        "mask": f"{FAKE}/Deepfakes/masks/videos/003_000.mp4",
    },
    f"{FAKE}/FaceShifter/c40/videos/953_974.mp4": {
        "split": "test", "generator": "FaceShifter", "mask": "", "group": "953+974",
    },
    f"{FAKE}/NeuralTextures/c40/videos/004_982.mp4": {"split": "val", "family": "reenactment"},
}  # fmt: skip
MISSING = {
    "train.json": "copy dataset/splits/train.json",
    f"{YOUTUBE}/c23/videos/953.mp4": "1 of 6 videos of original_sequences/youtube",
    f"{FAKE}/Face2Face/c40/videos/000_003.mp4": "1 of 6 videos of manipulated_sequences/Face2Face",
    "manipulated_sequences": "manipulated_sequences/Deepfakes is missing",
    "original_sequences": "original_sequences/youtube",
}
