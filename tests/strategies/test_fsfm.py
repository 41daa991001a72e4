"""FSFM: which patches are hidden, the parts of its loss by hand and by the authors' program
(wolo-wolo/FSFM-CVPR25 986aaab), and that it learns faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from stand import Looking, begun
from torch import Tensor, nn
from toy import recipe

from official import filled, noise
from unmask.errors import DataError, ModelError, SettingError
from unmask.nn.masked_patches import apart, patches
from unmask.strategies._face_regions import CHOSEN, OTHERS, hidden, regions
from unmask.strategies.base import Training
from unmask.strategies.fsfm import FSFM, Hiding, disagreement, perceptron

GOLDEN = np.load(Path(__file__).parent / "fsfm.npz")
SMALL = dict(FSFM.small)


def test_the_regions_cover_the_square() -> None:
    parts = regions(14)
    assert set(parts) == {*CHOSEN, *OTHERS}
    assert torch.stack(list(parts.values())).any(0).all()
    eyes, mouth = (parts[name].reshape(14, 14).nonzero().float() for name in ("eyes", "mouth"))
    assert eyes[:, 0].mean() < mouth[:, 0].mean()
    assert float(eyes[:, 1].mean()) == pytest.approx(6.5, abs=0.1)
    assert not parts["nose"].reshape(14, 14)[:4].any()


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_region_is_hidden_whole_and_the_others_in_proportion(chosen: str) -> None:
    torch.manual_seed(0)
    parts = regions(14)
    rows, region = hidden(parts, chosen, 0.75, 40)
    assert (rows.sum(1) == 147).all()
    assert (region == parts[chosen]).all()
    assert (rows | ~region).all(), "all of the region is hidden"
    ratio = (147 - int(region[0].sum())) / (196 - int(region[0].sum()))
    outside = parts["background"] & ~parts["rim"] & ~parts["hair"] & ~parts[chosen]
    assert float(rows[:, outside].float().mean()) == pytest.approx(ratio, abs=0.03)
    assert not (rows == rows[0]).all(), "every face is hidden in its own way"


def test_a_region_that_is_too_large_is_hidden_in_part() -> None:
    torch.manual_seed(0)
    parts = regions(14)
    rows, region = hidden(parts, "rim", 0.1, 5)
    assert (rows.sum(1) == 19).all()
    assert rows.equal(region)
    assert (parts["rim"] | ~rows).all()


def test_agreement_is_by_direction_alone() -> None:
    one = torch.tensor([[1.0, 0.0], [3.0, 4.0]])
    assert float(disagreement(one, one * 5)) == pytest.approx(-0.5)
    assert float(disagreement(one, -one)) == pytest.approx(0.5)
    turned = torch.tensor([[0.0, 2.0], [3.0, 4.0]])
    assert float(disagreement(one, turned)) == pytest.approx(-0.25)


class Eyes(nn.Module):
    """Pictures of 56 × 56 to a score, over eight features."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = nn.Sequential(
            nn.Conv2d(3, 8, 7, 4), nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.ReLU(), nn.Flatten()
        )
        self.features = nn.Linear(16 * 6 * 6, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        score: Tensor = self.last(self.features(self.seen(x / 255 - 0.5)))
        return score


def faces(count: int, seed: int) -> Tensor:
    """Grey faces of a brightness of their own."""
    rng = torch.Generator().manual_seed(seed)
    tone = torch.rand(count, 3, 1, 1, generator=rng) * 255
    return (tone + 10 * torch.randn(count, 3, 56, 56, generator=rng)).clamp(0, 255)


def test_it_learns_faces_without_a_label(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Eyes()
    one = begun(FSFM, network, tmp_path, rate=0.05, momentum=0.9, normed=False, grid=7, **SMALL)
    rule = torch.optim.Adam(network.parameters(), 3e-3)
    drawn = []
    for step in range(25):
        one.before_step(step)
        batch = {"x": faces(8, step), "label": torch.zeros(8)}
        loss, told = one.loss(torch.tensor(1e6), batch)
        rule.zero_grad()
        loss.backward()
        rule.step()
        one.after_step()
        drawn.append(told["drawn"])
    assert sum(drawn[-5:]) < 0.7 * sum(drawn[:5])
    assert loss < 100, "the labels are not looked at"


def test_what_is_hidden_has_the_mean_colour(tmp_path: Path) -> None:
    one = begun(FSFM, Eyes(), tmp_path, **SMALL)
    whole = faces(2, 1)
    rows = torch.zeros(2, 196, dtype=torch.bool)
    rows[0, 0] = True
    seen = one.covered(whole, rows)
    torch.testing.assert_close(seen[1], whole[1])
    torch.testing.assert_close(seen[0, :, :4, 4:], whole[0, :, :4, 4:])
    expected = whole[0].mean((1, 2))[:, None, None].expand(3, 4, 4)
    torch.testing.assert_close(seen[0, :, :4, :4], expected)


def test_the_copy_is_slow_and_stands_still_at_the_end(tmp_path: Path) -> None:
    network = Eyes()
    one = begun(FSFM, network, tmp_path, momentum=0.9, **SMALL)
    before = one.teacher.last.weight.clone()
    with torch.no_grad():
        network.last.weight += 1
    one.before_step(0)
    one.after_step()
    torch.testing.assert_close(one.teacher.last.weight, before + 0.1)
    one.before_step(100)
    one.after_step()
    torch.testing.assert_close(one.teacher.last.weight, before + 0.1)


def test_usual_values_are_those_of_the_authors_command() -> None:
    usual = Hiding().model_dump()
    assert usual == {
        "share": 0.75, "grid": 14, "normed": True, "region": 0.007, "contrast": 0.1,
        "momentum": 0.996, "labels": 0.0, "width": 512, "depth": 8, "heads": 16, "rate": 1.5e-4,
    }  # fmt: skip
    with pytest.raises(ValueError, match="does not divide by 3 heads"):
        Hiding(heads=3)


def test_the_course_of_rate_and_copy_is_the_authors(tmp_path: Path) -> None:
    """Theirs at the 10th, 40th and 99th of 100 steps with a batch of 16."""
    network = Eyes()
    one = begun(FSFM, network, tmp_path, **SMALL)
    for step, rate, momentum in zip((10, 40, 99), GOLDEN["rates"], GOLDEN["momenta"], strict=True):
        one.before_step(step)
        assert [group["lr"] for group in one._optimiser.param_groups] == pytest.approx([rate] * 2)
        assert [group["weight_decay"] for group in one._optimiser.param_groups] == [0.05, 0.0]
        one.teacher.load_state_dict(network.state_dict())
        with torch.no_grad():
            network.last.weight += 1
        one.after_step()
        torch.testing.assert_close(
            network.last.weight - one.teacher.last.weight,
            torch.full((1, 8), float(momentum)), atol=1e-5, rtol=0,
        )  # fmt: skip


def test_patches_are_drawn_less_their_mean_and_over_their_spread(tmp_path: Path) -> None:
    """Brighter or paler, a face is drawn the same; with ``normed = false`` it is not."""
    drawn = {}
    for normed in (True, False):
        torch.manual_seed(0)
        one = begun(FSFM, Eyes(), tmp_path, normed=normed, **SMALL)
        one.covered = lambda whole, rows: torch.zeros_like(whole)
        for name, shift in (("dark", 0), ("bright", 100)):
            torch.manual_seed(1)
            whole = faces(2, 3).clamp(0, 100)
            grey = whole.mean(1, keepdim=True).expand(-1, 3, -1, -1) + shift
            _, told = one.loss(torch.zeros(()), {"x": grey, "label": torch.zeros(2)})
            drawn[normed, name] = told["drawn"]
    assert abs(drawn[False, "dark"] - drawn[False, "bright"]) > 0.5
    assert drawn[True, "dark"] == pytest.approx(drawn[True, "bright"], abs=0.15)


def test_16_bits_are_refused(tmp_path: Path) -> None:
    one = FSFM(Hiding())
    task = Looking(recipe(precision="16"), tmp_path)
    with pytest.raises(SettingError, match="bf16 or 32"):
        one.begin(Training(task, Eyes(), tmp_path, torch.device("cpu"), 10, 1))


def test_a_method_without_pictures_is_refused(tmp_path: Path) -> None:
    one = begun(FSFM, nn.Linear(5, 1), tmp_path, **SMALL)
    with pytest.raises(DataError, match="hides parts of pictures"):
        one.loss(torch.zeros(()), {"x": torch.zeros(2, 5), "label": torch.zeros(2)})
    with pytest.raises(ModelError, match="linear"):
        begun(FSFM, nn.Identity(), tmp_path)


@torch.no_grad()
def test_heads_and_losses_are_the_authors() -> None:
    """Projector, both errors of what is drawn (normed or not), and the disagreement."""
    names = ["projection_head.0", "projection_head.1", "projection_head.3"]
    shapes = {f"{names[0]}.weight": (48, 24), f"{names[0]}.bias": (48,),
              f"{names[1]}.weight": (48,), f"{names[1]}.bias": (48,),
              f"{names[2]}.weight": (16, 48), f"{names[2]}.bias": (16,)}  # fmt: skip
    head = perceptron(24, 48, 16)
    made = filled(shapes)
    head.load_state_dict({name.removeprefix("projection_head."): v for name, v in made.items()})
    given = head(noise((5, 24), 1, -2, 2))
    np.testing.assert_allclose(given, GOLDEN["projected"], atol=1e-5)
    apart_from = disagreement(given, noise((5, 16), 2, -1, 1))
    np.testing.assert_allclose(apart_from, GOLDEN["simsiam"], atol=1e-5)
    row = torch.tensor([1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1])
    hidden_ones = torch.stack([row.roll(place) for place in range(3)])
    region = torch.zeros(3, 16)
    region[:, 4:7] = 1
    target, drawn = patches(noise((3, 3, 32, 32), 3), 8), noise((3, 16, 192), 4)
    for kind in ("plain", "normed"):
        found = [apart(target, drawn, rows, normed=kind == "normed").mean()
                 for rows in (hidden_ones, region)]  # fmt: skip
        np.testing.assert_allclose(found, GOLDEN[kind], atol=1e-5)
