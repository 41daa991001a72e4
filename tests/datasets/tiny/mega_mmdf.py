from pathlib import Path

from tiny import dump, files


def make(root: Path) -> None:
    about = {}
    for split in ("train", "val", "test"):
        real, fake = f"Mega-MMDF/RARV/{split}.mp4", f"Mega-MMDF/FARV/xtts/{split}.mp4"
        both = f"Mega-MMDF/FAFV/xtts-wav2lip/{split}.mp4"
        dump(root, f"Mega-MMDF/{split}.json", [real, fake.replace("/", "\\"), both])
        files(root, real, fake, both)
        about |= {real: {}, fake: {"partial_fake_segments": [1.5, 2.25]}, both: {}}
    dump(root, "Mega-MMDF/attributes.json", about)


COUNT = 9
EXPECTED = {
    "Mega-MMDF/FARV/xtts/val.mp4": {
        "family": "audio",
        "label": 1, "split": "val", "types": ("audio",), "segments": ((1.5, 2.25),),
        "generator": "FARV/xtts",
    },
    "Mega-MMDF/FAFV/xtts-wav2lip/test.mp4": {"types": ("video", "audio"), "segments": ()},
    "Mega-MMDF/RARV/train.mp4": {"label": 0, "split": "train", "types": ()},
}  # fmt: skip
MISSING = {
    "Mega-MMDF/attributes.json": "attributes.json is missing",
    "Mega-MMDF/RARV": "1 of 3 videos of train",
}
