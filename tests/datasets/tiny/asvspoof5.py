from pathlib import Path

from tiny import files, text

ROWS = {
    ("ASVspoof5.train.tsv", "flac_T"): [
        "T_4850 T_0000000000 F - - - AC3 A05 spoof -",
        "T_1272 T_0000000001 M - - - - bonafide bonafide -",
    ],
    ("ASVspoof5.dev.track_1.tsv", "flac_D"): ["D_4461 D_0000000169 F - - - AC1 A14 spoof -"],
    ("ASVspoof5.eval.track_1.tsv", "flac_E_eval"): [
        "E_1607 E_0009538969 M C05 3 E_0004 AC2 A23 spoof -",
        "E_1607 E_0009538970 M - - - AC2 A23 spoof -",
        "E_1607 E_0009538971 M - - - - bonafide bonafide -",
    ],
}


def make(root: Path) -> None:
    for (file, flac), lines in ROWS.items():
        text(root, file, lines)
        files(root, *(f"{flac}/{line.split()[1]}.flac" for line in lines))


COUNT = 6
EXPECTED = {
    "flac_T/T_0000000001.flac": {"label": 0, "gender": "male", "generator": "", "split": "train"},
    "flac_D/D_0000000169.flac": {"label": 1, "generator": "A14", "split": "val"},
    "flac_E_eval/E_0009538969.flac": {"split": "test", "condition": "C05:3", "group": "E_1607"},
}
MISSING = {
    "ASVspoof5.dev.track_1.tsv": "ASVspoof5.dev.track_1.tsv is missing",
    "flac_E_eval": "3 of 3 recordings of flac_E_eval",
}
