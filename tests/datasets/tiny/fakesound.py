from pathlib import Path

from tiny import dump, files

AT = "FakeSound/deepfake_data"


def make(root: Path) -> None:
    for part, names in (
        ("train", [f"a{i}" for i in range(12)]), ("easy", ["9IIa7qH29ps"]), ("hard", ["x_y"]),
        ("zeroshot", ["x_y"]),
    ):  # fmt: skip
        rows = []
        for name in names:
            for audio, label, span in ((f"{name}_6.12_7.4", 1, "6.12_7.4"), (name, 0, "0_0")):
                path = f"{AT}/{part}/{audio}.wav"
                rows.append({"audio_id": audio, "label": label, "onset_offset": span,
                             "filepath": path})  # fmt: skip
                files(root, path)
        dump(root, f"FakeSound/meta_data/{part}.json", {"audios": rows})


COUNT = 30
EXPECTED = {
    f"{AT}/easy/9IIa7qH29ps_6.12_7.4.wav": {
        "family": "partial",
        "label": 1, "split": "test", "condition": "easy", "segments": ((6.12, 7.4),),
        "group": "9IIa7qH29ps",
    },
    f"{AT}/hard/x_y.wav": {"label": 0, "group": "x_y", "condition": "hard", "segments": ()},
    f"{AT}/train/a1.wav": {"label": 0, "split": "train", "source": "AudioCaps"},
}  # fmt: skip
MISSING = {
    "FakeSound/meta_data/hard.json": "hard.json is missing",
    f"{AT}/train/a3.wav": "1 of 24 sounds of train",
}
