"""LFCC-GMM against the authors' front end and mixtures (RUB-SysSec/WaveFake d52d51b)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.lfcc_gmm.method import LfccGmmMethod
from unmask.errors import DataError, ModelError

GOLDEN = np.load(Path(__file__).parent / "golden.npz")
SMALL = {"components": 5, "length": 8000}


def theirs(maximised: bool) -> dict[str, torch.Tensor]:
    """What the authors' program would save for both classes."""
    sides = ("real", "fake")
    shapes = {f"{side}.{name}": [5, 60] for side in sides for name in ("loc", "cov")}
    made = filled(shapes | {f"{side}.pi": [5] for side in sides})
    if maximised:
        for side in sides:
            made[f"{side}.pi"] = made[f"{side}.pi"].softmax(0)
            made[f"{side}.cov"] = made[f"{side}.cov"].exp()
    return made


@pytest.mark.parametrize(("kind", "maximised"), [("descent", False), ("em", True)])
@torch.no_grad()
def test_made_weights(kind: str, maximised: bool) -> None:
    method = LfccGmmMethod(SMALL | {"maximised": maximised})
    network = method.network().eval()
    network.load_state_dict(method.convert(theirs(maximised)))
    sound = noise((1, 8000), 1, -0.5, 0.5)
    np.testing.assert_allclose(network.front(sound)[0], GOLDEN["frames"], atol=1e-4)
    given = network(sound)
    real, forged, ratio = GOLDEN[kind]
    np.testing.assert_allclose(given["likelihoods"], [[real, forged]], rtol=1e-4)
    # The authors' ratio is high for real voices.
    np.testing.assert_allclose(given["logit"], [-ratio], rtol=1e-4)


def test_another_checkpoint_is_refused() -> None:
    lacking = theirs(maximised=False)
    del lacking["fake.pi"]
    with pytest.raises(ModelError, match=r"lacks 'forged\.shares'"):
        LfccGmmMethod(SMALL).convert(lacking)


def voices(rise: float, seed: int, count: int = 8) -> torch.Tensor:
    """Noise that is louder or quieter towards high frequencies: two colours of a vocoder."""
    sound = noise((count, 8001), seed, -0.1, 0.1)
    return sound[:, 1:] - rise * sound[:, :-1]


@pytest.mark.parametrize("how", [{}, {"maximise": {"iterations": 5, "restarts": 2}}])
def test_the_colour_of_a_vocoder_is_learnt(how: dict[str, object]) -> None:
    """Real voices a little darker than forged ones; new ones of both are told apart."""
    torch.manual_seed(0)
    method = LfccGmmMethod(SMALL | how)
    network = method.network().train()
    batch = {
        "sound": torch.cat([voices(0.2, 1), voices(0.3, 2)]),
        "label": torch.arange(2).repeat_interleave(8).float(),
    }
    course = []
    for _ in range(1 if how else 25):
        network.zero_grad()
        loss, _ = method.loss(network, batch)
        loss.backward()
        course.append(loss.item())
        with torch.no_grad():
            for value in network.parameters():
                assert value.grad is not None
                value -= 0.0 if how else 0.03 * value.grad.sign()
    assert network.started.tolist() == [1, 1]
    if not how:
        assert course[-1] < course[0] - 1
    with torch.no_grad():
        real, forged = network(voices(0.2, 3))["logit"], network(voices(0.3, 4))["logit"]
    assert real.max() < forged.min()


def test_a_mixture_starts_with_the_first_frames_of_its_class() -> None:
    torch.manual_seed(0)
    method = LfccGmmMethod(SMALL)
    network = method.network().train()
    before = network.forged.means.detach().clone()
    real = {"sound": voices(0, 1, 2), "label": torch.zeros(2)}
    loss, parts = method.loss(network, real)
    loss.backward()
    assert network.started.tolist() == [1, 0]
    assert parts["forged"] == 0
    assert not network.forged.means.grad.any()
    torch.testing.assert_close(network.forged.means.detach(), before)
    many = LfccGmmMethod({"components": 50})
    short = {"sound": real["sound"][:, :2000], "label": real["label"]}
    fresh = many.network().train()
    with pytest.raises(DataError, match="too few for 50"):
        many.loss(fresh, short)
