"""MesoNet against the authors' Keras networks (DariusAf/MesoNet 2144d56)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.errors import DataError, ModelError
from unmask.train.method import Method, method_named, read_checkpoint

HERE = Path(__file__).parent
NAMES = json.loads((HERE / "names.json").read_text())
PUBLISHED = ("Meso4_DF", "Meso4_F2F", "MesoInception_DF", "MesoInception_F2F")


def variant(name: str) -> Method:
    return method_named("mesonet")({"variant": name})


def logit(method: Method, checkpoint: dict[str, torch.Tensor], face: torch.Tensor) -> torch.Tensor:
    network = method.network().eval()
    network.load_state_dict(method.convert(checkpoint))
    with torch.no_grad():
        return network(face)["logit"]


@pytest.mark.parametrize("name", ["meso4", "mesoinception4"])
def test_the_network_is_the_authors(name: str) -> None:
    golden = np.load(HERE / "golden.npz")[name]
    face = noise((2, 256, 256, 3), 3, 0, 1).permute(0, 3, 1, 2) * 255
    ours = logit(variant(name), filled(NAMES[name]), face)
    np.testing.assert_allclose(ours, -golden, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("file", PUBLISHED)
def test_the_published_weights_give_the_authors_outputs(file: str) -> None:
    folder = Path(os.environ.get("UNMASK_WEIGHTS", "")) / "DariusAf__MesoNet"
    if not (folder / f"{file}.h5").is_file():
        pytest.skip("needs the authors' files: set UNMASK_WEIGHTS to the folder of weights")
    golden = np.load(folder / "golden_keras.npz")[f"out_{file}_rand"]
    rng = np.random.RandomState(0)
    face = torch.from_numpy(rng.random_sample((2, 256, 256, 3))).permute(0, 3, 1, 2).float() * 255
    method = variant("meso4" if file.startswith("Meso4") else "mesoinception4")
    ours = logit(method, read_checkpoint(folder / f"{file}.h5"), face)
    np.testing.assert_allclose((-ours).sigmoid(), golden, atol=1e-5)


def test_weights_of_the_other_variant_are_refused() -> None:
    with pytest.raises(ModelError, match="layers of the kind"):
        variant("mesoinception4").convert(filled(NAMES["meso4"]))


def test_a_missing_tensor_is_named() -> None:
    checkpoint = filled(NAMES["meso4"])
    del checkpoint["dense.bias"]
    with pytest.raises(ModelError, match=r"lacks|unknown"):
        variant("meso4").convert(checkpoint)


def test_a_keras_file_is_read_in_the_order_of_its_layers(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"dense_9", b"dense_10"]
        for index, name in enumerate(("dense_9", "dense_10")):
            weights.create_group(name).attrs["weight_names"] = [f"{name}/kernel:0".encode()]
            weights[name].create_dataset(f"{name}/kernel:0", data=np.full((2, 1), index, "f4"))
    read = read_checkpoint(tmp_path / "whole.h5")
    assert list(read) == ["dense_9.kernel", "dense_10.kernel"]
    assert read["dense_10.kernel"].tolist() == [[1.0], [1.0]]


def test_a_file_that_is_not_keras_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.h5").write_bytes(b"no")
    with pytest.raises(DataError, match="not a readable Keras file"):
        read_checkpoint(tmp_path / "bad.h5")
