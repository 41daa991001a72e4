from pathlib import Path

from tiny import dump, files, text


def row(file: str, kind: str, *spans: list[float]) -> dict[str, object]:
    return {
        "file": file, "original": "x", "split": "train", "modify_type": kind,
        "audio_model": "vits" if "audio" in kind or "both" in kind else None,
        "fake_segments": list(spans), "audio_fake_segments": [], "visual_fake_segments": [],
        "video_frames": 100, "audio_frames": 64000,
    }  # fmt: skip


ROWS = {
    "train": [
        row("id00012/abc/00001/real.mp4", "real"),
        row("id00012/abc/00001/fake_video_fake_audio.mp4", "both_modified", [0.48, 0.86]),
    ],
    "val": [
        row("id00099/def/00002/fake_video_real_audio.mp4", "visual_modified", [1.0, 1.2]),
        row("id00099/def/00002/real.mp4", "real"),
    ],
}


def make(root: Path) -> None:
    for split, rows in ROWS.items():
        dump(root, f"{split}_metadata.json", rows)
        files(root, *(f"{split}/{r['file']}" for r in rows))
    text(root, "test_files.txt", ["000000.mp4"])


COUNT = 4
EXPECTED = {
    "train/id00012/abc/00001/real.mp4": {"label": 0, "split": "train", "group": "id00012"},
    "train/id00012/abc/00001/fake_video_fake_audio.mp4": {
        "family": "video+audio",
        "label": 1, "segments": ((0.48, 0.86),), "types": ("video", "audio"), "generator": "vits",
    },
    "val/id00099/def/00002/fake_video_real_audio.mp4": {
        "split": "val", "types": ("video",), "subject": "id00099",
    },
}  # fmt: skip
MISSING = {
    "val_metadata.json": "val_metadata.json is missing",
    "train/id00012/abc/00001/real.mp4": "1 of 2 videos of train",
}
