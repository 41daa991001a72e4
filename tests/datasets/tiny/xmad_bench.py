from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    for corpus, between, splits in (
        ("commonvoice-ro", ",", ("train", "val", "test")),
        ("commonvoice-en", "\t", ("train", "val", "test")),
        ("mailabs-en", "\t", ("test",)),
        ("voxpopuli-ro", ",", ("test",)),
    ):
        rows = [between.join(("sample_name", "is_fake", "split"))]
        for n, split in enumerate(splits):
            for label, side in ((0, "real"), (1, "fake")):
                rows.append(between.join((f"a{n}.wav", str(label), split)))
                files(root, f"{corpus}/{side}/a{n}.wav")
        text(root, f"{corpus}/meta.csv", rows)


COUNT = 16
EXPECTED = {
    "commonvoice-ro/fake/a1.wav": {
        "family": "tts",
        "label": 1, "split": "val", "language": "ro", "group": "commonvoice-ro/a1",
        "source": "commonvoice-ro",
    },
    "commonvoice-en/real/a0.wav": {"label": 0, "split": "train", "language": "en"},
    "mailabs-en/real/a0.wav": {"label": 0, "split": "test", "generator": ""},
}  # fmt: skip
MISSING = {
    "mailabs-en/fake": "1 of 2 recordings of mailabs-en",
    "commonvoice-ro/real/a1.wav": "1 of 6 recordings of commonvoice-ro",
}
