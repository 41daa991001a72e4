"""FakeSound (Xie et al. 2024): everyday sounds with a stretch that was generated anew."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_SETS = {"train": "train", "easy": "test", "hard": "test", "zeroshot": "test"}


class FakeSound(Adapter):
    """Sounds by the authors' lists; ``condition`` is the test set (easy, hard, zeroshot).

    The README calls label 0 forged; the lists, and the authors' training, mean 1. The lists also
    name the originals of AudioCaps, which are fetched apart and put beside the forgeries.
    """

    name = "fakesound"
    title = "FakeSound"
    licence = "none stated; AudioCaps by the terms of AudioSet"
    citation = (
        "Xie, Li, Xu, Liang, Yu, Wu: FakeSound: Deepfake General Audio Detection. Interspeech 2024"
    )
    url = "https://github.com/FakeSoundData/FakeSound"
    kinds = ("audio",)
    splits = "train, and the three test sets easy, hard, zeroshot; validation is split off training"
    layout = """
        FakeSound/meta_data/train.json, easy.json, hard.json, zeroshot.json
        FakeSound/deepfake_data/{train|easy|hard|zeroshot}/AUDIOCAPS_ONSET_OFFSET.wav (forged)
        FakeSound/deepfake_data/{train|easy|hard|zeroshot}/AUDIOCAPS.wav (of AudioCaps)
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a sound, with its forged stretch; a sound of AudioCaps is the group."""
        for part, split in _SETS.items():
            if not folder.part(f"FakeSound/meta_data/{part}.json"):
                continue
            listed = folder.json(f"FakeSound/meta_data/{part}.json")["audios"]
            rows = {row["filepath"]: row for row in listed}
            for path in folder.present(rows, f"sounds of {part}"):
                row = rows[path]
                fake = int(row["label"])
                start, end = (float(second) for second in row["onset_offset"].split("_"))
                tail = f"_{row['onset_offset']}"
                yield medium(
                    path,
                    fake,
                    group=row["audio_id"].removesuffix(tail) if fake else row["audio_id"],
                    split=split,
                    condition=part if split == "test" else "clean",
                    family="partial" if fake else "",
                    source="FakeSound" if fake else "AudioCaps",
                    segments=((start, end),) if fake else (),
                )
