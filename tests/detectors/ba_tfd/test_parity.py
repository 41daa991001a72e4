"""BA-TFD against the authors' network and loss (ControlNet/LAV-DF 51b8d91)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audiovisual.ba_tfd import model
from unmask.detectors.audiovisual.ba_tfd.convert import renamed
from unmask.detectors.audiovisual.ba_tfd.method import BaTfdMethod
from unmask.detectors.audiovisual.ba_tfd_plus.loss import total_loss
from unmask.detectors.audiovisual.ba_tfd_plus.method import WEIGHTS
from unmask.errors import ModelError
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)
GOLDEN = np.load(HERE / "golden.npz")
SEGMENTS = torch.tensor([[[-1.0, -1.0], [-1.0, -1.0]], [[0.1, 0.3], [0.36, 0.44]]])


def off(ours: torch.Tensor, theirs: Any) -> float:
    gap = np.abs(ours.detach().numpy() - theirs)
    return float((gap / np.maximum(1, np.abs(theirs))).max())


class Given(torch.nn.Module):
    """A spectrogram instead of sound."""

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        return spectrum


def loaded() -> Any:
    method = BaTfdMethod(BaTfdMethod.small)
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES["small"], gain=1.5)))
    network.hear.spectrum = Given()
    return network


@torch.no_grad()
def test_made_weights_and_loss() -> None:
    video = noise((2, 16, 3, 96, 96), seed=6, low=0, high=255)
    video[1, 12:] = 0
    given = loaded()(video, noise((2, 64, 64), seed=7, low=-4, high=2))
    for ours, theirs in (
        ("map", "map"),
        ("video_map", "v_map"),
        ("sound_map", "a_map"),
        ("video_frames", "v_frames"),
        ("sound_frames", "a_frames"),
        ("video_features", "v_feat"),
        ("sound_features", "a_feat"),
    ):
        assert off(given[ours], GOLDEN[theirs]) < 1e-4, ours
    assert given["frames"].tolist() == [16, 12]
    changed, label = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([0.0, 1.0])
    loss, parts = total_loss(given, SEGMENTS, changed, label, WEIGHTS)
    assert off(loss, GOLDEN["loss"]) < 1e-4
    assert parts["fused"] == pytest.approx(float(GOLDEN["fused"]), abs=1e-4)


def test_the_whole_network_has_the_authors_names_and_shapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing = (torch.zeros(1, dtype=torch.int64),) * 4
    monkeypatch.setattr(model, "sampling", lambda *_: nothing)
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = BaTfdMethod().network()
        assert set(fitted(network, renamed(theirs), "it")) == set(network.state_dict())


def test_refusals() -> None:
    with pytest.raises(ModelError, match="does not fit ba_tfd"):
        BaTfdMethod().convert(filled(NAMES["small"]))
    with pytest.raises(ModelError, match="starts from random weights"):
        BaTfdMethod().network(pretrained=True)


@torch.no_grad()
def test_a_changed_word_is_heard_in_its_map_alone() -> None:
    """Sound that changes in two frames moves the map of sound, and none of the picture."""
    network = loaded()
    video = noise((1, 16, 3, 96, 96), seed=1, low=1, high=255)
    sound = noise((1, 64, 64), seed=2, low=-4, high=2)
    other = sound.clone()
    other[..., 48:56] += 3
    one, two = network(video, sound), network(video, other)
    assert torch.equal(one["video_map"], two["video_map"])
    moved = (one["sound_map"] - two["sound_map"]).abs().amax((0, 1))
    assert moved.max() > 0
    assert torch.equal(one["sound_frames"][:, :8], two["sound_frames"][:, :8])
    assert not torch.equal(one["sound_frames"][:, 12:14], two["sound_frames"][:, 12:14])
