"""ASCFormer against the authors' network (DrLuo/RTM 7327718), mmcv and natten by definition."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask import registry
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.rtm.convert import renamed
from unmask.detectors.image.rtm.crops import Crops
from unmask.detectors.image.rtm.hub import Select, misread
from unmask.detectors.image.rtm.loss import contrast, drawn, remembered
from unmask.detectors.image.rtm.method import RtmMethod
from unmask.detectors.image.rtm.neighbourhood import Cross, Neighbourhood, around
from unmask.errors import DataError
from unmask.nn.contrast import supervised_contrast
from unmask.train.method import fitted
from unmask.train.recipe import read_recipe

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)
GOLDEN = np.load(HERE / "golden.npz")
NARROW = {
    **RtmMethod.small,
    "backbone_config": {
        "widths": (8, 16, 40, 64),
        "depths": (1, 1, 1, 1),
        "heads": (1, 2, 5, 8),
        "decoder": 16,
    },
    "stride": 4,
    "joins": 1,
    "before": True,
}
"""All four stages, where the small form has one."""


def checkpoint() -> dict[str, torch.Tensor]:
    made = filled(NAMES["small"])
    for name in made:
        if name.endswith("gate_para"):
            made[name] = torch.tensor(0.7)  # a gate that lets something in
    return made


def off(ours: torch.Tensor, theirs: Any) -> float:
    return float(np.abs(ours.detach().numpy() - theirs).max())


@pytest.fixture(scope="module")
def network() -> Any:
    method = RtmMethod(NARROW)
    network = method.network().eval()
    network.load_state_dict(method.convert(checkpoint()))
    return network


def test_made_weights(network: Any) -> None:
    """A picture whose sides are no multiples of anything; of the map the padding is cut off.

    The authors' network was given error levels of a save that rounds elsewhere than libjpeg does:
    what they differ by is kept beside its maps.
    """
    picture = noise((1, 3, 180, 200), 4, 0, 255).round()
    other = network.levels(picture) + torch.from_numpy(GOLDEN["levels_off"]).float()
    with torch.no_grad(), patch.object(network.levels, "forward", return_value=other):
        maps = network.maps(picture)
        for place, map_ in enumerate(maps):
            assert off(map_[:, ::4, ::3, ::3], GOLDEN[f"map{place}"]) < 1e-4
        features = network.head.contrast(network.head.joined(maps))
        assert off(features[:, ::8, ::6, ::6], GOLDEN["feats"]) < 1e-4
        mask = network(picture)["mask"]
    assert mask.shape == (1, 180, 200)
    assert off(mask[:, ::5, ::5], GOLDEN["mask"]) < 1e-4


def test_the_contrast_is_theirs() -> None:
    features = noise((1500, 128), 9)
    label = torch.cat([torch.ones(700), torch.zeros(800)])
    assert off(0.05 * supervised_contrast(features, label), GOLDEN["supcon"]) < 1e-4
    taken = [features[700:], features[:700]]
    empty = [features[:0]] * 2
    assert off(0.05 * contrast(taken, empty, 512), GOLDEN["supcon"]) < 1e-4
    assert contrast(taken, empty, 701) == 0  # fewer edited places than it takes


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = RtmMethod().network()
        found = fitted(network, renamed(theirs), "rtm", ("kept",))
    assert set(found) == set(network.state_dict())


def heard(layer: torch.nn.Module, map_: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """What cells of a map (B, H, W, C) hear of another."""
    near = around(*map_.shape[1:3])
    with torch.no_grad():
        result: torch.Tensor = layer(map_.flatten(1, 2), other.flatten(1, 2), near)
    return result.reshape(map_.shape)


def test_a_cell_hears_its_neighbours_only() -> None:
    """A change five cells away says nothing; at the rim the square of 5 is moved inwards."""
    torch.manual_seed(0)
    layer = Neighbourhood(8, 2)
    map_ = torch.randn(1, 13, 13, 8)
    changed = map_.clone()
    changed[0, 6, 5] += 1
    moved = (heard(layer, map_, changed) - heard(layer, map_, map_)).abs().sum(-1)[0] > 1e-6
    rows, columns = torch.nonzero(moved, as_tuple=True)
    assert (rows.min(), rows.max()) == (4, 8)
    assert (columns.min(), columns.max()) == (3, 7)
    changed = map_.clone()
    changed[0, 6, 0] += 1
    moved = (heard(layer, map_, changed) - heard(layer, map_, map_)).abs().sum(-1)[0] > 1e-6
    assert torch.nonzero(moved)[:, 1].unique().tolist() == [0, 1, 2]


def test_the_traces_are_let_in_by_a_gate_that_is_shut_at_the_start() -> None:
    torch.manual_seed(0)
    cross = Cross(8, 2)
    map_ = torch.randn(1, 6, 6, 8)
    first, second = (heard(cross, map_, torch.randn(1, 6, 6, 8)) for _ in range(2))
    torch.testing.assert_close(first, second)


def test_a_trace_is_weighed_by_how_a_cell_is_like_the_others() -> None:
    """Shares sum to 1; a patch that stands out changes the shares where it lies."""
    torch.manual_seed(1)
    select = Select(8, 2, 1)
    alike = torch.ones(1, 8, 12, 12)
    edited = alike.clone()
    edited[..., 3:8, 3:8] = torch.randn(8)[:, None, None] * 3
    with torch.no_grad():
        even, uneven = select([alike, alike]), select([alike, edited])
    torch.testing.assert_close(uneven.sum(0), torch.ones(1, 12, 12))
    assert even[0, 0, 4:7, 4:7].std() < 1e-5
    assert (uneven[0, 0, 5, 5] - uneven[0, 0, 10, 10]).abs() > 1e-3


def test_weighed_maps_go_on_misread_as_in_the_authors_program() -> None:
    map_ = torch.arange(24.0).reshape(1, 4, 2, 3)
    scrambled = misread(map_)
    assert scrambled.shape == map_.shape
    assert scrambled[0, :, 0, 0].tolist() == [0, 1, 2, 3]  # a row of places, not of channels


def test_points_of_the_contrast() -> None:
    """Where edited places are few, others fill up; what was not taken is kept first."""
    features = torch.arange(64.0).reshape(1, 1, 8, 8)
    target = torch.zeros(1, 16, 16)
    target[:, :4, :4] = 1  # four of 64 places
    target[:, 12:] = -1  # not known: 16 places
    taken, left = drawn(features, target, 10)
    assert [len(one) for one in taken] == [16, 4]
    assert [len(one) for one in left] == [28, 0]
    assert set(taken[1].flatten().tolist()) == {0, 1, 8, 9}
    kept = remembered(taken[0], left[0], 30)
    assert len(kept) == 30
    torch.testing.assert_close(kept[:28], left[0])


def test_a_step_remembers_its_points_for_the_next() -> None:
    method = RtmMethod(RtmMethod.small)
    network: Any = method.network().train()
    assert network.kept_number.tolist() == [0, 0]
    method.loss(network, method.example())
    assert network.kept_number.tolist() == [16, 16]
    assert network.kept.abs().sum() > 0


class _One(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    def __init__(self, side: int) -> None:
        self.side = side

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        place = torch.arange(self.side)
        picture = (place[:, None] * 1000 + place[None]).float().expand(3, -1, -1)
        mask = torch.zeros(self.side, self.side)
        mask[:64] = 1
        return {
            "picture": picture,
            "mask": mask,
            "masked": torch.tensor(1.0),
            "label": torch.tensor(1.0),
        }


def test_parts_begin_on_the_grid_of_the_save() -> None:
    crops = Crops(_One(320), 160, seed=0)
    for i in range(len(crops)):
        item = crops[i]
        first = item["picture"][0, 0, 0]
        row, column = int(first) // 1000, int(first) % 1000
        step = item["picture"][0, 1, 1] - first
        down = 1 if step > 0 else -1
        assert (row if down > 0 else 319 - row) % 16 == 0
        right = 1 if item["picture"][0, 0, 1] > first else -1
        assert (column if right > 0 else 319 - column) % 16 == 0
        assert item["label"] == float((item["mask"] > 0.5).any())


def test_in_a_map_of_few_cells_each_sees_them_all() -> None:
    torch.manual_seed(0)
    layer = Neighbourhood(8, 2)
    map_ = noise((1, 3, 4, 8), 7)
    found = heard(layer, map_, map_)[0, 1, 2]
    with torch.no_grad():
        query = layer.query(map_[0, 1, 2]).reshape(2, 4) / 2
        keys, values = layer.key_value(map_[0]).reshape(12, 2, 2, 4).unbind(1)
        places = layer.place[:, 3:6, 2:6].reshape(2, 12)  # from one row above, two columns left
        shares = ((query * keys).sum(-1).T + places).softmax(1)
        wanted = layer.out(torch.einsum("hn,nhc->hc", shares, values).flatten())
    torch.testing.assert_close(found, wanted)


def test_a_small_picture_is_filled_with_what_counts_for_nothing() -> None:
    item = Crops(_One(100), 160, seed=0)[0]
    assert item["picture"].shape == (3, 160, 160)
    assert (item["mask"] == -1).sum() == 160 * 160 - 100 * 100
    assert item["picture"][:, 150, 150].tolist() == [124, 116, 104]


def test_training_needs_masks(tmp_path: Path) -> None:
    items = tuple(Item(name, name, "a.png", "image", 1, split="train") for name in "ab")
    recipe = read_recipe(registry.recipes()["rtm"])
    with pytest.raises(DataError, match="mask"):
        RtmMethod().samples(Manifest(tmp_path, items), "train", recipe)


def test_pictures_of_eight_bits_are_taken_as_training_hands_them_over(network: Any) -> None:
    picture = noise((1, 3, 64, 96), 5, 0, 255).round()
    with torch.no_grad():
        torch.testing.assert_close(network(picture.byte())["mask"], network(picture)["mask"])
