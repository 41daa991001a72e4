"""A stranger's ONNX file gets plain input and a score, or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import soundfile  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from unmask.cards.card import read_card  # noqa: E402

CHANCE = np.random.default_rng(4)
WEIGHTS = CHANCE.normal(0, 1, (3, 3)).astype(np.float32)


def network(
    path: Path, shape: list[Any], last: str = "", opset: int = 13, weights: Any = WEIGHTS
) -> Path:
    """Means over the sides of each channel, times a matrix; ``last``: an activation."""
    axes = list(range(len(shape)))[2:] if len(shape) > 2 else [1]
    kept = {"keepdims": 0 if len(shape) > 2 else 1}
    constants = [numpy_helper.from_array(weights, "w")]
    inputs = ["x"]
    if opset >= 18:
        constants.append(numpy_helper.from_array(np.array(axes, np.int64), "axes"))
        inputs.append("axes")
    else:
        kept["axes"] = axes  # type: ignore[assignment]
    nodes = [
        helper.make_node("ReduceMean", inputs, ["mean"], **kept),
        helper.make_node("MatMul", ["mean", "w"], ["raw" if last else "out"]),
    ]
    if last:
        nodes.append(helper.make_node(last, ["raw"], ["out"]))
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [shape[0], weights.shape[1]])],
        constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, str(path))
    return path


def scored(run: Any, path: Path, name: str) -> float:
    _, out, err = run("scan", path, "--only", "metadata", "--with", name, "--json")
    (found,) = [one for one in json.loads(out)["findings"] if one["detector"] == name]
    assert not err
    return float(found["score"])


@pytest.mark.parametrize(
    ("last", "opset", "batch"), [("", 13, "n"), ("Softmax", 18, 1), ("Sigmoid", 18, "n")]
)
def test_pictures(last: str, opset: int, batch: Any, run: Any, tmp_path: Path, shelf: Path) -> None:
    path = network(tmp_path / "Some Net.onnx", [batch, 3, 8, 10], last, opset)
    arguments = ("models", "add", path, "--labels", "real,fake,gan")
    code, _, err = run(*arguments)
    assert (code, "--mean R,G,B" in err) == (4, True)
    code, out, err = run(*arguments, "--mean", "0.5,0.4,0.3", "--std", "0.2,0.2,0.5", "--json")
    assert code == 0, err
    assert json.loads(out)["forged"] == ["fake", "gan"]
    pixels = CHANCE.integers(0, 256, (8, 10, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    normal = (pixels / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.2, 0.5]
    logits = normal.mean((0, 1)) @ WEIGHTS
    if last == "Sigmoid":
        none = (1 - 1 / (1 + np.exp(-logits[1:]))).prod()
        expected = np.log((1 - none) / none)
    else:
        expected = np.log(np.exp(logits[1:]).sum()) - logits[0]
    assert scored(run, tmp_path / "a.png", "some-net") == pytest.approx(expected, abs=1e-4)
    assert read_card(shelf / "some-net" / "card.toml").inputs[0].shape[0] == (
        1 if batch == 1 else "batch"
    )


def test_sound_with_one_output_that_means_real(run: Any, tmp_path: Path) -> None:
    path = network(tmp_path / "ear.onnx", ["n", 4000], weights=np.array([[2.0]], np.float32))
    code, out, err = run("models", "add", path, "--labels", "bonafide")
    assert code == 0, err
    assert "voice-synthetic" in out
    soundfile.write(tmp_path / "a.wav", np.full(4000, 0.25, np.float32), 16000, subtype="FLOAT")
    assert scored(run, tmp_path / "a.wav", "ear") == pytest.approx(-0.5, abs=1e-4)


def test_a_preprocessor_beside_it_is_followed(run: Any, tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", ["n", 3, 8, 8])
    told = {
        "image_processor_type": "ViTImageProcessor", "size": {"height": 8, "width": 8},
        "image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.5, 0.5], "resample": 3,
    }  # fmt: skip
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    (tmp_path / "config.json").write_text('{"id2label": {"0": "real", "1": "a", "2": "b"}}')
    code, _, err = run("models", "add", path)
    assert (code, "'a', 'b'" in err) == (4, True)
    code, out, err = run("models", "add", path, "--forged", "a", "--forged", "b", "--json")
    assert code == 0, err
    assert json.loads(out)["largest_difference_of_prepared_values"] <= 1e-4


def test_what_is_refused(run: Any, tmp_path: Path, shelf: Path) -> None:
    path = tmp_path / "net.onnx"
    arguments = ("models", "add", path, "--labels", "real,fake,gan", "--mean", "0,0,0")
    arguments += ("--std", "1,1,1")

    def said(text: str) -> None:
        code, _, err = run(*arguments)
        assert (code, err.count("\n")) == (4, 1), err
        assert text in err
        assert not shelf.exists()

    path.write_bytes(b"\x08\x07 no onnx")
    said("no sound ONNX file")
    model = onnx.load(str(network(path, ["n", 3, 8, 8])))
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../etc/passwd")
    path.write_bytes(model.SerializeToString())
    said("weights in other files")
    model = onnx.load(str(network(path, ["n", 3, 8, 8])))
    model.graph.node[0].domain = "own.library"
    path.write_bytes(model.SerializeToString())
    code, _, err = run(*arguments)
    assert (code, err.count("\n")) == (4, 1)
    network(path, ["n", 8, 8, 3], weights=np.ones((8, 3), np.float32))
    said("a scan can give")
    network(path, ["n", 3, 8, 8], weights=np.ones((3, 2), np.float32))
    said("2 outputs and 3 labels")
