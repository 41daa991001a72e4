"""AVT2-DWF's encoders against the authors' (raining-dev/AVT2-DWF ce74a55), and what weights say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audiovisual.avt2_dwf.convert import renamed
from unmask.detectors.audiovisual.avt2_dwf.method import Avt2DwfMethod
from unmask.detectors.audiovisual.avt2_dwf.model import Avt2Dwf, Weights
from unmask.errors import ModelError

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())
GOLDEN = np.load(HERE / "golden.npz")


def network() -> Any:
    torch.manual_seed(0)
    made = Avt2DwfMethod(Avt2DwfMethod.small).network().eval()
    assert isinstance(made, Avt2Dwf)
    return made


@torch.no_grad()
def test_made_weights_of_both_encoders() -> None:
    ours, theirs = network(), renamed(filled(NAMES, gain=1.5))
    for side in ("see", "hear"):
        start = f"{side}."
        part = {n.removeprefix(start): v for n, v in theirs.items() if n.startswith(start)}
        getattr(ours, side).load_state_dict(part)
    frames = noise((2, 4, 3, 16, 16), 1)
    seen = ours.see(frames.permute(0, 1, 3, 4, 2).flatten(2))
    heard = ours.hear(noise((2, 4, 30), 2, -3, 3).flatten(1)[:, None])
    np.testing.assert_allclose(seen, GOLDEN["image"], atol=1e-4)
    np.testing.assert_allclose(heard, GOLDEN["audio"], atol=1e-4)


def test_class_0_of_theirs_is_forged() -> None:
    last = {"module.fc.weight": torch.tensor([[1.0], [2.0]]), "fc.bias": torch.tensor([3.0, 4.0])}
    ours = renamed(last)
    assert ours["classify.weight"][:, 0].tolist() == [2, 1]
    assert ours["classify.bias"].tolist() == [4, 3]
    with pytest.raises(ModelError, match="does not fit avt2_dwf: it lacks"):
        Avt2DwfMethod(Avt2DwfMethod.small).convert(filled(NAMES))


@torch.no_grad()
def test_weights_are_shares_by_what_is_attended_to() -> None:
    """One layer whose keys point at the second sense: it counts more, and both sum to 1."""
    torch.manual_seed(0)
    weigh = Weights(8, heads=2, hidden=4, layers=1)
    senses = torch.zeros(1, 2, 8)
    senses[0, 1] = 1
    weigh.project[0].weight.zero_()
    weigh.project[0].bias.fill_(3.0)
    weigh.project[0].weight[8:16] = torch.eye(8)
    given = weigh(senses)
    assert float(given.sum()) == pytest.approx(1)
    assert given[0, 1] > given[0, 0] + 0.3
    torch.testing.assert_close(weigh(torch.ones(1, 2, 8)), torch.full((1, 2), 0.5))


@torch.no_grad()
def test_a_sense_of_no_weight_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = network()
    one = {"video": noise((1, 4, 3, 16, 16), 1, 0, 255), "sound": noise((1, 2134), 2, -0.3, 0.3)}
    monkeypatch.setattr(ours.weigh, "forward", lambda _: torch.tensor([[1.0, 0.0]]))
    silent = ours(one["video"], torch.zeros(1, 2134))["logit"]
    torch.testing.assert_close(ours(**one)["logit"], silent)
