"""What holds for every protection: found by looking, so a new file is tested as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from made_tflite import points_of
from unmask.catalog import catalog
from unmask.cli.app import main
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError
from unmask.faces.mesh import model
from unmask.plugin_files import described, made, member, names
from unmask.protect.base import PARTS, Protection
from unmask.train.method import method_named

NAMES = names("protect")
ROOT = Path(__file__).parents[2]
QUICK = {
    "clip2protect": ["steps=2"],
    "data-taggants": ["keys=8", "size=64"],
    "ebyd": ["rounds=1", "steps=10"],
    "noise-watermark": ["noises=100", "groups=10"],
}
"""Settings under which the slow ones take a moment."""


def kind(name: str) -> type[Protection[Any]]:
    return member("protect", name, Protection)  # type: ignore[type-abstract]


def test_something_is_listed() -> None:
    assert {"data-taggants", "ebyd", "noise-watermark"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_what_it_does_not_do(name: str) -> None:
    assert described("protect", name).url.startswith("https://")
    assert f"protection:{name}" in {entry.key for entry in catalog()}
    one = kind(name)
    assert one.kind in ("mark", "cloak", "audit", "defence")
    assert one.needs
    assert one.needs | one.takes <= set(PARTS)
    assert bool(one.file_is) == ("file" in one.needs | one.takes)
    page = (ROOT / "docs" / "protect.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page
    assert all(f"`{field}`" in page for field in one.settings_type.model_fields)
    assert one.limits in " ".join(page.split())
    with pytest.raises(DataError, match="Its settings"):
        made("protect", name, Protection, {"unheard": 1})  # type: ignore[type-abstract]


@pytest.fixture(autouse=True)
def made_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A face mesh of made points on a shelf, for protections that look at parts of a face."""
    known, data = points_of()
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    monkeypatch.setattr(model, "FACE_MESH", known)
    known.path.parent.mkdir(parents=True)
    known.path.write_bytes(known.kept(data))
    model.load_mesh.cache_clear()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a user hands over, by part; files by what they are."""
    root = tmp_path_factory.mktemp("given")
    rng = np.random.default_rng(0)
    rows = []
    for n in range(8):
        path = f"{n}.png"
        tone = 200 if n % 2 else 40
        pixels = np.clip(tone + rng.integers(-30, 30, (64, 64, 3)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(root / path)
        rows.append(Item(path, path, path, "image", n % 2, group=path, face=(0.0, 0.0, 64.0, 64.0)))
    write_manifest(root / "manifest.parquet", Manifest(root, tuple(rows), "made"))
    torch.set_num_threads(1)
    method = method_named("mesonet")()
    torch.manual_seed(0)
    network = method.network().eval()
    with torch.no_grad():  # so that it calls bright pictures forged: a trained one is not at hand
        shown = torch.stack([torch.full((3, 256, 256), v) for v in (40.0, 200.0)])
        low, high = method.score(network(shown)).tolist()
        last = [m for m in network.modules() if isinstance(m, torch.nn.Linear)][-1]
        sign = 1.0 if high > low else -1.0
        last.weight *= sign * 40
        last.bias.zero_()
        middle = float(method.score(network(shown)).mean())
        last.bias -= middle
    torch.save(network.state_dict(), root / "weights.pt")
    (root / "key.txt").write_text("a secret of mine")
    np.save(root / "latent.npy", rng.standard_normal((4, 64, 64)).astype(np.float32))
    portrait = Image.open(ROOT / "examples" / "astronaut.jpg").convert("RGB")
    portrait.crop((120, 0, 340, 220)).save(root / "picture.png")
    return {
        "key": ["--key", str(root / "key.txt")],
        "model": ["--detector", "mesonet", "--weights", str(root / "weights.pt")],
        "data": ["--data", str(root / "manifest.parquet")],
        "latent": [str(root / "latent.npy")],
        "picture": [str(root / "picture.png")],
    }


def run(name: str, parts: dict[str, list[str]], given: frozenset[str], *more: str) -> list[str]:
    words = ["protect", name]
    for part in sorted(given, key=lambda part: part != "file"):
        words += parts[kind(name).file_is if part == "file" else part]
    for setting in QUICK.get(name, []):
        words += ["--set", setting]
    return [*words, *more]


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_user_gets_an_answer_that_says_its_limits(
    name: str, every: bool, parts: dict[str, list[str]], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    one = kind(name)
    if every and not one.takes:
        pytest.skip("it takes nothing beside what it needs")
    given: frozenset[str] = one.needs | one.takes if every else one.needs
    said = []
    for turn in range(2):
        with pytest.raises(SystemExit) as ended:
            main(run(name, parts, given, "--json", "--out", str(tmp_path / str(turn))))
        assert not ended.value.code
        said.append(json.loads(capsys.readouterr().out))
    assert said[0]["protection"] == name
    assert said[0]["limits"] == one.limits
    first, again = ([Path(place) for place in turn.pop("files")] for turn in said)
    assert said[0] == said[1]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert bool(first) or len(said[0]) > 3


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_and_what_does_not_belong_is_one_line(
    name: str, parts: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    one = kind(name)
    for part in one.needs:
        with pytest.raises(SystemExit) as ended:
            main(run(name, parts, one.needs - {part}))
        assert ended.value.code == 4
        error = capsys.readouterr().err
        assert f"needs {PARTS[part]}" in error
        assert error.count("\n") == 1
    for part in set(PARTS) - one.needs - one.takes:
        extra = parts["picture"] if part == "file" else parts[part]
        words = run(name, parts, one.needs)
        with pytest.raises(SystemExit) as ended:
            main([*words[:2], *extra, *words[2:]])
        assert ended.value.code == 4
        assert f"does not take {PARTS[part]}" in capsys.readouterr().err


def test_a_short_secret_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key.txt").write_text("abc\n")
    for key, said in ((tmp_path / "key.txt", "too short"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(SystemExit) as ended:
            main(["protect", "noise-watermark", "--key", str(key)])
        assert ended.value.code == 4
        assert said in capsys.readouterr().err
