from pathlib import Path

from tiny import files, text

ENDS = {"image": "jpg", "video": "mp4", "audio": "mp3"}


def make(root: Path) -> None:
    for kind, end in ENDS.items():
        rows = ["Filename,Date,Ground Truth,Public Comments,Finetuning Set"]
        for i in range(8):
            for label in ("Real", "Fake"):
                rows.append(f'{label}{i}.{end},2024,{label},"staged, but not AI",Train')
                files(root, f"{kind}-data/{label}{i}.{end}")
        rows += [
            f"t.{end},2024,Fake,,Test",
            f"r.{end},2024,Real,,Test",
            f"u.{end},2024,Unknown,,Test",
            "#NAME?,,Real,,Test",
        ]
        files(root, f"{kind}-data/t.{end}", f"{kind}-data/r.{end}")
        text(root, f"{kind}-metadata-publish.csv", rows)


COUNT = 54
EXPECTED = {
    "video-data/t.mp4": {"label": 1, "split": "test", "kind": "video"},
    "audio-data/Real3.mp3": {
        "label": 0, "split": "train", "source": "Deepfake-Eval-2024 audio", "kind": "audio",
    },
}  # fmt: skip
MISSING = {
    "audio-metadata-publish.csv": "audio-metadata-publish.csv is missing",
    "image-data/t.jpg": "1 of 18 files of image-metadata-publish.csv",
}
