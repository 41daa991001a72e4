from pathlib import Path

from tiny import dump, files


def make(root: Path) -> None:
    for split, n in (("train", 1), ("val", 2)):
        rows = {"youtube": {f"0_real/1_{n}.mp4": 0},
                "stablevideodiffusion": {f"1_fake/-3aZ{n}.mp4": 1}}  # fmt: skip
        dump(root, f"splits/{split}.json", rows)
        for name, videos in rows.items():
            files(root, *(f"DVF/{name}/{video}" for video in videos))
    files(root, "DVF/youtube/0_real/1_9.mp4", "DVF/sora/1_fake/a.mp4", "DVF/sora/0_real/b.mp4")


COUNT = 7
EXPECTED = {
    "DVF/stablevideodiffusion/1_fake/-3aZ1.mp4": {
        "label": 1, "split": "train", "generator": "stablevideodiffusion", "family": "generated",
    },
    "DVF/youtube/0_real/1_2.mp4": {"label": 0, "split": "val", "source": "DVF youtube"},
    "DVF/youtube/0_real/1_9.mp4": {"split": "test"},
    "DVF/sora/1_fake/a.mp4": {"split": "test", "generator": "sora"},
}  # fmt: skip
MISSING = {
    "splits/val.json": "splits/val.json is missing",
    "DVF/youtube/0_real/1_1.mp4": "1 of 1 videos of youtube",
}
