from pathlib import Path

from tiny import files

NAMES = ("real", "openvoice", "seamless", "valle", "whisperSpeech", "yourTTS")
CLEAN = "dataset_LibriTTS/dataset_clean_v2"
TED = "dataset_TED-LIUM/dataset_ted"


def make(root: Path) -> None:
    for part, speaker in (("train-clean", 19), ("dev-clean", 1673), ("test-clean", 61)):
        place = f"{CLEAN}/{part}/{speaker}/143396/{speaker}_143396_000015_000001"
        files(root, *(f"{place}/{name}.wav" for name in NAMES))
    files(root, *(f"{TED}/BillGates_2010/BillGates_2010_104/{name}.wav" for name in NAMES[:4]))


COUNT = 22
EXPECTED = {
    f"{CLEAN}/dev-clean/1673/143396/1673_143396_000015_000001/real.wav": {
        "label": 0, "split": "val", "generator": "", "group": "LibriTTS/1673", "family": "",
        "session": "143396",
    },
    f"{CLEAN}/train-clean/19/143396/19_143396_000015_000001/valle.wav": {
        "label": 1, "split": "train", "generator": "VALL-E", "subject": "19",
        "family": "voice-cloning",
    },
    f"{TED}/BillGates_2010/BillGates_2010_104/seamless.wav": {
        "split": "test", "generator": "Seamless Expressive", "source": "TED-LIUM",
    },
}  # fmt: skip
MISSING = {
    "dataset_TED-LIUM": "dataset_TED-LIUM is missing",
    f"{CLEAN}/test-clean/61/143396/61_143396_000015_000001/real.wav": "1 of 4 sentences",
    f"{CLEAN}/dev-clean": "dev-clean is missing",
}
