"""What holds for every explainer: found by looking, so a new file is tested as it is."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from unmask.catalog import catalog
from unmask.cli.app import main
from unmask.errors import DataError, ModelError
from unmask.explain._picture import strongest
from unmask.explain.base import Asked, Explainer, likeness
from unmask.plugin_files import described, made, member, names
from unmask.runtime.view import View
from unmask.train.method import Batch, method_named, random_network
from unmask.types import Box

NAMES = names("explain")
ROOT = Path(__file__).parents[2]


class Spot(nn.Module):
    """Finds what is bright in a picture of 32 × 32, with a convolution; it has no other weights."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 1, 3, padding=1)
        with torch.no_grad():
            self.look.weight.fill_(1 / 27 / 255)
            self.look.bias.fill_(-0.5)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        return {"logit": self.look(picture).relu().square().mean((1, 2, 3))}


class Plain:
    """As much of a method as an explainer sees."""

    inputs = ("picture",)

    def run(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        given: dict[str, Tensor] = network(batch["picture"])
        return given

    def score(self, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["logit"]


def spotted() -> Asked:
    """A dark picture with one bright square."""
    picture = torch.full((1, 3, 32, 32), 20.0)
    picture[:, :, 18:26, 5:13] = 250
    method: Any = Plain()
    return Asked(method, Spot(), {"picture": picture, "label": torch.ones(1)}, "picture")


def explainer(name: str, **settings: Any) -> Explainer[Any]:
    return made("explain", name, Explainer, settings)  # type: ignore[type-abstract]


def test_something_is_listed() -> None:
    assert {"grad-cam", "integrated-gradients", "occlusion"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    assert described("explain", name).url.startswith("https://")
    assert f"explainer:{name}" in {entry.key for entry in catalog()}
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page
    kind = member("explain", name, Explainer)  # type: ignore[type-abstract]
    assert all(f"`{field}`" in page for field in kind.settings_type.model_fields)
    with pytest.raises(DataError, match="Its settings"):
        explainer(name, unheard=1)


@pytest.mark.parametrize("name", NAMES)
def test_it_marks_what_the_network_saw(name: str) -> None:
    asked = spotted()
    found = explainer(name).explain(asked)
    assert found.shape == (32, 32)
    marked = found.clamp(min=0)
    assert marked[16:28, 3:15].sum() > 0.8 * marked.sum()
    assert torch.allclose(explainer(name).explain(asked), found)


@pytest.mark.parametrize("name", NAMES)
def test_random_weights_change_the_map(name: str) -> None:
    """The sanity check of Adebayo et al. 2018: a map of the picture alone would stay the same."""
    torch.set_num_threads(1)
    method = method_named("mesonet")()
    torch.manual_seed(5)
    network = method.network()
    picture = torch.from_numpy(np.array(_portrait().resize((256, 256)))).permute(2, 0, 1)[None]
    asked = Asked(method, network, {"face": picture, "label": torch.ones(1)}, "face")
    settings = {"step": 0.2} if name == "occlusion" else {}
    one = explainer(name, **settings)
    same = likeness(one, asked, lambda: network)
    other = [likeness(one, asked, partial(random_network, method, seed)) for seed in (0, 1)]
    assert same == pytest.approx(1)
    assert min(other) < 0.7


def test_what_integrated_gradients_add_up_to() -> None:
    asked = spotted()
    found = explainer("integrated-gradients", steps=200).explain(asked)
    with torch.no_grad():
        gained = asked.score(asked.seen) - asked.score(torch.zeros_like(asked.seen))
    assert float(found.sum()) == pytest.approx(float(gained), rel=0.02)


def test_a_layer_can_be_named_and_one_that_is_not_there_is_said() -> None:
    asked = spotted()
    named = explainer("grad-cam", layer="look").explain(asked)
    assert torch.equal(named, explainer("grad-cam").explain(asked))
    with pytest.raises(ModelError, match="no module 'lok'"):
        explainer("grad-cam", layer="lok").explain(asked)
    method: Any = Plain()

    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, picture: Tensor) -> dict[str, Tensor]:
            return {"logit": self.weight * picture.mean((1, 2, 3))}

    with pytest.raises(ModelError, match="Use integrated-gradients"):
        explainer("grad-cam").explain(Asked(method, Flat(), {"picture": asked.seen}, "picture"))


def test_the_strongest_place_is_in_pixels_of_the_picture() -> None:
    values = np.zeros((10, 10), np.float32)
    values[2:4, 6] = 1.0
    view = View(Box(100, 50, 200, 100), 10, 10)
    assert strongest(values, view, 0.02) == Box(220, 70, 20, 20)
    assert strongest(-values, view) is None


def _portrait() -> Image.Image:
    return Image.open(ROOT / "examples" / "astronaut.jpg").convert("RGB").crop((120, 0, 340, 220))


@pytest.mark.parametrize("name", NAMES)
def test_a_user_gets_a_picture_and_numbers(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    _portrait().save(tmp_path / "face.png")
    torch.manual_seed(5)
    torch.save(method_named("mesonet")().network().state_dict(), tmp_path / "weights.pt")
    quick = ["--set", "step=0.2"] if name == "occlusion" else []
    with pytest.raises(SystemExit) as ended:
        main(["explain", str(tmp_path / "face.png"), "--detector", "mesonet", "--weights",
              str(tmp_path / "weights.pt"), "--by", name, "--out", str(tmp_path / "map.svg"),
              "--json", *quick])  # fmt: skip
    assert not ended.value.code
    said = json.loads(capsys.readouterr().out)
    assert said["by"] == name
    assert abs(said["likeness_to_random"]) <= 1
    drawing = (tmp_path / "map.svg").read_text()
    assert drawing.startswith("<svg")
    assert drawing.count("<image") == 2
    assert "http" not in drawing.replace("http://www.w3.org/2000/svg", "")
    if said["strongest"]:
        left, top, width, height = said["strongest"]
        assert left > -100
        assert top > -100
        assert width > 0
        assert height > 0


def test_what_cannot_be_explained_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weights.pt").write_bytes(b"")
    for detector, by, said in (
        ("aasist", "occlusion", "does not judge pictures alone"),
        ("mesonet", "gradcam", "Did you mean 'grad-cam'"),
    ):
        torch.manual_seed(0)
        kind = method_named(detector)
        torch.save(kind().network().state_dict(), tmp_path / "weights.pt")
        _portrait().save(tmp_path / "face.png")
        with pytest.raises(SystemExit) as ended:
            main(["explain", str(tmp_path / "face.png"), "--detector", detector, "--weights",
                  str(tmp_path / "weights.pt"), "--by", by])  # fmt: skip
        assert ended.value.code == 4
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
