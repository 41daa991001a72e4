"""What holds for every attack: found by looking, so a new file is tested as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch import Tensor

from unmask import registry
from unmask.attacks._view import LinearView
from unmask.attacks.base import Attack
from unmask.bench.attacked import Attacker
from unmask.bench.order import AttackOrder
from unmask.bench.perturb import names as perturbations
from unmask.bench.score import MethodScorer
from unmask.catalog import catalog
from unmask.cli.app import main
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import SettingError
from unmask.metrics.outcomes import read_outcomes
from unmask.plugin_files import described, made, member, names
from unmask.runtime.view import View
from unmask.train.method import method_named
from unmask.train.recipe import read_recipe
from unmask.types import Box

NAMES = names("attacks")
ROOT = Path(__file__).parents[2]
PROTOCOL = """
name = "own"
title = "Own"
source = "Made 2026"
kinds = ["image"]
metrics = ["auc"]
[[test]]
name = "near"
where = {split = "test"}
"""


class Bright:
    """A detector for which bright pictures are forged; half of the values count against it."""

    low, high = 0.0, 255.0

    def __init__(self) -> None:
        rng = torch.Generator().manual_seed(0)
        self.media = torch.randint(20, 235, (1, 3, 16, 26), generator=rng).float()
        self._sign = torch.randint(0, 2, (3, 16, 26), generator=rng).float() * 2 - 1

    def score(self, media: Tensor) -> Tensor:
        return (media * self._sign).mean((1, 2, 3))


def changed(name: str, label: int, size: float) -> Tensor:
    torch.manual_seed(0)
    np.random.seed(0)
    attack: Attack[Any] = made("attacks", name, Attack, {})
    return attack.change(Bright(), label, size).detach()


def test_something_is_listed() -> None:
    assert {"fgsm", "pgd", "square"} <= set(NAMES)
    assert not set(NAMES) & set(perturbations())  # outcomes are filed by these names


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    assert described("attacks", name).url.startswith("https://")
    assert f"attack:{name}" in {entry.key for entry in catalog()}
    kind: type[Attack[Any]] = member("attacks", name, Attack)
    assert kind.access in ("gradient", "query")
    page = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page
    assert all(f"`{field}`" in page for field in kind.settings_type.model_fields)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", [0, 1])
def test_it_moves_the_score_within_the_budget(name: str, label: int) -> None:
    target = Bright()
    clean = float(target.score(target.media))
    found = changed(name, label, 4.0)
    assert (found - target.media).abs().max() <= 4.0 + 1e-4
    assert found.min() >= 0
    assert found.max() <= 255
    moved = float(target.score(found)) - clean
    assert moved < -0.4 if label else moved > 0.4
    assert torch.equal(found, changed(name, label, 4.0))


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_on_a_linear_detector_gradients_use_the_whole_budget(name: str) -> None:
    target = Bright()
    away = (target.media - changed(name, 1, 3.0)) * target._sign
    torch.testing.assert_close(away, torch.full_like(away, 3.0))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a protocol, pictures, and MesoNet with weights that tell their brightness."""
    root = tmp_path_factory.mktemp("bench")
    rng = np.random.default_rng(0)
    rows = []
    for n in range(4):
        path = f"{n}.png"
        Image.fromarray(rng.integers(0, 255, (70, 80, 3), np.uint8)).save(root / path)
        rows.append(
            Item(path, path, path, "image", n % 2, split="test", group=path,
                 face=(10.0, 10.0, 40.0, 40.0))
        )  # fmt: skip
    write_manifest(root / "manifest.parquet", Manifest(root, tuple(rows), "made"))
    torch.manual_seed(0)
    torch.save(method_named("mesonet")().network().state_dict(), root / "weights.pt")
    torch.manual_seed(1)
    torch.save(method_named("mesonet")().network().state_dict(), root / "other.pt")
    (root / "own.toml").write_text(PROTOCOL)
    return root


def call(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*words, "--json"])
    assert not ended.value.code
    return json.loads(capsys.readouterr().out)


def run(capsys: pytest.CaptureFixture[str], bench: Path, out: Path, *more: str) -> Path:
    (row,) = call(
        capsys, "bench", "run", str(bench / "own.toml"), "--detector", "mesonet",
        "--data", str(bench / "manifest.parquet"), "--weights", str(bench / "weights.pt"),
        "--results", str(out), *more,
    )  # fmt: skip
    return Path(row["path"])


@pytest.mark.parametrize("name", NAMES)
def test_it_turns_a_method_in_a_bench_run_and_leaves_no_picture(
    name: str, bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    few = ["--attack-set", "queries=10"] if name == "square" else []
    path = run(
        capsys, bench, tmp_path, "--attack", name, "--budget", "2,16", "--attack-most", "1", *few
    )
    rows = read_outcomes(path).rows
    clean = {row.item_id: row.score for row in rows if row.condition == "clean"}
    moved = {}
    for budget in (2, 16):
        found = [row for row in rows if row.condition == f"{name}@{budget}"]
        assert sorted(row.label for row in found) == [0, 1]
        signs = [-1.0 if row.label else 1.0 for row in found]
        moved[budget] = [
            sign * (row.score - clean[row.item_id]) for sign, row in zip(signs, found, strict=True)
        ]
    assert np.mean(moved[16]) > np.mean(moved[2]) > 0
    kept = sorted(file.suffix for file in tmp_path.rglob("*") if file.is_file())
    assert kept == [".parquet", ".toml"]  # outcomes, and the protocol beside them
    with pytest.raises(SystemExit):
        main(["bench", "table", str(bench / "own.toml"), "--results", str(tmp_path)])
    page = capsys.readouterr().out
    assert "### Attacked" in page
    assert f"| near | mesonet | {name} | mesonet |" in page
    assert "### Perturbed" not in page


def test_items_made_for_another_detector_are_filed_by_its_name(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run(
        capsys, bench, tmp_path, "--attack", "fgsm", "--budget", "8", "--attack-most", "1",
        "--against", "mesonet", "--against-weights", str(bench / "other.pt"),
    )  # fmt: skip
    rows = [row for row in read_outcomes(path).rows if row.condition == "fgsm@8:mesonet"]
    assert sorted(row.label for row in rows) == [0, 1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--attack", "pdg"), "Did you mean 'pgd'"),
        (("--attack", "pgd", "--budget", "0"), "over 0"),
        (("--attack", "pgd", "--attack-set", "stpes=3"), "Its settings: steps, reach"),
        (("--against", "npr"), "go with --attack"),
    ],
)
def test_what_cannot_be_attacked_is_one_line(
    words: tuple[str, ...], said: str, bench: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main(["bench", "run", str(bench / "own.toml"), "--detector", "mesonet", "--data",
              str(bench / "manifest.parquet"), "--weights", str(bench / "weights.pt"),
              "--results", str(tmp_path), *words])  # fmt: skip
    assert ended.value.code == 4
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_exported_detector_has_no_gradients(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(
            [
                "bench",
                "run",
                str(bench / "own.toml"),
                "--detector",
                "unmask_picture",
                "--data",
                str(bench / "manifest.parquet"),
                "--results",
                str(tmp_path),
                "--attack",
                "pgd",
            ]
        )
    assert "Use --attack square" in capsys.readouterr().err


def test_sound_is_changed_in_the_samples_that_are_heard(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(16000), 16000)
    one = Manifest(tmp_path, (Item("a", "a", "a.wav", "audio", 1, split="test"),), "made")
    kind = method_named("aasist")
    method = kind(kind.small)
    torch.manual_seed(0)
    torch.save(method.network().state_dict(), tmp_path / "weights.pt")
    recipe = read_recipe(registry.recipes()["aasist"])
    scorer = MethodScorer(method, tmp_path / "weights.pt", recipe)
    (clean,) = scorer.score(one, "clean", (), lambda done: None)
    attacker = Attacker(AttackOrder("fgsm"), scorer, scorer)
    row = attacker.row(one, "fgsm@1", 1.0, ())
    assert row is not None
    assert row.score < clean.score
    assert row.condition == "fgsm@1"
    with pytest.raises(SettingError, match="for sound use pgd or fgsm"):
        Attacker(AttackOrder("square"), scorer, scorer).row(one, "square@1", 1.0, ())


@pytest.mark.parametrize(
    "view",
    [
        View(Box(0, 0, 61, 43), 32, 24),
        View(Box(0, 0, 61, 43), 32, 24, filter="bilinear"),
        View(Box(0, 0, 61, 43), 96, 80, filter="bilinear"),
        View(Box(-8, 20, 40, 40), 40, 40),
        View(Box(7.3, 3.6, 30.5, 28.2), 24, 24),
        View(Box(-9.5, 11.2, 50.4, 50.4), 24, 24, filter="box"),
        View(Box(0, 0, 122, 100), 61, 50, black=True),
        View(Box(0, 0, 61, 43), 20, 20, whole=(40, 30), left=10, top=5),
    ],
)
def test_gradients_go_through_the_very_preparation(view: View) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (43, 61, 3), np.uint8)
    wanted = view.take(pixels).astype(np.float32)
    media = torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    given = LinearView(view, 61, 43)(media)[0].permute(1, 2, 0).numpy()
    assert given.shape == wanted.shape
    assert np.abs(given - wanted).max() < 1.01  # what rounding to 8 bits takes, twice at most
