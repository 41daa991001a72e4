"""``unmask models export`` and ``pull``: from a checkpoint to a model that runs, or one line."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from unmask import registry  # noqa: E402
from unmask.cards.card import Published, read_card  # noqa: E402
from unmask.cli.app import main  # noqa: E402
from unmask.runtime.model import Model  # noqa: E402
from unmask.train.method import Method, method_named  # noqa: E402
from unmask.train.recipe import changed, read_recipe  # noqa: E402


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


@pytest.fixture
def method() -> Method:
    torch.manual_seed(3)
    return method_named("mesonet")({"variant": "meso4"})


@pytest.fixture
def checkpoint(method: Method, tmp_path: Path) -> Path:
    path = tmp_path / "run" / "best.pt"
    path.parent.mkdir()
    torch.save(method.network().state_dict(), path)
    return path


@pytest.fixture
def authors(tmp_path: Path) -> Path:
    """A file with the names and shapes of the authors' checkpoint."""
    names = Path(__file__).parents[1] / "detectors" / "mesonet" / "names.json"
    shapes = json.loads(names.read_text())["meso4"]
    path = tmp_path / "theirs.pt"
    torch.save({name: torch.rand(shape) + 0.5 for name, shape in shapes.items()}, path)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def test_export_gives_a_model_with_the_same_output(
    method: Method, checkpoint: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        capsys,
        *("models", "export", "mesonet", "--run", str(checkpoint.parent)),
        "--json",
    )
    assert code == 0
    assert json.loads(out)["folder"] == str(shelf / "mesonet")
    network = method.network()
    network.load_state_dict(torch.load(checkpoint, weights_only=True))
    batch = method.example(5, seed=9)
    with torch.no_grad():
        ours = method.run(network.eval(), batch)["logit"].numpy()
    model = Model(registry.weighted_card("mesonet"), threads=1)
    theirs = model.run({name: batch[name].numpy() for name in method.inputs})["logit"]
    np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=1e-4)
    assert model.card.file().licence == "own"


def test_a_run_is_exported_as_its_recipe_built_it(
    tmp_path: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variant = method_named("mesonet").variants[1]
    recipe = changed(read_recipe(registry.recipes()["mesonet"]), settings={"variant": variant})
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json())
    network = method_named("mesonet")({"variant": variant}).network()
    torch.save(network.state_dict(), tmp_path / "best.pt")
    code, out, _ = run(capsys, "models", "export", "mesonet", "--run", str(tmp_path), "--json")
    assert code == 0
    assert Path(json.loads(out)["folder"]).parent == shelf
    (tmp_path / "recipe.json").write_text("{}")
    code, _, said = run(capsys, "models", "export", "mesonet", "--run", str(tmp_path))
    assert code == 4
    assert "is no recipe" in said


def test_a_listing_shows_it_with_its_licence(
    checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "models", "export", "mesonet", "--run", str(checkpoint.parent))
    _, out, _ = run(capsys, "models", "list", "--json", "--licence", "own")
    assert [row["folder"] for row in json.loads(out)] == ["mesonet"]
    _, out, _ = run(capsys, "models", "list", "--json", "--licence", "gpl-3.0")
    assert json.loads(out) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.popitem(), "does not fit"),
        (lambda state: state.update(head=torch.zeros(3)), "does not fit"),
        (lambda state: state.clear(), "it lacks"),
        (lambda state: state.update({next(iter(state)): torch.zeros(1)}), "does not fit"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    checkpoint: Path, change: Any, said: str, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = torch.load(checkpoint, weights_only=True)
    change(state)
    torch.save(state, checkpoint)
    code, _, err = run(
        capsys,
        *("models", "export", "mesonet", "--run", str(checkpoint.parent)),
    )
    assert code == 4
    assert said in err
    assert err.count("\n") == 1
    assert not (shelf / "mesonet").exists()


def test_weights_of_unknown_licence_are_asked_for(
    authors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "models", "export", "mesonet", "--checkpoint", str(authors))
    assert code == 4
    assert "--licence" in err


def test_a_method_without_weights_says_how_to_get_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exception, match="comes without weights"):
        registry.weighted_card("mesonet")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with HTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def offered(method: Method, url: str, sha256: str, licence: str) -> Any:
    entry = Published(variant="meso4", url=url, licence=licence, sha256=sha256, trained_on="x")
    return method.card.model_copy(update={"published": [entry]})


def test_pull_fetches_checks_and_exports(
    method: Method,
    authors: Path,
    server: str,
    shelf: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sha256 = hashlib.sha256(authors.read_bytes()).hexdigest()
    card = offered(method, f"{server}/{authors.name}", sha256, "CC-BY-NC-4.0")
    monkeypatch.setattr(type(method), "card", card)
    code, _, err = run(capsys, "models", "pull", "mesonet")
    assert code == 4
    assert "CC-BY-NC-4.0" in err
    code, _, _ = run(capsys, "models", "pull", "mesonet", "--licence", "cc-by-nc-4.0")
    assert code == 0
    assert read_card(shelf / "mesonet" / "card.toml").file().licence == "CC-BY-NC-4.0"
    monkeypatch.setattr(
        type(method), "card", offered(method, card.published[0].url, "1" * 64, "MIT")
    )
    code, _, err = run(capsys, "models", "pull", "mesonet")
    assert code == 4
    assert "is not the file of the card" in err
