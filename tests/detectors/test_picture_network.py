"""The picture detector's network, its samples and the pictures they are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
import torch
from PIL import Image

from unmask.datasets.whole_files import listing
from unmask.detectors.image.unmask_picture import model
from unmask.detectors.image.unmask_picture.blocks import Blocks, contrast
from unmask.detectors.image.unmask_picture.cases import Cases
from unmask.detectors.image.unmask_picture.pairs import Pairs, last_chain, window
from unmask.detectors.image.unmask_picture.photos import (
    Photo,
    Pool,
    all_photos,
    random_tile,
    read,
    video_frames,
)
from unmask.detectors.image.unmask_picture.protocols import drawn
from unmask.detectors.image.unmask_picture.training import PictureTask
from unmask.errors import DataError
from unmask.forge.operations import jpeg
from unmask.forge.resynth import Autoencoder, Generators, Plan
from unmask.train.recipe import Recipe
from unmask.types import Pixels

SETTINGS = {
    "tile": 112,
    "processed": 0.3,
    "pages": 0.1,
    "shares": {"edited": 0.4, "inpainted": 0.2, "generated": 0.3, "third-party": 0.1},
    "sources": {"made": 1.0},
    "third_party": {"strange": 1.0},
    "third_party_reals": {"made": 1.0},
}


def photo(seed: int, height: int, width: int) -> Pixels:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(20, 235, (9, 9, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of twelve pictures in the real layout."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for number in range(12):
        source = "strange" if number >= 9 else "made"
        path = Path("images") / source / f"{number}.png"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo(number, 150 + 20 * number, 260)).save(folder / path)
        rows.append(
            {
                "path": str(path),
                "kind": "image",
                "label": "fake" if source == "strange" else "real",
                "group": f"{source}:{number}",
                "split": "dev" if number == 0 else "train",
                "method": "test",
            }
        )
    rows.append({"path": "audio/x.flac", "kind": "audio", "label": "real"})
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "manifest.jsonl").write_text(lines, encoding="utf-8")
    return folder


def pairs(data: Path, count: int = 24) -> Pairs:
    torch.manual_seed(0)
    made = Generators({"x": Autoencoder(Plan("x", "nearest", 1, 4, width=8)).eval()})
    photos = [p for p in all_photos(data, data / "no packages") if p.source != "packaged"]
    return Pairs(photos, made, SETTINGS, count, seed=3)


def test_constrained_kernels_predict_the_centre_from_its_neighbours() -> None:
    kernels = model.Residuals().constrained()
    assert kernels.shape == (6, 3, 5, 5)
    np.testing.assert_allclose(kernels.sum((2, 3)).detach(), 0, atol=1e-5)
    np.testing.assert_allclose(kernels[..., 2, 2].detach(), -1 / 3)


def test_a_flat_picture_leaves_no_residual() -> None:
    residuals = model.Residuals().eval()
    one, two = (residuals(torch.full((1, 3, 32, 32), level)) for level in (20.0, 200.0))
    torch.testing.assert_close(one, two, atol=1e-3, rtol=1e-3)


def test_a_save_leaves_its_grid_where_its_blocks_begin() -> None:
    grain = np.random.default_rng(0).normal(0, 12, (112, 112, 1))
    pixels = np.clip(photo(3, 112, 112) + grain, 0, 255).astype(np.uint8)
    rolled = np.roll(jpeg(pixels, 40), (3, 5), (0, 1))
    tile = torch.from_numpy(rolled).permute(2, 0, 1)[None].float()
    phases = Blocks().features(tile)[0, :64, 2:-2, 2:-2].mean((1, 2)).reshape(8, 8)
    # A step between blocks lies before pixels 3 and 5; four blocks meet at their crossing.
    assert int(phases.mean(1).argmax()) == 2
    assert int(phases.mean(0).argmax()) == 4


def test_a_quantiser_shows_in_the_comb_of_its_step() -> None:
    values = torch.zeros(1, 3, 112, 112)
    blocks = Blocks()
    kernel = blocks.get_buffer("cosines")[1, 0]
    rng = np.random.default_rng(1)
    for row in range(14):
        for column in range(14):
            level = 12.0 * int(rng.integers(1, 5))
            at = np.s_[0, :, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]
            values[at] = 128 + level * kernel
    combs = blocks.features(values)[0, 127 : 127 + 11].mean((1, 2))
    assert float(combs[8]) > 0.95  # steps of 12
    assert float(combs[10]) < 0.6  # steps of 24 fit only half of the levels


def test_contrast_is_zero_where_all_is_alike_and_high_where_one_cell_differs() -> None:
    flat = torch.full((1, 2, 14, 14), 5.0)
    np.testing.assert_allclose(contrast(flat), 0, atol=1e-4)
    flat[0, 0, 3, 4] = 9.0
    odd = contrast(flat)
    assert float(odd[0, 0, 3, 4]) > 8
    assert float(odd[0, 1].abs().max()) < 1e-4


def test_fixed_kernels_see_one_channel_each() -> None:
    fixed = model.Residuals().get_buffer("fixed")
    used = fixed.abs().sum((2, 3)) > 0
    assert used.sum(1).tolist() == [1] * 9
    np.testing.assert_allclose(fixed.sum((1, 2, 3)), 0, atol=1e-6)


def test_shapes_and_blanked_colour() -> None:
    network = model.network(pretrained=False).eval()
    tiles = torch.rand(2, 3, 112, 112) * 255
    logits, mask = network(tiles)
    assert logits.shape == (2, 2)
    assert mask.shape == (2, 14, 14)
    blank, _ = network(tiles, torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(blank[0], logits[0])
    assert not torch.allclose(blank[1], logits[1])


def test_without_early_the_first_stages_get_no_gradient() -> None:
    network = model.network(pretrained=False)
    logits, mask = network(torch.rand(2, 3, 112, 112) * 255, early=False)
    (logits.sum() + mask.sum()).backward()
    assert all(
        p.grad is None for p in [*network.residuals.parameters(), *network.early.parameters()]
    )
    assert all(p.grad is not None for p in network.late.parameters())


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(DataError, match="EfficientNet-Lite0"):
        model.renamed({"a": torch.zeros(3)}, {"b": torch.zeros(4)})


def task(init: Path) -> PictureTask:
    made = PictureTask.__new__(PictureTask)
    made.recipe = Recipe(name="x", task="x:x", init=str(init), samples=32, validate_every=1)
    made.earlier = init
    return made


def test_a_run_begins_from_earlier_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    earlier = model.network(pretrained=False)
    torch.save(earlier.state_dict(), tmp_path / "best.pt")
    network = task(tmp_path / "best.pt").network()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, earlier.state_dict()[name])


def test_weights_of_another_network_are_said(tmp_path: Path) -> None:
    torch.save({"strange": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(DataError, match="another network"):
        task(tmp_path / "other.pt").network()
    with pytest.raises(DataError, match="no checkpoint"):
        task(tmp_path / "none.pt").network()


def test_the_loss_leaves_out_what_is_not_drawn() -> None:
    logits, cells = torch.zeros(2, 2), torch.randn(2, 4, 4)
    labels, weights = torch.zeros(2, 2), torch.ones(2, 2)
    target = torch.zeros(2, 4, 4)
    one, _ = model.loss(logits, cells, labels, weights, target, torch.tensor([1.0, 0.0]))
    cells[1] += 5
    two, parts = model.loss(logits, cells, labels, weights, target, torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(one, two)
    assert parts["claims"] == pytest.approx(np.log(2))


def test_items_repeat_and_differ(data: Path) -> None:
    first, second = pairs(data), pairs(data)
    for name, value in first[5].items():
        torch.testing.assert_close(value, second[5][name])
    assert not torch.equal(first[5]["tile"], first[6]["tile"])


def test_labels_and_masks_agree(data: Path) -> None:
    made = pairs(data)
    kinds = set()
    for index in range(len(made)):
        item = made[index]
        kind = made.kinds[int(item["kind"][0])]
        kinds.add(kind)
        assert item["tile"].shape == (2, 112, 112, 3)
        assert item["labels"][0].tolist() == [0, 0]
        assert not item["mask"][0].any()
        whole = kind in ("generated", "third-party")
        assert item["labels"][1].tolist() == ([0, 1] if whole else [1, 0])
        assert bool(item["mask"][1].any()) is not whole
        assert item["drawn"].tolist() == [1, 0 if whole else 1]
    assert len(kinds) >= 3


def test_the_manifest_is_read_and_split_by_group(data: Path) -> None:
    photos = all_photos(data, data / "no packages")
    own = [p for p in photos if p.source != "packaged"]
    assert len(own) == 12
    assert [p.part for p in own if p.group == "made:0"] == ["dev"]
    assert {p.part for p in own} <= {"train", "calibration", "dev"}
    assert {p.source for p in own if p.label} == {"strange"}


@pytest.mark.parametrize("size", [(200, 200), (120, 112), (112, 112)])
def test_a_window_holds_some_of_the_mask(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = np.zeros(size, np.uint8)
        y, x = int(rng.integers(size[0] - 6)), int(rng.integers(size[1] - 6))
        mask[y : y + 6, x : x + 6] = 1
        top, left = window(mask, 112, rng)
        assert 0 <= top <= size[0] - 112
        assert 0 <= left <= size[1] - 112
        assert mask[top : top + 112, left : left + 112].any()


def test_some_pictures_stay_as_they_are_and_most_do_not() -> None:
    rng = np.random.default_rng(0)
    empty = [not last_chain(rng).steps for _ in range(300)]
    assert 0.1 < np.mean(empty) < 0.3


def test_no_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.jsonl"):
        all_photos(tmp_path)


def test_sources_that_are_not_there_are_said() -> None:
    with pytest.raises(DataError, match="sources"):
        Pool([], {"made": 1.0})


def test_packaged_photos_are_found_under_a_root(tmp_path: Path, data: Path) -> None:
    name = "usr/share/backgrounds/mate/nature/Blinds.jpg"
    (tmp_path / name).parent.mkdir(parents=True)
    Image.fromarray(photo(1, 80, 90)).save(tmp_path / name)
    found = [p for p in all_photos(data, tmp_path) if p.path.is_relative_to(tmp_path)]
    assert [p.source for p in found] == ["packaged"]
    assert read(found[0]).shape == (80, 90, 3)


@pytest.mark.parametrize("size", [(40, 60), (112, 112), (130, 700), (900, 640)])
def test_a_tile_comes_out_of_any_picture(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(6):
        assert random_tile(photo(1, *size), 112, rng).shape == (112, 112, 3)


def test_tiles_of_full_size_mostly_begin_on_the_grid() -> None:
    rows, columns = np.mgrid[:240, :250]
    numbered = np.stack([rows, columns, rows], 2).astype(np.uint8)
    rng = np.random.default_rng(0)
    aligned = whole = 0
    for _ in range(200):
        tile = random_tile(numbered, 112, rng)
        steps = np.diff(tile[:, 0, 0].astype(int))
        if (steps == 1).all() and abs(int(tile[0, -1, 1]) - int(tile[0, 0, 1])) == 111:
            whole += 1
            left = min(int(tile[0, 0, 1]), int(tile[0, -1, 1]))
            aligned += int(tile[0, 0, 0] % 8 == 0 and left % 8 == 0)
    assert whole > 50
    assert 0.5 < aligned / whole < 0.9


def test_sources_are_drawn_by_weight() -> None:
    photos = [
        Photo(Path(f"{source}{n}"), source, f"{source}{n}", "train", 0, "")
        for source, count in (("many", 50), ("few", 2))
        for n in range(count)
    ]
    pool = Pool(photos, {"many": 0.5, "few": 0.5, "absent": 1.0})
    rng = np.random.default_rng(0)
    drawn = [pool.draw(rng).source for _ in range(400)]
    assert 150 < drawn.count("few") < 250


def test_frames_come_from_real_videos_at_their_second(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(30):
            pixels = np.full((48, 64, 3), 8 * index, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        out.mux(stream.encode())
    rows = [
        {"path": "a.mp4", "kind": "video", "label": label, "group": "g", "method": "m"}
        for label in ("real", "fake")
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "manifest.jsonl").write_text(lines, encoding="utf-8")
    found = video_frames(tmp_path, (0.5, 2.0))
    assert [photo.part for photo in found] == ["dev", "dev"]
    assert len({photo.item_id for photo in found}) == 2
    early, late = (float(read(photo).mean()) for photo in found)
    assert early == pytest.approx(40, abs=6)
    assert late == pytest.approx(160, abs=6)


def test_a_protocol_that_does_not_exist_is_said() -> None:
    with pytest.raises(DataError, match="No protocol is called 'nothing'"):
        drawn(cast("Cases", None), "nothing")


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gathered photographs of twenty repositories, and one forged."""
    rows = []
    for number in range(21):
        name = f"real/owner_{number}/x.png"
        path = tmp_path / "more" / "gathered" / name
        path.parent.mkdir(parents=True)
        Image.fromarray(photo(number, 700, 800)).save(path)
        rows.append(
            {
                "path": name,
                "kind": "image",
                "label": "fake" if number == 20 else "real",
                "family": "generated" if number == 20 else "",
                "maker": "",
                "source": f"owner/{number}",
                "original": "x.png",
                "git": "",
                "group": name,
            }
        )
    monkeypatch.setattr(listing, "gathered", lambda: rows)
    monkeypatch.setattr(listing, "sources", lambda: ())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "more"


def test_gathered_photographs_join_and_some_sources_are_kept(data: Path, more: Path) -> None:
    found = [p for p in all_photos(data, data / "none", more) if p.source == "gathered"]
    assert {p.origin for p in found} == {f"owner/{number}" for number in range(20)}
    for one in found:
        assert (one.part == "dev") == listing.kept_from_training(one.origin)
    assert 1 <= sum(one.part == "dev" for one in found) <= 12


def test_a_pool_draws_the_origins_of_a_source_evenly() -> None:
    many = [Photo(Path(f"{n}"), "g", f"{n}", "train", 0, "", origin="many") for n in range(90)]
    one = Photo(Path("x"), "g", "x", "train", 0, "", origin="one")
    pool = Pool([*many, one], {"g": 1.0})
    rng = np.random.default_rng(0)
    share = np.mean([pool.draw(rng).origin == "one" for _ in range(400)])
    assert 0.4 < share < 0.6


def test_large_pictures_are_mapped_and_equal(data: Path, more: Path, tmp_path: Path) -> None:
    one = next(p for p in all_photos(data, data / "none", more) if p.origin == "owner/3")
    np.testing.assert_array_equal(read(one), photo(3, 700, 800))
    kept = list((tmp_path / "cache" / "unmask" / "decoded").iterdir())
    assert len(kept) == 1
    np.testing.assert_array_equal(np.load(kept[0]), photo(3, 700, 800))


def test_learned_kernels_come_back_from_an_exported_constant() -> None:
    was, now = model.Residuals(), model.Residuals()
    constant = torch.cat([was.get_buffer("fixed"), was.constrained()]).detach()
    now.recall({"other": torch.zeros(2, 2), "cat_2": constant})
    torch.testing.assert_close(now.constrained(), was.constrained(), atol=1e-6, rtol=1e-5)
    with pytest.raises(DataError, match="learned kernels"):
        now.recall({"other": torch.zeros(2, 2)})
