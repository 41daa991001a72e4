"""DistilDIRE against the authors' student and diffusion model (miraflow/DistilDIRE 5de48cf)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from official import filled, noise
from unmask.detectors.image.distildire.adm import Adm
from unmask.detectors.image.distildire.diffusion import dire, first_noise, schedule
from unmask.detectors.image.distildire.method import DistilDireMethod, cut_mixed, weighed
from unmask.detectors.image.distildire.model import LAYERS
from unmask.errors import ModelError
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)
GOLDEN = np.load(HERE / "golden.npz")
SIZES = {**DistilDireMethod.small["adm_config"], "blocks": 1, "attends": (32,), "side": 64}
PICTURE = noise((2, 3, 64, 64), 91, 0, 255)


@pytest.fixture(scope="module")
def student() -> dict[str, Tensor]:
    """A checkpoint of the student alone."""
    return filled(NAMES["student"])


@pytest.fixture(scope="module")
def network(student: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The student in one file, the diffusion model in another, as they are published."""
    path = tmp_path_factory.mktemp("adm") / "adm.pt"
    torch.save(filled(NAMES["adm"], 0.7), path)
    method = DistilDireMethod({"adm_config": SIZES, "layers": LAYERS, "adm": str(path)})
    network = method.network().eval()
    network.load_state_dict(method.convert(student))
    return network


@torch.no_grad()
def test_the_diffusion_model_is_theirs(network: Any) -> None:
    pixels = network.pixels(PICTURE[:1])
    for name, step in (("raw", 0), ("mid", 450)):
        given = network.adm(pixels, torch.tensor([step]))[:, :, ::5, ::5]
        np.testing.assert_allclose(given, GOLDEN[name][:1], atol=1e-4)
    eps = first_noise(network.adm, pixels)[:, :, ::5, ::5]
    np.testing.assert_allclose(eps, GOLDEN["eps"][:1], atol=1e-3)  # divided by .01


@torch.no_grad()
def test_the_student_is_theirs(network: Any) -> None:
    np.testing.assert_allclose(network(PICTURE)["logit"], GOLDEN["logit"], atol=1e-4)
    loss = weighed(torch.from_numpy(GOLDEN["logit"]), torch.tensor([0.0, 1.0]))
    assert loss.item() == pytest.approx(GOLDEN["loss"], abs=1e-5)


@torch.no_grad()
def test_what_the_teacher_sees_is_theirs(network: Any) -> None:
    """Four steps in and four out, each of which feeds the next; the first divides by .01, so that
    rounding grows."""
    changed = dire(network.adm, network.pixels(PICTURE[:1]), 4)[:, :, ::5, ::5]
    np.testing.assert_allclose(changed, GOLDEN["dire"][:1], atol=2e-3)


def test_the_whole_diffusion_model_has_the_published_names() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        whole = Adm()
        assert set(fitted(whole, theirs, "ADM")) == set(whole.state_dict())


def test_steps_are_those_of_ddim20() -> None:
    numbers, left = schedule(20)
    assert numbers.tolist() == list(range(0, 1000, 50))
    assert left[0].item() == pytest.approx(0.9999)


class Believes(nn.Module):
    """A model of one picture: whatever it is shown, it takes for that with noise on it."""

    def __init__(self, known: Tensor) -> None:
        super().__init__()
        self.known = known

    def forward(self, picture: Tensor, step: Tensor) -> Tensor:
        betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
        left = float(torch.cumprod(1 - betas, 0)[int(step[0])])
        return (picture - left**0.5 * self.known) / (1 - left) ** 0.5


def test_what_a_model_makes_comes_back_unchanged_and_a_photo_does_not() -> None:
    known = noise((1, 3, 8, 8), 1, -0.8, 0.8)
    photo = noise((1, 3, 8, 8), 2, -0.8, 0.8)
    model = Believes(known)
    made, real = dire(model, known), dire(model, photo)
    assert (made + 1).abs().max() < 1e-4
    assert (real + 1).mean() > 0.3


def test_a_mixture_takes_the_first_items_rectangle_into_all_maps() -> None:
    torch.manual_seed(2)
    maps = [torch.arange(3.0)[:, None, None, None].expand(3, 2, 20, 20) + k for k in (0, 10)]
    (first, second), label = cut_mixed(maps, torch.tensor([0.0, 1.0, 1.0]))
    torch.testing.assert_close(second, first + 10)
    assert set(first[2].unique().tolist()) == {0.0, 2.0}
    assert label[0] == 0
    assert 0 < label[1] < 1


def test_the_diffusion_model_is_needed(student: dict[str, Tensor]) -> None:
    with pytest.raises(ModelError, match="adm"):
        DistilDireMethod(DistilDireMethod.small).network(pretrained=True)
    with pytest.raises(ModelError, match="adm"):
        DistilDireMethod(DistilDireMethod.small).convert(student)
