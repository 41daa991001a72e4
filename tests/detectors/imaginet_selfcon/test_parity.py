"""ImagiNet's baseline against the authors' network (delyan-boychev/imaginet d87b53a)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from official import filled, noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.imaginet_selfcon.convert import from_official
from unmask.detectors.image.imaginet_selfcon.loss import origin_and_generator, self_contrast
from unmask.detectors.image.imaginet_selfcon.method import ImagiNetMethod
from unmask.detectors.image.imaginet_selfcon.model import SelfCon
from unmask.errors import ModelError, UnknownName
from unmask.train.method import fitted, read_checkpoint
from unmask.train.recipe import Recipe

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)["shapes"]
GOLDEN = np.load(HERE / "golden.npz")
SHORT = {"backbone_config": {"layers": (1, 1, 1, 1)}}


def off(ours: torch.Tensor, theirs: Any) -> float:
    """Largest difference, relative where numbers are large."""
    gap = np.abs(ours.detach().numpy() - theirs)
    return float((gap / np.maximum(1, np.abs(theirs))).max())


@torch.no_grad()
def test_made_weights() -> None:
    method = ImagiNetMethod(SHORT)
    network = cast(SelfCon, method.network().eval())
    network.load_state_dict(method.convert(filled(NAMES["small"], gain=1.4)))
    picture = noise((2, 3, 40, 48), 5, 0, 255)
    early, features = network.exits(picture)
    assert off(early[:, ::16], GOLDEN["early"]) < 1e-4
    assert off(features[:, ::16], GOLDEN["features"]) < 1e-4
    views = network.views(early, features)
    assert off(views[:, 0], GOLDEN["view0"]) < 1e-4
    assert off(views[:, 1], GOLDEN["view1"]) < 1e-4
    outputs = network(picture)
    assert off(outputs["logit"], GOLDEN["logit"]) < 1e-4
    torch.testing.assert_close(outputs["features"], features)


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = ImagiNetMethod().network()
        assert set(fitted(network, from_official(theirs), "it")) == set(network.state_dict())


def test_both_contrasts_are_the_authors() -> None:
    views = F.normalize(noise((6, 2, 8), 9), dim=-1)
    label = torch.tensor([0.0, 1, 0, 1, 1, 1])
    generator = torch.tensor([0, 2, 0, 1, 2, 1])
    origin, generators = origin_and_generator(views, label, generator)
    assert float(origin) == pytest.approx(float(GOLDEN["origin"]), rel=1e-5)
    assert float(origin + generators) == pytest.approx(float(GOLDEN["loss"]), rel=1e-5)
    assert origin_and_generator(views[:1], label[:1], generator[:1])[1] == 0


def test_views_of_one_kind_are_drawn_together() -> None:
    """Pictures ordered by origin and generator cost least, by origin alone more."""
    axes = torch.eye(8)
    label, generator = torch.tensor([0.0, 0, 1, 1, 1, 1]), torch.tensor([-1, -1, 0, 0, 1, 1])

    def cost(places: list[int]) -> float:
        views = axes[places][:, None].expand(-1, 2, -1)
        return float(sum(origin_and_generator(views, label, generator)))

    assert cost([0, 0, 1, 1, 2, 2]) < cost([0, 0, 1, 2, 1, 2]) < cost([0, 1, 0, 1, 0, 1])
    alone = axes[[0, 1]][:, None].expand(-1, 2, -1)
    assert self_contrast(alone, torch.tensor([0, 1])) < 1e-4  # its own other view is enough


def test_the_file_holds_the_classifier_beside_the_network(tmp_path: Path) -> None:
    small = ImagiNetMethod(ImagiNetMethod.small)
    state = small.network().state_dict()
    back = {
        "exit.": "encoder.selfcon_layer.1.",
        "body.": "encoder.",
        "project_exit.": "sub_heads.0.",
        "project.": "head.",
    }
    model, classifier = {}, {}
    for name, value in state.items():
        if name.startswith("classify."):
            classifier[name.removeprefix("classify.")] = value
            continue
        begun = next(one for one in back if name.startswith(one))
        theirs = name.replace(begun, back[begun], 1).replace(".downsample.", ".shortcut.")
        model[theirs] = value
    torch.save({"model": model, "classifier": classifier}, tmp_path / "whole.pt")
    torch.save({"model": model}, tmp_path / "half.pt")
    read = small.convert(read_checkpoint(tmp_path / "whole.pt"))
    assert all(read[name].equal(value) for name, value in state.items())
    with pytest.raises(ModelError, match=r"lacks 'classify\."):
        small.convert(read_checkpoint(tmp_path / "half.pt"))
    head = ImagiNetMethod({**ImagiNetMethod.small, "learn": "head"})
    network = head.network().train()
    network.load_state_dict(head.convert(read_checkpoint(tmp_path / "half.pt")))
    head.loss(network, head.example())[0].backward()
    moved = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert moved == {"classify"}
    with pytest.raises(UnknownName):
        ImagiNetMethod({"learn": "nothing"})


def test_generators_of_the_manifest_are_the_classes(tmp_path: Path) -> None:
    items = []
    for number, generator in enumerate(("", "sdxl", "", "gan")):
        pixels = np.full((64, 64, 3), 60 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        items.append(
            Item(f"{number}", f"{number}", f"{number}.png", "image", int(bool(generator)),
                 generator=generator, split="train")
        )  # fmt: skip
    settings = {**ImagiNetMethod.small, "crop": 24}
    recipe = Recipe(name="i", task="a:b", samples=8, batch=2, validate_every=2, settings=settings)
    method = ImagiNetMethod(settings)
    entries = method.samples(Manifest(tmp_path, tuple(items)), "train", recipe)
    seen = {
        (float(entry["label"]), int(entry["generator"]), int(entry["picture"][0, 0, 0]))
        for entry in (entries[i] for i in range(8))
    }
    assert seen == {(0.0, -1, 0), (0.0, -1, 120), (1.0, 1, 60), (1.0, 0, 180)}
    assert entries[0]["picture"].shape == (3, 24, 24)
