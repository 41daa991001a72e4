from pathlib import Path

from tiny import files

VIDEO = "_-926WzaH2A_215"


def make(root: Path) -> None:
    files(
        root,
        f"Train/diffae-age/{VIDEO}/0037.png",
        f"Train/fomm-pose/{VIDEO}_0037_pose_fr100.png",
        "Train/simswap/ab_1_2_cd_7/0007.png",
        f"Train/Real/AVSpeech/{VIDEO}/0037.png",
        "Val/StyleRes-expr/xy_2/0001.png",
        "Val/Real/CDF-youtube/00000/0078.png",
        "Test/Real/AVSpeech/_wKUEOeAnFI_60/0018.png",
        "Test/Protocol-1/FNeVR/_wKUEOeAnFI_60_0018_pose_fr15.png",
        "Test/Protocol-1/HFGI-smile/_wKUEOeAnFI_60/0018.png",
    )


COUNT = 9
EXPECTED = {
    f"Train/diffae-age/{VIDEO}/0037.png": {
        "label": 1, "split": "train", "family": "age", "generator": "diffae-age", "group": VIDEO,
    },
    f"Train/fomm-pose/{VIDEO}_0037_pose_fr100.png": {"family": "pose", "group": VIDEO},
    "Train/simswap/ab_1_2_cd_7/0007.png": {"family": "identity", "group": "ab_1"},
    f"Train/Real/AVSpeech/{VIDEO}/0037.png": {
        "label": 0, "group": VIDEO, "source": "AVSpeech", "family": "",
    },
    "Test/Protocol-1/HFGI-smile/_wKUEOeAnFI_60/0018.png": {
        "split": "test", "condition": "Protocol-1", "family": "expression",
        "group": "_wKUEOeAnFI_60",
    },
    "Test/Protocol-1/FNeVR/_wKUEOeAnFI_60_0018_pose_fr15.png": {"group": "_wKUEOeAnFI_60"},
}  # fmt: skip
MISSING = {
    "Test/Protocol-1": "Test/Protocol-1 is missing",
    "Val/StyleRes-expr/xy_2/0001.png": "Val/StyleRes-expr holds no media",
}
