"""``unmask models pull`` of small weights that lie in their authors' repositories.

A server on this machine gives out a copy of their files: names and sizes as there, values made.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from official import filled  # noqa: E402
from unmask.cards.card import Further, Published, read_card  # noqa: E402
from unmask.cli.app import main  # noqa: E402
from unmask.detectors.image.capsule import model as capsule  # noqa: E402
from unmask.detectors.video.lrnet import method as lrnet  # noqa: E402
from unmask.runtime.model import Model  # noqa: E402
from unmask.train.method import Method, method_named  # noqa: E402

TESTS = Path(__file__).parents[1] / "detectors"
SIZES = {"capsule": [1_898_055], "classnseg": [605_713, 643_518], "lrnet": [167_827, 167_827]}
"""Bytes of the authors' files; tensors alone, without what torch puts round them, are fewer."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(tmp_path / "copy"))
    with HTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def state_of(name: str) -> dict[str, torch.Tensor]:
    """Made values under the authors' names."""
    path = TESTS / name / "names.json"
    packed = path.with_suffix(".json.gz")
    text = path.read_bytes() if path.is_file() else gzip.decompress(packed.read_bytes())
    return filled(json.loads(text), gain=1.4)


def copied(method: Method, folder: Path, url: str) -> tuple[list[Path], Published]:
    """The authors' files with made values, and the card's entry for this copy of them."""
    name, known = method.card.name, method.card.published[0]
    state = {n: v for n, v in state_of(name).items() if not n.startswith("vgg.")}
    parts = method.files or ("",)
    paths = []
    for part, one in zip(parts, (known, *known.further), strict=True):
        start = f"{part}." if part else ""
        own = {n.removeprefix(start): v for n, v in state.items() if n.startswith(start)}
        paths.append(folder / Path(urlsplit(one.url).path).name)
        torch.save(own, paths[-1])
    where = [
        (f"{url}/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths
    ]
    further = [Further(url=one, sha256=digest) for one, digest in where[1:]]
    entry = {"url": where[0][0], "sha256": where[0][1], "further": further}
    return paths, known.model_copy(update=entry)


@pytest.mark.parametrize("name", list(SIZES))
def test_pull_gives_a_model_with_the_networks_output(
    name: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    (tmp_path / "copy").mkdir()
    method = method_named(name)()
    network = method.network().eval()
    monkeypatch.setattr(lrnet, "FRAMES", 5)  # a stretch of 30 takes ten times as long to export
    if name == "capsule":
        network.load_state_dict(method.convert(state_of(name)))
        vgg = torch.nn.ModuleDict({"features": network.get_submodule("vgg")})
        monkeypatch.setattr(capsule, "timm_model", lambda *_: vgg)
    else:
        network.load_state_dict(method.convert(state_of(name)))
    paths, entry = copied(method, tmp_path / "copy", server)
    for path, size in zip(paths, SIZES[name], strict=True):
        assert 0.8 * size < path.stat().st_size < 1.2 * size
    card = method.card.model_copy(update={"published": [entry]})
    monkeypatch.setattr(type(method), "card", card)
    with pytest.raises(SystemExit) as done:
        main(["models", "pull", name, "--json"])
    assert not done.value.code
    shelved = next((tmp_path / "shelf").glob("*/card.toml"))
    assert read_card(shelved).file().licence == entry.licence
    batch = method.example(3, seed=4)
    with torch.no_grad():
        wanted = method.run(network, batch)
    given = Model(shelved, threads=1).run({n: batch[n].numpy() for n in method.inputs})
    for output in card.outputs:
        np.testing.assert_allclose(given[output.name], wanted[output.name], rtol=1e-3, atol=1e-4)


def test_a_part_with_another_hash_is_not_taken(
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    (tmp_path / "copy").mkdir()
    method = method_named("lrnet")()
    paths, entry = copied(method, tmp_path / "copy", server)
    paths[1].write_bytes(paths[0].read_bytes())
    card = method.card.model_copy(update={"published": [entry]})
    monkeypatch.setattr(type(method), "card", card)
    with pytest.raises(SystemExit) as done:
        main(["models", "pull", "lrnet"])
    assert done.value.code == 4
    assert "is not the file of the card" in capsys.readouterr().err
    assert not list((tmp_path / "shelf").glob("*/card.toml"))
