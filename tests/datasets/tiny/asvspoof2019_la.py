from pathlib import Path

from tiny import files, text

CM = "ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm"
ROWS = {
    ("train", "train.trn"): ["LA_0079 LA_T_1 - - bonafide", "LA_0079 LA_T_2 - A01 spoof"],
    ("dev", "dev.trl"): ["LA_0069 LA_D_1 - A03 spoof"],
    ("eval", "eval.trl"): ["LA_0039 LA_E_1 - A11 spoof", "LA_0030 LA_E_2 - - bonafide"],
}


def make(root: Path) -> None:
    for (part, file), lines in ROWS.items():
        text(root, f"{CM}.{file}.txt", lines)
        files(root, *(f"ASVspoof2019_LA_{part}/flac/{line.split()[1]}.flac" for line in lines))


COUNT = 5
EXPECTED = {
    "ASVspoof2019_LA_train/flac/LA_T_2.flac": {
        "label": 1, "split": "train", "group": "LA_0079", "generator": "A01", "kind": "audio",
    },
    "ASVspoof2019_LA_dev/flac/LA_D_1.flac": {"split": "val"},
    "ASVspoof2019_LA_eval/flac/LA_E_2.flac": {"label": 0, "split": "test", "generator": ""},
}  # fmt: skip
MISSING = {
    f"{CM}.dev.trl.txt": "cm.dev.trl.txt is missing",
    "ASVspoof2019_LA_eval": "2 of 2 recordings of eval",
    "ASVspoof2019_LA_train/flac/LA_T_1.flac": "1 of 2 recordings of train",
}
