"""SpecTTTra against the authors' network (awsaf49/sonics 26a742a)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.spectttra.convert import renamed
from unmask.detectors.audio.spectttra.method import SpecTTTraMethod
from unmask.detectors.audio.spectttra.model import SpecTTTra
from unmask.detectors.audio.spectttra.spectrum import Spectrum, hidden, mixed
from unmask.errors import ModelError, UnknownName
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads((HERE / "names.json").read_text())["shapes"]
GOLDEN = np.load(HERE / "golden.npz")


def method(variant: str) -> SpecTTTraMethod:
    return SpecTTTraMethod({**SpecTTTraMethod.small, "variant": variant})


@pytest.mark.parametrize("variant", ["alpha", "beta", "gamma"])
@torch.no_grad()
def test_made_weights(variant: str) -> None:
    made = method(variant)
    network = cast(SpecTTTra, made.network().eval())
    front = {"ft_extractor.audio2melspec.mel_scale.fb": torch.zeros(1025, 128)}
    network.load_state_dict(made.convert(filled(NAMES[variant], gain=1.4) | front))
    given = network.read(noise((2, 128, 72), 5, -2, 2))
    np.testing.assert_allclose(given["logit"], GOLDEN[variant], rtol=1e-4, atol=1e-4)
    features = GOLDEN[f"{variant}.features"]
    np.testing.assert_allclose(given["features"], features, rtol=1e-4, atol=1e-4)


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = SpecTTTraMethod().network()
        assert set(fitted(network, renamed(theirs), "it")) == set(network.state_dict())


def test_another_grain_is_refused() -> None:
    with pytest.raises(ModelError, match=r"does not fit spectttra \(beta\)"):
        method("beta").convert(filled(NAMES["alpha"]))
    with pytest.raises(UnknownName):
        SpecTTTraMethod({"variant": "delta"})


def written_out(sound: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Mel energies in decibels, one frame and one triangle at a time."""
    padded = np.pad(sound.astype(np.float64), 1024, mode="reflect")
    window = np.hanning(2049)[:-1]
    frames = [padded[i : i + 2048] * window for i in range(0, len(padded) - 2047, 512)]
    power = np.abs(np.fft.rfft(frames)) ** 2
    top, bottom = (2595 * np.log10(1 + f / 700) for f in (8000, 20))
    corners = [700 * (10 ** (m / 2595) - 1) for m in np.linspace(bottom, top, 130)]
    bins = np.arange(1025) * 16000 / 2048
    rows = [
        power @ np.interp(bins, corners[i : i + 3], [0, 1, 0], left=0, right=0) for i in range(128)
    ]
    level = 10 * np.log10(np.maximum(rows, 1e-10))
    return np.asarray(np.maximum(level, level.max() - 80))


def test_the_spectrogram_is_the_documented_one() -> None:
    sound = noise((1, 9000), 4, -0.3, 0.3)
    sound[0, 3000:6000] *= 1e-5  # so that the floor is reached
    ours = Spectrum(20).decibels(sound)[0].numpy()
    theirs = written_out(sound[0].numpy())
    assert ours.shape == theirs.shape == (128, 18)
    np.testing.assert_allclose(ours, theirs, atol=2e-2)
    assert (theirs == theirs.min()).sum() > 50


def test_an_items_spectrogram_is_its_own() -> None:
    """Neither its loudness nor its neighbours in a batch matter."""
    spectrum = Spectrum(24)
    quiet = noise((1, 9000), 4, -0.01, 0.01)
    alone = spectrum(quiet)
    torch.testing.assert_close(spectrum(30 * quiet), alone, atol=2e-3, rtol=0)
    beside = spectrum(torch.cat([quiet, noise((1, 9000), 5) * 3 + 0.5]))
    torch.testing.assert_close(beside[:1], alone, atol=1e-4, rtol=0)
    assert alone.mean().abs() < 0.05


def test_tokens_are_slices_of_all_pitches_and_of_all_of_the_time() -> None:
    network = cast(SpecTTTra, method("beta").network().eval())
    plain = noise((1, 128, 72), 6)
    changed = plain.clone()
    changed[:, 40:42, 30:33] += 5  # rows of pitch token 13, columns of time token 6
    with torch.no_grad():
        time = (network.time(plain) != network.time(changed)).any(-1)[0]
        turned = plain.transpose(1, 2), changed.transpose(1, 2)
        pitch = (network.pitch(turned[0]) != network.pitch(turned[1])).any(-1)[0]
    assert time.shape == (72 // 5,)
    assert pitch.shape == (128 // 3,)
    assert time.nonzero().flatten().tolist() == [6]
    assert pitch.nonzero().flatten().tolist() == [13]


def test_parts_are_hidden_and_mixed_in_training_only() -> None:
    torch.manual_seed(0)
    spectrum = torch.ones(20, 128, 60)
    assert hidden(spectrum, 0.0).equal(spectrum)
    gone = hidden(spectrum, 1.0) == 0
    assert gone.all(1).sum(1).le(16).all()
    assert gone.all(2).sum(1).le(8).all()
    assert gone.any()
    label = torch.tensor([0.0, 1.0])
    pair = torch.stack([torch.zeros(128, 60), torch.ones(128, 60)])
    both, share = mixed(pair, label, 1.0, 2.5)
    torch.testing.assert_close(both[:, 0, 0], share)
    assert 0 < share[0] < 1
    assert mixed(pair, label, 0.0, 2.5)[0] is pair
    made = method("alpha")
    network = made.network().eval()
    batch = made.example()
    assert made.loss(network, batch)[0] == made.loss(network, batch)[0]
