from pathlib import Path

from tiny import files, text

TEST = ["Celeb-real/id0_0001.mp4", "YouTube-real/00170.mp4", "Celeb-synthesis/id0_id1_0001.mp4"]


def make(root: Path) -> None:
    text(
        root,
        "List_of_testing_videos.txt",
        [f"{int('real' in path)} {path}" for path in TEST],
    )
    files(root, *TEST, "Celeb-real/id0_0000.mp4", "Celeb-real/id5_0000.mp4")
    files(root, "Celeb-synthesis/id0_id1_0000.mp4", "YouTube-real/00000.mp4")


COUNT = 7
SHARED = True
EXPECTED = {
    "Celeb-real/id0_0001.mp4": {"label": 0, "split": "test", "group": "id0+id1"},
    "Celeb-real/id0_0000.mp4": {"label": 0, "group": "id0+id1", "subject": "id0"},
    "Celeb-synthesis/id0_id1_0000.mp4": {
        "generator": "Celeb-DF synthesis",
        "label": 1,
        "group": "id0+id1",
        "family": "face-swap",
    },
    "YouTube-real/00170.mp4": {"label": 0, "split": "test", "group": "YouTube-real/00170"},
}
MISSING = {
    "List_of_testing_videos.txt": "List_of_testing_videos.txt is missing",
    "Celeb-synthesis/id0_id1_0001.mp4": "1 of 3 test videos",
    "YouTube-real/00170.mp4": "1 of 3 test videos",
}
