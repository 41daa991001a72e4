"""AASIST on wav2vec 2.0 against the authors' network (TakHemlata/SSL_Anti-spoofing 4acaa61, with
its fairseq a540213, two layers of width 32) and against their RawBoost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from official import filled, noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.audio.wav2vec2_aasist.method import Wav2vec2AasistMethod
from unmask.detectors.audio.wav2vec2_aasist.rawboost import KINDS, boosted
from unmask.errors import ModelError, UnknownName
from unmask.nn.stacked_graphs import SpeechReadout
from unmask.nn.stacked_names import graph_names
from unmask.train.recipe import Recipe

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())["shapes"]
GOLDEN = np.load(HERE / "golden.npz")
BOOSTED = np.load(HERE / "rawboost.npz")
TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


def loaded() -> Any:
    method = Wav2vec2AasistMethod({"backbone_config": TINY})
    network = method.network()
    network.load_state_dict(method.convert(filled(NAMES)))
    return network.eval()


@torch.no_grad()
def test_made_weights() -> None:
    """fairseq's names on the way; sound goes in as it is, as theirs."""
    network = loaded()
    sound = noise((2, 16000), seed=1, low=-0.5, high=0.5)
    outputs = network(sound)
    bona_fide_second = GOLDEN["classes"]
    np.testing.assert_allclose(outputs["classes"], bona_fide_second[:, ::-1], atol=1e-4)
    seen = network.front(sound).last_hidden_state[:, :5]
    np.testing.assert_allclose(seen, GOLDEN["features"], atol=1e-4)
    score = Wav2vec2AasistMethod().score(outputs)
    np.testing.assert_allclose(score, -bona_fide_second[:, 1], atol=1e-4)


@torch.no_grad()
def test_the_back_end_is_that_of_codecfakes_authors() -> None:
    """Theirs (xieyuankun/Codecfake 72c32e2) takes 1024 values a frame; the names are the same."""
    shapes = {name: shape for name, shape in NAMES.items() if not name.startswith("ssl_model.")}
    network = SpeechReadout(1024).eval()
    network.load_state_dict(graph_names(filled(shapes | {"LL.weight": [128, 1024]})))
    frames = noise((2, 1024, 67), seed=5).transpose(1, 2)
    expected = np.load(HERE / "codecfake.npz")["classes"][:, ::-1]
    np.testing.assert_allclose(network.read(frames)["classes"], expected, atol=1e-4)


@torch.no_grad()
def test_no_hidden_normalisation() -> None:
    """Brought to variance 1, as transformers' own preparation does, it scores otherwise."""
    network = loaded()
    sound = noise((1, 8000), seed=2, low=-0.05, high=0.05)
    level = (sound - sound.mean()) / sound.std()
    assert (network(sound)["classes"] - network(level)["classes"]).abs().max() > 1e-2


def test_refusals() -> None:
    lacking = filled(NAMES)
    del lacking["LL.bias"]
    with pytest.raises(ModelError, match=r"lacks 'reduce\.bias'"):
        Wav2vec2AasistMethod({"backbone_config": TINY}).convert(lacking)
    method = Wav2vec2AasistMethod({"variant": "wavlm", "backbone_config": TINY})
    with pytest.raises(ModelError, match="backbone_config"):
        method.network(pretrained=True)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"none"}))
def test_rawboost_is_the_authors(kind: str) -> None:
    sound = noise((2000,), 5, -0.4, 0.4).numpy()
    given = boosted(sound, kind, np.random.RandomState(3))
    np.testing.assert_allclose(given, BOOSTED[kind], atol=1e-6)
    assert np.abs(given).max() <= 1 or "stationary" in kind
    with pytest.raises(UnknownName, match="loud"):
        boosted(sound, "loud", np.random.RandomState(3))


def test_only_training_is_boosted_and_each_entry_in_its_own_way(tmp_path: Path) -> None:
    items = []
    for number, split in enumerate(("train", "train", "test")):
        sound = noise((9000,), number, -0.3, 0.3).numpy()
        soundfile.write(tmp_path / f"{number}.wav", sound, 16000, subtype="FLOAT")
        items.append(Item(split, f"{number}", f"{number}.wav", "audio", number % 2, split=split))
    manifest = Manifest(tmp_path, tuple(items))
    recipe = Recipe(name="wav2vec2_aasist", task="a:b", samples=4, batch=2, validate_every=2)
    plain = Wav2vec2AasistMethod({"length": 8000})
    noisy = Wav2vec2AasistMethod({"length": 8000, "rawboost": "impulsive"})
    for split, changes in (("train", True), ("test", False)):
        one = noisy.samples(manifest, split, recipe)
        other = plain.samples(manifest, split, recipe)
        assert torch.equal(one[0]["sound"], one[0]["sound"])
        assert torch.equal(one[0]["sound"], other[0]["sound"]) != changes
