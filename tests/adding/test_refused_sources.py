"""What a stranger's folder or file could do is refused before anything of it runs."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from unmask.adding import safety  # noqa: E402


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is fine up to its weights, which hold nothing."""
    place = tmp_path / "model"
    place.mkdir()
    small = ("hidden_size", "intermediate_size", "image_size", "patch_size")
    configuration = dict.fromkeys(small, 16) | {"num_hidden_layers": 1, "num_attention_heads": 2}
    configuration |= {"model_type": "vit", "architectures": ["ViTForImageClassification"]}
    (place / "config.json").write_text(json.dumps(configuration))
    (place / "preprocessor_config.json").write_text("{}")
    index = b'{"other":{"dtype":"F32","shape":[5000],"data_offsets":[0,20000]}}'
    weights = struct.pack("<Q", len(index)) + index + bytes(20000)
    (place / "model.safetensors").write_bytes(weights)
    return place


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def refused(run: Any, path: Path, said: str, *arguments: str) -> None:
    code, out, err = run("models", "add", path, *arguments)
    assert (code, err.count("\n"), out) == (4, 1, ""), err
    assert said in err
    shelf = Path(os.environ["UNMASK_MODELS"])
    assert not shelf.exists() or list(shelf.iterdir()) == []


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "other.json"])
def test_code_of_its_own(run: Any, folder: Path, name: str) -> None:
    told = {"inner": [{"auto_map": {"AutoConfig": "code.Configuration"}}]}
    (folder / name).write_text(json.dumps(told))
    (folder / "code.py").write_text("raise SystemExit(7)")
    refused(run, folder, "auto_map")


def test_a_pickle_that_runs_something(run: Any, folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    (folder / "model.safetensors").unlink()
    torch.save({"weight": torch.zeros(20000), "x": Payload(mark)}, folder / "pytorch_model.bin")
    refused(run, folder, "nothing of it was run")
    for name in ("net.pth", "net.pt"):
        with (tmp_path / name).open("wb") as file:
            pickle.dump(Payload(mark), file)
        arguments = ("--architecture", "test_resnet", "--labels", "real,fake")
        refused(run, tmp_path / name, "nothing of it was run", *arguments)
    (folder / "pytorch_model.bin").rename(folder / "model.safetensors")
    refused(run, folder, "no safetensors file")
    assert not mark.exists()


def test_pickles_that_are_not_needed_are_not_opened(run: Any, folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    (folder / "training_args.bin").write_bytes(pickle.dumps(Payload(mark)))
    refused(run, folder, "do not fit")
    assert not mark.exists()


def test_a_file_that_swells(run: Any, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(30 << 20))
    refused(run, folder, "would swell")


def test_a_file_of_very_many_parts(run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "_MOST_PARTS", 10)
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
        for part in range(11):
            archive.writestr(str(part), "")
    refused(run, folder, "11 parts")


@pytest.mark.parametrize("name", ["model.safetensors", "notes"])
def test_a_link_out_of_the_folder(run: Any, folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("mine")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "secret")
    refused(run, folder, "leads out of the folder")


def test_json_without_end(run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "deep.json").write_text('{"a":' * 50_000 + "1" + "}" * 50_000)
    refused(run, folder, "no readable JSON")
    (folder / "deep.json").unlink()
    monkeypatch.setattr(safety, "LARGEST_JSON", 1000)
    (folder / "long.json").write_text(json.dumps({"a": "b" * 1000}))
    refused(run, folder, "more than 1000 bytes")


def test_a_network_that_its_file_cannot_hold(run: Any, folder: Path) -> None:
    told = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(told | {"hidden_size": 98_304}))
    refused(run, folder, "cannot hold")
    (folder / "config.json").write_text(json.dumps(told | {"num_hidden_layers": 10**9}))
    refused(run, folder, "layers")


def test_what_is_no_classifier_is_said(run: Any, folder: Path, tmp_path: Path) -> None:
    told = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(told | {"architectures": ["ViTModel"]}))
    refused(run, folder, "heads for image, video or audio classification")
    (folder / "config.json").unlink()
    refused(run, folder, "has no config.json")
    refused(run, tmp_path / "none", "There is nothing at")
