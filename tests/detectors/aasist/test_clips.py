"""Clips of another length than the card's are the same in training, protocols and export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from unmask.analyzers.windows import Sounds
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.audio.aasist.method import LENGTH, AasistMethod
from unmask.train.recipe import Recipe
from unmask.types import AudioBlock


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


def test_a_scan_and_a_protocol_prepare_a_recording_alike(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 20000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, 16000, subtype="FLOAT")
    manifest = Manifest(tmp_path, (Item("a", "a", "a.wav", "audio", 1, split="test"),))
    recipe = Recipe(name="aasist", task="a:b", samples=2, batch=2, validate_every=2)
    method = AasistMethod()
    taken = Sounds(method.card.inputs[0])
    assert taken.sound(AudioBlock(0.0, 16000, sound)) == []
    (heard,) = taken.rest()
    judged = method.samples(manifest, "test", recipe)[0]["sound"]
    np.testing.assert_allclose(heard.value, judged, atol=1e-6)


def test_a_scan_shows_the_difference_and_a_protocol_ranks_by_the_bona_fide_score() -> None:
    outputs = {"classes": torch.tensor([[1.5, 0.25]]), "logit": torch.tensor([-1.25])}
    assert float(AasistMethod().score(outputs)) == -1.5
    page = (AasistMethod().card_file.parent / "README.md").read_text(encoding="utf-8")
    assert "## Two numbers for one file" in page
