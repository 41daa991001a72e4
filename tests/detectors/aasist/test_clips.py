"""Clips of another length than the card's are the same in training, protocols and export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.audio.aasist.method import LENGTH, AasistMethod
from unmask.train.recipe import Recipe


@pytest.mark.parametrize("length", [0, 16000])
def test_clips_have_one_length_everywhere(tmp_path: Path, length: int) -> None:
    rng = np.random.default_rng(0)
    items = []
    for number, split in enumerate(("train", "train", "test", "val")):
        soundfile.write(tmp_path / f"{number}.wav", rng.normal(0, 0.1, 20000), 16000)
        items.append(Item(split, f"{number}", f"{number}.wav", "audio", number % 2, split=split))
    manifest = Manifest(tmp_path, tuple(items))
    recipe = Recipe(name="aasist", task="a:b", samples=2, batch=2, validate_every=2)
    method = AasistMethod({"length": length})
    assert method.judged_as_trained
    for split in ("train", "val", "test"):
        entry = method.samples(manifest, split, recipe)[0]
        assert entry["sound"].shape == (length or LENGTH,)
    assert method.example()["sound"].shape == (2, length or LENGTH)
