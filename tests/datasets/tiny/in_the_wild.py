from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    text(
        root,
        "meta.csv",
        ["file,speaker,label", "0.wav,Alec Guinness,spoof", "1.wav,Alec Guinness,bona-fide"],
    )
    files(root, "0.wav", "1.wav")


COUNT = 2
EXPECTED = {
    "0.wav": {"label": 1, "split": "test", "group": "Alec Guinness", "kind": "audio"},
    "1.wav": {"label": 0, "split": "test"},
}
MISSING = {"meta.csv": "meta.csv is missing", "1.wav": "1 of 2 recordings are missing"}
