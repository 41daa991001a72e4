"""FakeSound's back end against the authors' (FakeSoundData/FakeSound 9e31512), and its spans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.fakesound.convert import renamed
from unmask.detectors.audio.fakesound.method import FakeSoundMethod
from unmask.detectors.audio.fakesound.model import BackEnd, FakeSound, Shape, targets
from unmask.errors import ModelError

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())
GOLDEN = np.load(HERE / "golden.npz")


@torch.no_grad()
def test_made_weights() -> None:
    back = BackEnd(24, whole=True, shape=Shape()).eval()
    names = renamed(filled(NAMES, gain=1.5))
    back.load_state_dict({name.removeprefix("back."): value for name, value in names.items()})
    moments, whole = back(noise((2, 30, 24), 3, -2, 2))
    np.testing.assert_allclose(moments, GOLDEN["moments"], atol=1e-4)
    np.testing.assert_allclose(whole, GOLDEN["whole"], atol=1e-4)
    back.whole = None
    torch.testing.assert_close(back(noise((2, 30, 24), 3, -2, 2))[1], moments.amax(1))


def test_another_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match=r"lacks 'front\.encoder"):
        FakeSoundMethod({**FakeSoundMethod.small, "shape": {}}).convert(filled(NAMES))


def test_targets_are_the_authors() -> None:
    """Ends cut to whole moments; a row of -1 is none."""
    given = torch.tensor([[[0.1, 0.25], [-1, -1]], [[-1, -1], [-1, -1]], [[0.0, 0.05], [0.3, 9]]])
    wanted = torch.zeros(3, 20)
    wanted[0, 5:12] = 1
    wanted[2, :2] = 1
    wanted[2, 15:] = 1
    assert torch.equal(targets(given, 20), wanted)


@torch.no_grad()
def test_each_sound_has_a_level_of_its_own() -> None:
    """Louder or quieter, beside a loud one or not, it is judged alike."""
    torch.manual_seed(0)
    network = FakeSoundMethod(FakeSoundMethod.small).network().eval()
    sound = noise((1, 4000), 1, -0.5, 0.5)
    alone = network(sound)["moments"]
    beside = network(torch.cat([0.1 * sound, noise((1, 4000), 2)]))["moments"][:1]
    torch.testing.assert_close(alone, beside, atol=1e-3, rtol=1e-3)


def test_a_filled_in_part_is_found_at_its_place() -> None:
    """Frames of another kind in the middle of a stretch: a small back end learns where they are."""
    torch.manual_seed(0)
    back = BackEnd(8, whole=False, shape=Shape(16, 1, 16, 2, 16)).train()
    for part in back.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    moving = torch.optim.Adam(back.parameters(), 0.01)

    def drawn(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng(seed)
        frames, wanted = noise((8, 40, 8), seed), torch.zeros(8, 40)
        for row in range(8):
            start = int(rng.integers(0, 30))
            wanted[row, start : start + 10] = 1
        frames[..., 0] += 1.5 * wanted
        return frames, wanted

    for step in range(40):
        frames, wanted = drawn(step)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(back(frames)[0], wanted)
        moving.zero_grad()
        loss.backward()
        moving.step()
    frames, wanted = drawn(1000)
    with torch.no_grad():
        found = (back.eval()(frames)[0] > 0).float()
    both = (found * wanted).sum() / (found + wanted).clamp(max=1).sum()
    assert both > 0.7


def test_the_network_is_made_of_both() -> None:
    network = FakeSoundMethod({**FakeSoundMethod.small, "variant": "moments+whole"}).network()
    assert isinstance(network, FakeSound)
    assert network.back.whole is not None
    assert not any(value.requires_grad for value in network.front.parameters())
