"""What holds for every published method: found by looking, so a new folder is tested as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch import Tensor, nn
from torch.onnx._internal.exporter._registration import ONNXRegistry

from unmask import registry
from unmask.cards.card import read_card
from unmask.forge.changes import read_changes
from unmask.plugins import GROUP
from unmask.scanning import scan
from unmask.train.export import to_onnx
from unmask.train.loop import laid_out
from unmask.train.method import Batch, Method, method_named
from unmask.train.methods import MethodTask
from unmask.train.optimisers import make_optimiser
from unmask.train.recipe import read_recipe, resolve
from unmask.train.shelving import write_card

NAMES = registry.methods()
ROOT = Path(__file__).parents[2]
HERE = "tests/contract/test_methods.py"


@pytest.fixture(scope="module", autouse=True)
def _one_table_of_operators() -> Iterator[None]:
    """The exporter makes its table of operators, some thousand, anew for every file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ONNXRegistry, "from_torchlib", staticmethod(cache(ONNXRegistry.from_torchlib))
        )
        yield


@pytest.fixture(params=NAMES, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    torch.set_num_threads(1)
    return str(request.param)


def made(name: str) -> Method:
    """The method, in its small form where it has one."""
    kind = method_named(name)
    return kind(kind.small)


@pytest.fixture
def method(name: str) -> Method:
    return made(name)


@lru_cache(maxsize=1)
def fresh(name: str) -> nn.Module:
    """A network that tests may look at and must not change."""
    torch.manual_seed(0)
    return made(name).network()


@lru_cache(maxsize=1)
def outputs(name: str) -> dict[str, Tensor]:
    with torch.no_grad():
        method = made(name)
        return method.run(fresh(name).eval(), method.example())


def test_something_is_listed() -> None:
    assert NAMES


def test_the_card_is_complete(name: str) -> None:
    path = registry.detector_card(name)
    card = read_card(path)
    assert card.name == path.parent.name == name
    assert card.repository.startswith("https://")
    assert card.code_licence
    assert any(source.url and source.authors and source.year for source in card.sources)
    assert all(len(limit) > 40 for limit in card.limits)
    assert card.outputs[0].name == "logit"
    for part in card.inputs:
        assert part.take, f"{part.name}: the card must say what is taken"
        assert part.shape[0] == "batch"
        scaled = part.take in ("face", "picture", "clip", "frames")
        if scaled and part.fit not in ("crop", "free"):
            assert part.filter, f"{part.name}: the card must name the filter that scales it"
    variants = method_named(name).variants
    for entry in card.published:
        assert entry.variant in variants
        assert entry.licence
        assert entry.url.startswith("https://")
    if not card.published:
        assert any("published" in limit or "weights" in limit for limit in card.limits)


def test_documentation_exists(name: str) -> None:
    text = (registry.detector_card(name).parent / "README.md").read_text(encoding="utf-8")
    assert len(text) > 500
    assert "unmask train" in text


def test_the_recipe_is_the_papers(name: str) -> None:
    recipe = read_recipe(registry.recipes()[name])
    assert recipe.name == name
    assert resolve(recipe.task) is MethodTask
    assert recipe.evaluation == ""
    made = method_named(name)
    made(recipe.settings)  # its variant is known
    read_changes(recipe.settings.get("augment", {}).get("changes", {}))
    if recipe.optimiser.shares:  # parts that have a rate of their own are there
        groups = make_optimiser(made(dict(made.small)).network(), recipe.optimiser).param_groups
        assert {group["share"] for group in groups} >= set(recipe.optimiser.shares.values())


def test_the_network_gives_what_the_card_says(method: Method, name: str) -> None:
    example = method.example(batch=2)
    assert example["label"].shape == (2,)
    assert example["label"].dtype.is_floating_point
    as_on_card = True
    for part in method.card.inputs:
        value = example[part.name]
        assert value.ndim == len(part.shape), part.name
        as_on_card &= all(
            isinstance(said, str) or said == size
            for said, size in zip(part.shape, value.shape, strict=True)
        )
    given = outputs(name)
    for part in method.card.outputs:
        value = given[part.name]
        assert torch.isfinite(value).all(), part.name
        assert value.ndim == len(part.shape), part.name
        assert value.shape[0] == 2
        for said, size in zip(part.shape[1:], value.shape[1:], strict=True):
            assert isinstance(said, str) or said == size or not as_on_card, part.name
    assert given["logit"].shape == (2,)
    assert method.score(given).shape == (2,)


def test_items_of_a_batch_do_not_touch_each_other(method: Method, name: str) -> None:
    example = method.example(batch=2)
    alone = {key: value[1:] for key, value in example.items()}
    with torch.no_grad():
        second = method.run(fresh(name).eval(), alone)
    for part in method.card.outputs:
        torch.testing.assert_close(
            outputs(name)[part.name][1:], second[part.name], rtol=1e-3, atol=1e-3
        )


def loss_of(method: Method, network: nn.Module, batch: Batch) -> Tensor:
    torch.manual_seed(1)  # the same units are dropped each time
    return method.loss(network, batch)[0]


def test_one_step_reaches_every_parameter_and_lowers_the_loss(method: Method) -> None:
    torch.manual_seed(0)
    # As the loop does it: convolutions are faster in this layout, and `view` may not like it.
    network = laid_out(method.network()).train()
    batch = {
        key: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
        for key, value in method.example().items()
    }
    loss = loss_of(method, network, batch)
    assert loss.ndim == 0
    loss.backward()
    before = float(loss.detach())
    moving = {n: value for n, value in network.named_parameters() if value.requires_grad}
    assert moving
    unreached = [n for n, value in moving.items() if value.grad is None]
    assert not unreached, "declare frozen parts by requires_grad = False"
    assert all(bool(torch.isfinite(value.grad).all()) for value in moving.values())
    moved = sum(bool(value.grad.any()) for value in moving.values())
    assert moved > 0.8 * len(moving)
    length = torch.linalg.vector_norm(torch.stack([v.grad.norm() for v in moving.values()]))
    step = {n: value.grad / length for n, value in moving.items()}
    after = []
    at = 0.0
    for rate in (1e-1, 1e-2, 1e-3, 1e-4):
        with torch.no_grad():
            for n, value in moving.items():
                value.add_(step[n], alpha=at - rate)
            at = rate
            after.append(float(loss_of(method, network, batch)))
        if after[-1] < before:
            return
    raise AssertionError(f"the loss is {before}, and {after} after a step downhill")


def test_saved_weights_give_the_same_when_loaded(method: Method, name: str, tmp_path: Path) -> None:
    torch.save(fresh(name).state_dict(), tmp_path / "weights.pt")
    torch.manual_seed(5)
    other = method.network()
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    with torch.no_grad():
        again = method.run(other.eval(), method.example())
    for key, value in outputs(name).items():
        torch.testing.assert_close(again[key], value, rtol=1e-5, atol=1e-5)


def test_the_exported_file_gives_what_the_network_gives(
    method: Method, name: str, tmp_path: Path
) -> None:
    path = to_onnx(method, fresh(name), tmp_path / "weights.onnx")  # raises when it differs
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if len(method.card.inputs) == 1 and method.card.inputs[0].take in MADE:
        scanned(method, path)


def made_picture(path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    Image.fromarray(pixels).save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def made_sound(path: Path) -> Path:
    soundfile.write(path.with_suffix(".wav"), np.random.default_rng(0).normal(0, 0.1, 9000), 16000)
    return path.with_suffix(".wav")


MADE = {"picture": made_picture, "sound": made_sound}


def scanned(method: Method, onnx: Path) -> None:
    """A file is scanned with what was exported, by its card alone; a mask is shown in place."""
    card = onnx.with_name("card.toml")
    write_card(method, onnx, "own", "made", card)
    part = method.card.inputs[0]
    sizes = method.example()[part.name].shape
    said = [
        one if isinstance(one, str) else size for one, size in zip(part.shape, sizes, strict=True)
    ]
    begun, middle, rest = card.read_text(encoding="utf-8").partition("[[inputs]]")
    rest = re.sub(r"(?m)^shape = .*$", f"shape = {json.dumps(said)}", rest, count=1)
    card.write_text(begun + middle + rest, encoding="utf-8")
    (finding,) = scan(MADE[part.take](onnx), detector=str(card)).findings
    assert finding.score is not None
    assert np.isfinite(finding.score)
    if any(one.name == "sources" for one in method.card.outputs):
        named = finding.details["sources"]
        assert list(named) == list(method.described()["classes"])
        assert finding.details["source"] in {"unknown", *named}
    masked = any(one.name == "mask" for one in method.card.outputs)
    assert len(finding.where.masks) == masked


def test_a_new_folder_needs_no_edit_elsewhere(tmp_path: Path) -> None:
    """A method copied into another package and announced as a plug-in passes the same tests."""
    package = tmp_path / "elsewhere"
    folder = package / "eleventh"
    shutil.copytree(
        registry.detector_card("mesonet").parent, folder, ignore=shutil.ignore_patterns("__pyc*")
    )
    (package / "__init__.py").write_text('"""Methods of another package."""\n')
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        text = text.replace("unmask.detectors.image.mesonet", "elsewhere.eleventh")
        path.write_text(text.replace('name = "mesonet"', 'name = "eleventh"'), encoding="utf-8")
    about = tmp_path / "elsewhere-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\nelsewhere = elsewhere\n")
    paths = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    asked = ["-o", "addopts=", "-p", "no:cacheprovider", "-k", "eleventh and not exported"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *asked, HERE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 7 passed" in done.stdout, done.stdout
