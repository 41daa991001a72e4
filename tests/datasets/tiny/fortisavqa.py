from pathlib import Path

from tiny import dump, files


def make(root: Path) -> None:
    rows = [
        {"video_id": "00000823", "question_id": 2945, "type": '["Audio", "Comparative"]',
         "question_content": asked, "anser": "yes", "split": split, "x": 0.79}
        for asked, split in (("Is it louder?", "tail"), ("Does it sound louder?", "head"))
    ]  # fmt: skip
    dump(root, "test.json", rows)
    files(root, "MUSIC-AVQA-videos-Real/00000823.mp4")


COUNT = 2
EXPECTED = {
    "test.json:0": {
        "label": 0, "question": "Is it louder?", "answer": "yes", "condition": "tail",
        "path": "MUSIC-AVQA-videos-Real/00000823.mp4", "group": "00000823",
    },
}  # fmt: skip
MISSING = {
    "test.json": "no .json with questions",
    "MUSIC-AVQA-videos-Real/00000823.mp4": "1 of 1 videos of test.json",
}
