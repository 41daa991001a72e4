from pathlib import Path

from tiny import files, text

LINES = [
    "LA_0009 LA_E_1 alaw ita_tx A07 spoof notrim eval",
    "LA_0010 LA_E_2 none loc_tx bonafide bonafide notrim eval",
    "LA_0011 LA_E_3 none loc_tx A08 spoof notrim progress",
    "LA_0012 LA_E_4 gsm loc_tx A09 spoof trim hidden",
]


def make(root: Path) -> None:
    text(root, "keys/LA/CM/trial_metadata.txt", LINES)
    files(root, *(f"ASVspoof2021_LA_eval/flac/LA_E_{i}.flac" for i in range(1, 5)))


COUNT = 3
EXPECTED = {
    "ASVspoof2021_LA_eval/flac/LA_E_1.flac": {
        "label": 1, "split": "test", "condition": "alaw", "generator": "A07", "group": "LA_0009",
    },
    "ASVspoof2021_LA_eval/flac/LA_E_2.flac": {"label": 0, "condition": "clean", "generator": ""},
    "ASVspoof2021_LA_eval/flac/LA_E_3.flac": {"split": "val"},
}  # fmt: skip
MISSING = {
    "keys": "keys/LA/CM/trial_metadata.txt is missing",
    "ASVspoof2021_LA_eval/flac/LA_E_2.flac": "1 of 4 recordings are missing",
}
