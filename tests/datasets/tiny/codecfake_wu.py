from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for speaker in ("p225", "p226", "p227"):
        files(root, f"processed/encodec_24khz+{speaker}_103.wav")
        files(root, f"VCTK-Corpus-0.92/wav48_silence_trimmed/{speaker}/{speaker}_103_mic1.flac")
    files(root, "processed/speechtokenizer+p225_001.wav")


COUNT = 7
EXPECTED = {
    "processed/encodec_24khz+p226_103.wav": {
        "label": 1, "generator": "encodec_24khz", "split": "val", "group": "p226",
        "family": "codec",
    },
    "processed/speechtokenizer+p225_001.wav": {"split": "train", "subject": "p225"},
    "VCTK-Corpus-0.92/wav48_silence_trimmed/p227/p227_103_mic1.flac": {
        "label": 0, "split": "test", "group": "p227", "generator": "", "source": "VCTK",
    },
}  # fmt: skip
MISSING = {
    "processed": "processed is missing",
    "VCTK-Corpus-0.92": "VCTK-Corpus-0.92 is missing",
}
