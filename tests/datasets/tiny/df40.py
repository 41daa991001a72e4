from pathlib import Path

from tiny import dump, files, text

FF = "FaceForensics++/original_sequences/youtube/c23/frames"
REAL = "Celeb-DF-v2/Celeb-real/frames"


def make(root: Path) -> None:
    files(
        root, "DF40/simswap/ff/frames/953_974/000.png", "DF40/simswap/cdf/frames/id0_id1_0001/0.png"
    )
    files(root, "DF40/heygen/fake/clip/1.png", "DF40/heygen/real/clip/1.png")
    files(root, "DF40/StyleGAN2/ff/000123.png")
    for pair in ("000_003", "012_026", "004_982"):
        files(root, f"DF40_train/simswap/ff/frames/{pair}/000.png")
    for split, pairs in (
        ("train", [["000", "003"], ["012", "026"]]), ("val", [["004", "982"]]),
        ("test", [["953", "974"]]),
    ):  # fmt: skip
        dump(root, f"FaceForensics++/{split}.json", pairs)
    files(root, f"{FF}/000/001.png", f"{FF}/004/001.png", f"{FF}/953/001.png")
    text(root, "Celeb-DF-v2/List_of_testing_videos.txt", ["1 Celeb-real/id0_0001.mp4"])
    files(root, f"{REAL}/id0_0001/0.png", f"{REAL}/id9_0000/0.png")
    files(root, "Celeb-DF-v2/YouTube-real/frames/00000/0.png")


COUNT = 12
EXPECTED = {
    "DF40/simswap/ff/frames/953_974/000.png": {
        "label": 1, "split": "test", "generator": "simswap", "family": "face-swap",
        "group": "ff:953+ff:974", "media_id": "DF40/simswap/ff/frames/953_974",
    },
    "DF40/simswap/cdf/frames/id0_id1_0001/0.png": {"group": "cdf:id0+cdf:id1", "split": "test"},
    "DF40/heygen/real/clip/1.png": {"label": 0, "generator": "", "split": "test"},
    "DF40/heygen/fake/clip/1.png": {"label": 1, "family": "reenactment"},
    "DF40/StyleGAN2/ff/000123.png": {
        "media_id": "DF40/StyleGAN2/ff/000123.png", "family": "whole-face",
        "group": "DF40/StyleGAN2/ff/000123.png",
    },
    "DF40_train/simswap/ff/frames/004_982/000.png": {"label": 1, "split": "val"},
    f"{FF}/953/001.png": {"label": 0, "split": "test", "group": "ff:953+ff:974"},
    f"{FF}/004/001.png": {"split": "val"},
    f"{REAL}/id0_0001/0.png": {"label": 0, "split": "test", "media_id": f"{REAL}/id0_0001"},
}  # fmt: skip
MISSING = {
    "DF40": "DF40 is missing",
    FF: "the authors' real data of FaceForensics++",
    "FaceForensics++/val.json": "of ondyari/FaceForensics",
    "Celeb-DF-v2/List_of_testing_videos.txt": "List_of_testing_videos.txt is missing",
    "DF40/heygen/fake/clip/1.png": "DF40/heygen/fake holds no pictures",
}
