"""Recipes that are copied, changed and read back, and items that a run is trained on alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from unmask import registry
from unmask.cli.app import main
from unmask.datasets.choosing import chosen, where_of
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError, SettingError, UnknownName
from unmask.train.methods import MethodTask
from unmask.train.recipe import Recipe, changed, read_recipe
from unmask.train.run_folder import RunFolder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process: exit code, output, errors."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def official(folder: Path) -> Path:
    """Face pictures as FaceForensics++ names them, FaceShifter and two compressions among them."""
    Image.new("RGB", (64, 64), (90, 80, 70)).save(folder / "face.png")
    items = [
        Item(
            f"{split} {made} {condition}", f"{split} {made} {condition}", "face.png", "image",
            int(bool(made)), generator=made, group=f"{split} {made}", split=split,
            condition=condition, source="FaceForensics++", face=(8.0, 8.0, 48.0, 48.0),
        )
        for split in ("train", "val")
        for made in ("", "Deepfakes", "Face2Face", "FaceShifter")
        for condition in ("c23", "c40")
    ]  # fmt: skip
    return write_manifest(folder / "manifest.parquet", Manifest(folder, tuple(items)))


def test_where_chooses_generators_and_leaves_the_reals(tmp_path: Path) -> None:
    path = official(tmp_path)
    recipe = Recipe(
        name="ucf", task="unmask.train.methods:MethodTask", samples=4, batch=2, validate_every=4,
        where=where_of(["generator=!faceshifter", "condition=C23"]),
    )  # fmt: skip
    kept = MethodTask(recipe, path).manifest
    assert {item.generator for item in kept} == {"", "Deepfakes", "Face2Face"}
    assert {item.condition for item in kept} == {"c23"}
    assert len(MethodTask(recipe, path).samples()) == 4  # type: ignore[arg-type]
    few = MethodTask(changed(recipe, where=where_of(["generator=Deepfakes"])), path).manifest
    assert {item.generator for item in few} == {"", "Deepfakes"}
    with pytest.raises(DataError, match="--where 'generator=!FaceShifter'"):
        MethodTask(changed(recipe, where={}), path).samples()


def test_a_choice_that_leaves_nothing_says_what_there_is(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path, (
        Item("a", "a", "a.png", "image", 1, generator="Deepfakes"),
        Item("b", "b", "b.png", "image", 0),
    ))  # fmt: skip
    with pytest.raises(DataError, match=r"No forged item fits generator=FSGAN\..*'Deepfakes'"):
        chosen(manifest, where_of(["generator=FSGAN"]))
    with pytest.raises(UnknownName, match="Did you mean 'generator'"):
        chosen(manifest, where_of(["generater=FSGAN"]))
    for text in ("generator", "=x"):
        with pytest.raises(SettingError, match="use FIELD=PATTERN"):
            where_of([text])


def test_where_is_refused_where_it_would_choose_nothing(run: Run, tmp_path: Path) -> None:
    code, _, said = run(
        "train", "unmask_face", "--data", tmp_path, "--out", tmp_path / "out", "--where", "split=x"
    )
    assert code == 4
    assert "'where' could choose" in said


def test_a_recipe_is_copied_with_its_comments_and_never_over_a_file(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "own.toml"
    code, out, _ = run("recipe", "copy", "ucf", "--out", path, "--json")
    assert code == 0
    assert json.loads(out) == {"recipe": "ucf", "path": str(path)}
    assert path.read_bytes() == registry.recipes()["ucf"].read_bytes()
    path.write_text("changed")
    code, _, said = run("recipe", "copy", "ucf", "--out", path)
    assert (code, path.read_text()) == (4, "changed")
    assert "is there already" in said
    code, _, said = run("recipe", "copy", "ufc", "--out", tmp_path / "x.toml")
    assert code == 4
    assert "Did you mean 'ucf'" in said
    code, out, _ = run("recipe", "list", "--json")
    assert [row["name"] for row in json.loads(out)] == sorted(registry.recipes())


def test_the_recipe_of_a_run_is_a_recipe(run: Run, tmp_path: Path) -> None:
    official(tmp_path)
    short = tmp_path / "short.toml"
    short.write_text(
        'name = "mesonet"\ntask = "unmask.train.methods:MethodTask"\nsamples = 4\nbatch = 2\n'
        "workers = 0\nvalidate_every = 4\n"
    )
    first, again = tmp_path / "first", tmp_path / "again"
    code, *_ = run("train", "--recipe", short, "--data", tmp_path, "--out", first, "--seed", "5",
                   "--where", "generator=Deepfakes")  # fmt: skip
    assert code == 0
    kept = first / "recipe.json"
    assert read_recipe(kept).where == {"generator": ["Deepfakes"]}
    code, *_ = run("train", "--recipe", kept, "--data", tmp_path, "--out", again)
    assert code == 0
    assert (again / "recipe.json").read_bytes() == kept.read_bytes()
    RunFolder(again, read_recipe(kept), tmp_path).check("same")
    code, _, said = run("train", "--recipe", kept, "--data", tmp_path, "--out", again, "--seed", 6)
    assert code == 4
    assert "seed was 5 and is 6" in said
    kept.write_text('{"name": "mesonet"}')
    with pytest.raises(DataError, match="malformed"):
        read_recipe(kept)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((), "Give the name of a detector or --recipe"),
        (("mesonet", "--recipe", "x.toml"), "and not both"),
        (("mesonet", "--resume", "--fresh"), "give one of them"),
    ],
)
def test_commands_that_mean_two_things_are_refused(
    run: Run, tmp_path: Path, given: tuple[str, ...], why: str
) -> None:
    code, _, said = run("train", *given, "--data", tmp_path, "--out", tmp_path / "out")
    assert code == 4
    assert why in said
