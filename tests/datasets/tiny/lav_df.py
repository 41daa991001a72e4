from pathlib import Path

from tiny import dump, files


def row(file: str, original: str | None, video: bool, audio: bool, *spans: list[float]) -> object:
    return {
        "file": file, "n_fakes": len(spans), "fake_periods": list(spans), "duration": 4.2,
        "original": original, "modify_video": video, "modify_audio": audio,
        "split": file.split("/")[0], "video_frames": 105, "audio_channels": 1,
        "audio_frames": 67200,
    }  # fmt: skip


ROWS = [
    row("train/000000.mp4", None, False, False),
    row("train/000001.mp4", "train/000000.mp4", True, True, [1.0, 1.5], [2.0, 2.25]),
    row("dev/000002.mp4", None, False, False),
    row("test/000003.mp4", "000004.mp4", False, True, [0.5, 0.75]),
    row("test/000004.mp4", None, False, False),
    row("test/000005.mp4", "000006.mp4", True, False, [0.5, 0.75]),
]


def make(root: Path) -> None:
    dump(root, "metadata.min.json", ROWS)
    files(root, *(r["file"] for r in ROWS))  # type: ignore[index]


COUNT = 6
EXPECTED = {
    "train/000001.mp4": {
        "family": "video+audio",
        "label": 1, "split": "train", "segments": ((1.0, 1.5), (2.0, 2.25)),
        "types": ("video", "audio"), "group": "train/000000.mp4+train/000001.mp4",
    },
    "train/000000.mp4": {"label": 0, "group": "train/000000.mp4+train/000001.mp4"},
    "dev/000002.mp4": {"split": "val"},
    "test/000003.mp4": {
        "split": "test", "types": ("audio",), "group": "test/000003.mp4+test/000004.mp4",
    },
}  # fmt: skip
MISSING = {
    "metadata.min.json": "metadata.min.json is missing",
    "dev/000002.mp4": "1 of 6 videos are missing",
}
