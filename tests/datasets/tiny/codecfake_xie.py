from pathlib import Path

from tiny import files, text

TESTS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "A1", "A2", "A3")


def make(root: Path) -> None:
    for n, (part, place) in enumerate(
        [("train", "train"), ("dev", "dev"), *((t, f"test/{t}") for t in TESTS)]
    ):
        real, fake = f"SSB1365{n:04}.wav", f"F02_SSB1365{n:04}.wav"
        text(root, f"label/{part}.txt", [f"{real} real 0", f"{fake} fake 2"])
        files(root, f"{place}/{real}", f"{place}/{fake}")


COUNT = 24
EXPECTED = {
    "train/F02_SSB13650000.wav": {
        "label": 1, "split": "train", "generator": "F02", "group": "SSB13650000",
        "family": "codec",
    },
    "dev/SSB13650001.wav": {"label": 0, "split": "val", "group": "SSB13650001", "generator": ""},
    "test/A1/F02_SSB13650009.wav": {
        "split": "test", "condition": "A1", "family": "language-model",
    },
    "test/C7/SSB13650008.wav": {"label": 0, "condition": "C7"},
}  # fmt: skip
MISSING = {
    "label/dev.txt": "label/dev.txt is missing",
    "label/C7.txt": "label/C7.txt is missing",
    "test/A3": "2 of 2 recordings of test/A3",
}
