from pathlib import Path

from tiny import files, text

XTTS = "tts_models_multilingual_multi-dataset_xtts_v2"


def make(root: Path) -> None:
    for i in range(3):
        files(root, f"fake/de/{XTTS}/book_0{i}_f00012.wav", f"fake/pl/MeloTTS (v2)/book_0{i}.wav")
    for model in (f"fake/de/{XTTS}", "fake/pl/MeloTTS (v2)"):
        rows = [f"./{model}/book_0{i}.wav|en_US/x.wav|de|False" for i in range(3)]
        text(root, f"{model}/meta.csv", ["path|original_file|language|is_original_language", *rows])
    files(root, "real/de_DE/by_book/female/eva_k/grune_haus/wavs/grune_haus_01_f000001.wav")


COUNT = 7
EXPECTED = {
    f"fake/de/{XTTS}/book_00_f00012.wav": {
        "label": 1, "language": "de", "generator": XTTS, "group": f"de/{XTTS}", "family": "tts",
    },
    "fake/pl/MeloTTS (v2)/book_02.wav": {"generator": "MeloTTS (v2)", "language": "pl"},
    "real/de_DE/by_book/female/eva_k/grune_haus/wavs/grune_haus_01_f000001.wav": {
        "label": 0, "language": "de", "subject": "eva_k", "gender": "female", "source": "M-AILABS",
    },
}  # fmt: skip
MISSING = {
    "fake": "fake is missing",
    "fake/pl/MeloTTS (v2)/book_01.wav": "holds 2 of the 3 its meta.csv names",
    f"fake/de/{XTTS}/meta.csv": "meta.csv is missing",
}
