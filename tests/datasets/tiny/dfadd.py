from pathlib import Path

from tiny import files

SPEAKERS = {"train": "p225", "valid": "p226", "test": "p345"}


def make(root: Path) -> None:
    for split, speaker in SPEAKERS.items():
        files(root, f"DATASET_MatchaTTS/{split}/{speaker}_251_matcha.wav")
        files(root, f"DATASET_PflowTTS/{split}/{speaker}_251_pflow.wav")
        files(root, f"DATASET_VCTK_BONAFIDE/{split}/{speaker}_251_mic1.flac")


COUNT = 9
EXPECTED = {
    "DATASET_PflowTTS/test/p345_251_pflow.wav": {
        "label": 1, "generator": "PflowTTS", "split": "test", "group": "p345", "family": "tts",
    },
    "DATASET_MatchaTTS/valid/p226_251_matcha.wav": {"split": "val", "generator": "MatchaTTS"},
    "DATASET_VCTK_BONAFIDE/train/p225_251_mic1.flac": {
        "label": 0, "split": "train", "subject": "p225", "source": "VCTK",
    },
}  # fmt: skip
MISSING = {
    "DATASET_VCTK_BONAFIDE": "DATASET_VCTK_BONAFIDE is missing",
    "DATASET_MatchaTTS/test/p345_251_matcha.wav": "DATASET_MatchaTTS/test holds no media",
}
