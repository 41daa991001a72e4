from pathlib import Path

from tiny import files, text

LINES = [
    "LA_0023 DF_E_1 nocodec asvspoof A14 spoof notrim progress traditional_vocoder - - - -",
    "VCC2TF1 DF_E_2 low_mp3 vcc2018 - bonafide notrim eval bonafide - - - -",
    "TEF1 DF_E_3 oggm4a vcc2020 Task1-team20 spoof notrim eval neural_vocoder_autoregressive - - -",
]


def make(root: Path) -> None:
    text(root, "keys/DF/CM/trial_metadata.txt", LINES)
    files(root, "ASVspoof2021_DF_eval_part00/ASVspoof2021_DF_eval/flac/DF_E_1.flac")
    files(root, "ASVspoof2021_DF_eval_part01/ASVspoof2021_DF_eval/flac/DF_E_2.flac")
    files(root, "ASVspoof2021_DF_eval/flac/DF_E_3.flac")


COUNT = 3
EXPECTED = {
    "ASVspoof2021_DF_eval_part00/ASVspoof2021_DF_eval/flac/DF_E_1.flac": {
        "label": 1, "split": "val", "family": "traditional_vocoder", "source": "asvspoof",
    },
    "ASVspoof2021_DF_eval_part01/ASVspoof2021_DF_eval/flac/DF_E_2.flac": {
        "label": 0, "split": "test", "condition": "low_mp3", "source": "vcc2018",
    },
    "ASVspoof2021_DF_eval/flac/DF_E_3.flac": {"generator": "Task1-team20", "label": 1},
}  # fmt: skip
MISSING = {
    "keys/DF/CM/trial_metadata.txt": "keys/DF/CM/trial_metadata.txt is missing",
    "ASVspoof2021_DF_eval_part01": "1 of 3 recordings are missing",
}
