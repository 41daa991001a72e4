"""LFCC-LCNN against the authors' network (project-NN-Pytorch-scripts 112ec0f)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.lfcc_lcnn.method import LfccLcnnMethod
from unmask.detectors.audio.lfcc_lcnn.model import LfccLcnn, Strongest
from unmask.errors import ModelError
from unmask.train.method import read_checkpoint

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())
GOLDEN = np.load(HERE / "golden.npz")


@torch.no_grad()
def test_made_weights() -> None:
    method = LfccLcnnMethod()
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, gain=1.8)))
    given = network(noise((2, 16000), 1, -0.5, 0.5))["logit"]
    np.testing.assert_allclose(given, -GOLDEN["made"], rtol=1e-4)


@torch.no_grad()
def test_published_weights() -> None:
    if not (folder := os.environ.get("UNMASK_WEIGHTS")):
        pytest.skip("UNMASK_WEIGHTS does not name a folder of published weights")
    method = LfccLcnnMethod()
    network = method.network().eval()
    file = Path(folder) / "nii__lfcc_lcnn" / "trained_network.pt"
    network.load_state_dict(method.convert(read_checkpoint(file)))
    made = np.random.RandomState(0).standard_normal((2, 64600)).astype(np.float32) * 0.1
    given = network(torch.from_numpy(made))["logit"]
    off = float(np.abs(given.numpy() + GOLDEN["published"]).max())
    assert off < 1e-4 * abs(GOLDEN["published"]).max(), off


def test_another_checkpoint_is_refused() -> None:
    lacking = filled(NAMES)
    del lacking["m_output_act.0.bias"]
    with pytest.raises(ModelError, match=r"lacks 'classify\.bias'"):
        LfccLcnnMethod().convert(lacking)


def test_maps_compete_with_the_one_half_their_number_further() -> None:
    x = torch.tensor([1.0, 5, 3, 2])[None, :, None, None]
    assert Strongest()(x).flatten().tolist() == [3, 5]


@torch.no_grad()
def test_any_length_is_heard_and_what_went_in_is_added() -> None:
    """Where the LSTMs give nothing, the features are the mean of what goes into them."""
    network = LfccLcnn().eval()
    for part in network.course.parameters():
        part.zero_()
    for length in (4000, 9600):
        sound = noise((1, length), 3, -0.2, 0.2)
        along = network.maps(network.front(sound)[:, None])
        wanted = along.mean(2).flatten(1)
        torch.testing.assert_close(network(sound)["features"], wanted)
