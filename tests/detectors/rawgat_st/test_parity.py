"""RawGAT-ST against the authors' networks (eurecom-asp/RawGAT-ST-antispoofing e3b049f)."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.rawgat_st.convert import renamed
from unmask.detectors.audio.rawgat_st.method import RawGatStMethod
from unmask.detectors.audio.rawgat_st.model import FILTERS, RawGatSt, masked
from unmask.errors import ModelError
from unmask.train.method import fitted, read_checkpoint

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)
GOLDEN = np.load(HERE / "golden.npz")


@pytest.mark.parametrize("variant", RawGatStMethod.variants)
@torch.no_grad()
def test_made_weights(variant: str) -> None:
    """On one second: the authors' network with a temporal graph of 7 nodes, of which 5 stay."""
    method = RawGatStMethod({"variant": variant, "length": 16000})
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES[f"{variant}.small"], gain=1.4)))
    given = network(noise((2, 16000), 1, -0.5, 0.5))
    bona_fide_second = GOLDEN[f"{variant}.made"]
    np.testing.assert_allclose(given["classes"], bona_fide_second[:, ::-1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(method.score(given), -bona_fide_second[:, 1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("variant", RawGatStMethod.variants)
@torch.no_grad()
def test_published_weights(variant: str) -> None:
    if not (folder := os.environ.get("UNMASK_WEIGHTS")):
        pytest.skip("UNMASK_WEIGHTS does not name a folder of published weights")
    method = RawGatStMethod({"variant": variant})
    network = method.network().eval()
    file = Path(folder) / "eurecom__rawgat_st" / f"{variant}.pth"
    network.load_state_dict(method.convert(read_checkpoint(file)))
    made = np.random.RandomState(0).standard_normal((2, 64600)).astype(np.float32) * 0.1
    given = network(torch.from_numpy(made))["classes"]
    off = float(np.abs(given.numpy() - GOLDEN[f"{variant}.published"][:, ::-1]).max())
    assert off < 1e-4, off


@pytest.mark.parametrize("variant", RawGatStMethod.variants)
def test_the_whole_network_has_the_authors_names_and_shapes(variant: str) -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES[variant].items()}
        network = RawGatStMethod({"variant": variant}).network()
        assert set(fitted(network, renamed(theirs), "it")) == set(network.state_dict())


def test_another_variants_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match=r"'attention\.weigh' is \(16, 1\), not \(32, 1\)"):
        RawGatStMethod({"variant": "cat"}).convert(filled(NAMES["mul"]))


def test_a_run_of_filters_is_silent_in_training_alone() -> None:
    filters = torch.ones(FILTERS, 1, 3)
    lengths, starts = set(), set()
    for seed in range(60):
        torch.manual_seed(seed)
        silent = (masked(filters)[:, 0, 0] == 0).nonzero()[:, 0]
        if len(silent):
            assert int(silent[-1] - silent[0]) == len(silent) - 1
        lengths.add(len(silent))
        starts |= set(silent[:1].tolist())
    assert lengths >= {0, 7, 13}
    assert max(lengths) == 13
    assert max(starts) > 50
    network = RawGatSt(moments=7).eval()
    sound = noise((1, 16000), 2, -0.1, 0.1)
    with torch.no_grad():
        assert torch.equal(network(sound)["logit"], network(sound)["logit"])


@torch.no_grad()
def test_bands_and_moments_are_seen_each_by_its_own_graph() -> None:
    """A moment that is silenced changes a node in time and leaves the loudest of each band."""
    network = RawGatSt(moments=7).eval()
    map_ = noise((1, 64, 23, 7), 4)
    map_[..., 0] = 3
    later = map_.clone()
    later[..., 5] = 0
    for side, moves in ((network.spectral, False), (network.temporal, True)):
        side.encoder = torch.nn.Identity()
        assert torch.equal(side(map_), side(later)) != moves
