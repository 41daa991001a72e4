"""The method says which figure chooses its weights, as its authors' program does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from unmask import registry
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.datasets.samples import Prepared
from unmask.detectors.audiovisual.ba_tfd_plus.loss import fused_map_loss, total_loss
from unmask.detectors.image.trufor.model import Head
from unmask.errors import DataError
from unmask.train.masks import permuted_f1
from unmask.train.method import Method, method_named
from unmask.train.methods import MethodTask
from unmask.train.optimisers import rate_share
from unmask.train.recipe import Optimiser, Recipe, read_recipe


def recipe(name: str) -> Recipe:
    return read_recipe(registry.recipes()[name])


@pytest.mark.parametrize(
    ("name", "settings", "wanted"),
    [
        ("trufor", {"phase": "localisation"}, "pixel_f1"),
        ("trufor", {"phase": "detection"}, "balanced_accuracy"),
        ("ba_tfd_plus", {}, "-map_loss"),
        ("aasist", {}, "-eer"),
        ("sbi", {}, "auc"),
    ],
)
def test_what_selects(name: str, settings: dict[str, str], wanted: str) -> None:
    assert method_named(name)(settings).selects == wanted


def test_what_is_kept_and_when_it_stops_is_the_authors() -> None:
    assert recipe("npr").keep == "last"
    assert recipe("sbi").keep == "best"
    assert recipe("ba_tfd_plus").patience == 0


def test_pixel_f1_counts_the_mask_or_its_inverse() -> None:
    target = torch.zeros(3, 2, 5)
    target[0, 0] = target[1, 0] = 1
    mask = torch.full((3, 2, 5), -1.0)
    mask[0, 0, :4] = 1  # four of five found
    mask[1, 1] = 1  # the inverse of the truth
    assert permuted_f1(mask, target).tolist() == pytest.approx([9 / 10, 1.0, 1.0])


def test_the_map_loss_is_a_number_a_video() -> None:
    method = method_named("ba_tfd_plus")(dict(method_named("ba_tfd_plus").small))
    torch.manual_seed(0)
    network, batch = method.network().eval(), method.example(3)
    with torch.no_grad():
        outputs = method.run(network, batch)
    each = fused_map_loss(outputs, batch["segments"])
    _, parts = total_loss(
        outputs, batch["segments"], batch["changed"], batch["label"],
        {"frames": 2.0, "maps": 1.0, "contrast": 0.1, "margin": 0.99},
    )  # fmt: skip
    assert each.shape == (3,)
    assert each.mean().item() == pytest.approx(parts["fused"], rel=1e-5)
    assert torch.equal(method.measured(outputs, batch)["map_loss"], each)


def pictures(folder: Path, **changes: object) -> Path:
    """Two sources, three generators of which one has six times as many items, masks for some."""
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "p.png")
    white = np.zeros((64, 64), np.uint8)
    white[:32] = 255
    Image.fromarray(white).save(folder / "m.png")
    items = [
        Item(
            f"{split} {source} {made} {n}", f"{split} {source} {made} {n}", "p.png", "image",
            int(bool(made)), generator=made, source=source, split=split, group=f"{split}{n}",
            mask="m.png" if made else "",
        )
        for split in ("train", "val")
        for source, made, count in (("A", "", 3), ("A", "x", 3), ("B", "y", 18), ("B", "z", 3))
        for n in range(count)
    ]  # fmt: skip
    items = [replace(i, **changes) if i.split == "val" else i for i in items]  # type: ignore[arg-type]
    return write_manifest(folder / "manifest.parquet", Manifest(folder, tuple(items)))


def small_trufor(path: Path) -> MethodTask:
    own = recipe("trufor")
    settings = {**own.settings, **method_named("trufor").small, "validation": 8}
    return MethodTask(own.model_copy(update={"settings": settings, "workers": 0}), path)


def test_trufor_draws_its_lists_in_equal_shares(tmp_path: Path) -> None:
    task = small_trufor(pictures(tmp_path))
    part = task.manifest.select(split="train")
    prepared = Prepared(part, task.method.card.inputs, task.recipe, train=True)
    shown = [part.items[prepared._place(i)] for i in range(400)]
    counts = dict.fromkeys((("A", ""), ("A", "x"), ("B", "y"), ("B", "z")), 0)
    for item in shown:
        counts[item.source, item.generator] += 1
    assert set(counts.values()) == {100}
    with pytest.raises(DataError, match=r'balance is .*; allowed are true, false and "lists"'):
        Prepared(
            part, task.method.card.inputs,
            task.recipe.model_copy(update={"settings": {"balance": "list"}}), train=True,
        )  # fmt: skip


class Upper(nn.Module):
    """Calls the upper half of every picture forged."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        mask = torch.full_like(picture[:, 0], -1.0)
        mask[:, : picture.shape[2] // 2] = 1
        return {"mask": mask * self.weight, "logit": mask[:, 0, 0], "confidence": mask}


def test_trufor_is_chosen_by_its_pixels(tmp_path: Path) -> None:
    task = small_trufor(pictures(tmp_path))
    found = task.validate(Upper())
    assert found["select"] == found["pixel_f1"]
    assert found["pixel_f1"] == pytest.approx(7 / 8, abs=1e-3)  # one of eight is real
    assert task.selects == "highest pixel_f1"
    blind = small_trufor(pictures(tmp_path, mask="", split="val"))
    with pytest.raises(DataError, match="chosen by pixel_f1"):
        blind.validate(Upper())


def spread(values: Tensor) -> float:
    return float(values.detach().std() * values[0].numel() ** 0.5)


def test_trufors_heads_start_as_wide_as_the_authors() -> None:
    torch.manual_seed(0)
    head = Head((64, 128, 320, 512), 512, 2)
    for layer in head.reduce:  # linear maps with torch's own start
        assert spread(layer.weight) == pytest.approx(3**-0.5, rel=0.05)
    assert spread(head.join[0].weight) == pytest.approx(2**0.5, rel=0.05)  # He's, by fan in
    assert spread(head.predict.weight) == pytest.approx(2**0.5, rel=0.15)


def test_the_rate_can_fall_by_a_power() -> None:
    rule = Optimiser(schedule="linear", power=0.9, warmup=0.0, final=0.0)
    shares = [rate_share(rule, step, 1000) for step in (1, 250, 500, 900)]
    assert shares == pytest.approx([(1 - t / 1000) ** 0.9 for t in (1, 250, 500, 900)], abs=2e-3)
    assert recipe("trufor").optimiser.power == 0.9


def test_methods_without_figures_of_their_own_measure_nothing() -> None:
    assert Method.measured(method_named("npr")(), {}, {}) == {}
