from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from PIL import Image

from unmask.errors import MediaError, MissingExtra, ModelError
from unmask.faces import embed
from unmask.faces.align import Template, aligned
from unmask.faces.dlib_file import as_onnx
from unmask.faces.embed import ARCFACE, DLIB, FaceEmbedder
from unmask.runtime.graph import Graph
from unmask.types import Box, Face

HERE = Path(__file__).parent
needs_package = pytest.mark.skipif(
    importlib.util.find_spec("face_recognition_models") is None,
    reason="needs the extra: pip install 'unmask[identity]'",
)


@pytest.fixture(autouse=True)
def fresh() -> None:
    embed._network.cache_clear()


def dlib_file() -> bytes:
    spec = importlib.util.find_spec("face_recognition_models")
    assert spec
    assert spec.origin
    name = "dlib_face_recognition_resnet_model_v1.dat"
    return (Path(spec.origin).parent / "models" / name).read_bytes()


def chips() -> NDArray[np.uint8]:
    """The chips whose vectors dlib itself gave."""
    y, x = np.mgrid[:150, :150].astype(float)
    made = [
        [127 + 100 * np.sin((x * (c + 1) + y * (k + 1)) / 25 + k) for c in range(3)]
        for k in range(3)
    ]
    return np.array(made).round().astype(np.uint8).transpose(0, 2, 3, 1)


def face(points: NDArray[np.float32]) -> Face:
    return Face(Box(0, 0, 10, 10), 1.0, points)


def tiny(path: Path, size: int = 32, side: int = 112) -> Path:
    """A made network: means of a colour over stripes, by one matrix."""
    graph = Graph()
    rng = np.random.default_rng(0)
    pooled = graph.node(
        "AveragePool", ["input"], {"kernel_shape": (side // 4,) * 2, "strides": (side // 4,) * 2}
    )
    flat = graph.node("Flatten", [pooled])
    matrix = graph.constant(rng.normal(size=(48, size)).astype(np.float32))
    graph.node("MatMul", [flat, matrix], output="out")
    path.write_bytes(graph.model(("input", ("batch", 3, side, side)), ("out", ("batch", size))))
    return path


@needs_package
def test_the_network_gives_what_dlib_gives() -> None:
    stored = np.load(HERE / "golden_dlib.npz")["vectors"]
    session = ort.InferenceSession(as_onnx(dlib_file()), providers=["CPUExecutionProvider"])
    batch = chips().astype(np.float32).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(session.run(None, {"face": batch})[0], stored, atol=1e-4)


@needs_package
def test_vectors_have_length_one_and_ignore_mirroring() -> None:
    embedder = FaceEmbedder(threads=1)
    vectors = embedder.embed_chips([*chips(), chips()[0][:, ::-1]])
    assert vectors.shape == (4, embedder.size)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[3], atol=1e-4)
    assert np.abs(vectors[0] - vectors[1]).max() > 0.01


@needs_package
@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: b"", lambda d: d[::-1]])
def test_other_bytes_are_no_descriptor(damage: object) -> None:
    with pytest.raises(ModelError, match="not dlib's face descriptor"):
        as_onnx(damage(dlib_file()))  # type: ignore[operator]


def test_without_the_package_the_command_that_adds_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embed, "_PACKAGE", "no_such_package_here")
    with pytest.raises(MissingExtra, match=r"pip install 'unmask\[identity\]'"):
        FaceEmbedder()


@pytest.mark.parametrize("template", [DLIB, ARCFACE])
def test_a_turned_and_scaled_face_comes_out_upright(template: Template) -> None:
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 255, (14, 14, 3), np.uint8))
    upright = np.asarray(small.resize((template.size,) * 2, Image.Resampling.BICUBIC))
    points = np.array(template.points) * template.size
    angle, scale = 0.3, 1.4
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = np.array([150.0, 60.0])
    back = np.linalg.inv(turn)
    flat = np.hstack([back, (-back @ shift)[:, None]]).ravel()
    picture = Image.fromarray(upright).transform(
        (450, 420), Image.Transform.AFFINE, tuple(flat), Image.Resampling.BICUBIC
    )
    moved = (points @ turn.T + shift).astype(np.float32)
    found = aligned(np.asarray(picture), moved, template).astype(float)
    inner = slice(12, -12)
    assert np.abs(found - upright)[inner, inner].mean() < 6


def test_points_that_coincide_are_refused() -> None:
    with pytest.raises(MediaError, match="fall together"):
        aligned(np.zeros((40, 40, 3), np.uint8), np.full((5, 2), 9, np.float32), DLIB)


def test_a_face_at_the_rim_is_cut_without_error() -> None:
    points = np.array([[-5, 2], [10, 2], [2, 9], [-3, 15], [9, 15]], np.float32)
    assert aligned(np.zeros((16, 12, 3), np.uint8), points, ARCFACE).shape == (112, 112, 3)


def test_a_network_of_the_users_is_used(tmp_path: Path) -> None:
    embedder = FaceEmbedder(tiny(tmp_path / "own.onnx"))
    rng = np.random.default_rng(1)
    small = Image.fromarray(rng.integers(0, 255, (6, 6, 3), np.uint8))
    picture = np.asarray(small.resize((200, 200), Image.Resampling.BICUBIC))
    points = (np.array(ARCFACE.points) * 112 + 20).astype(np.float32)
    vector = embedder.embed(picture, face(points))
    assert vector.shape == (32,)
    assert embedder.size == 32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    # The points of this picture lie where the network wants them: no change but the cut.
    cut = picture[20:132, 20:132]
    assert float(embedder.embed_chips([cut])[0] @ vector) > 0.998
    assert embedder.name != FaceEmbedder(tiny(tmp_path / "other.onnx", 64)).name


def test_what_is_no_face_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no face model at"):
        FaceEmbedder(tmp_path / "absent.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError, match="no face network"):
        FaceEmbedder(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="no face network"):
        FaceEmbedder(tiny(tmp_path / "wide.onnx", side=160))
    with pytest.raises(ModelError, match="16 or more"):
        FaceEmbedder(tiny(tmp_path / "short.onnx", size=4))


def test_no_faces_give_no_vectors(tmp_path: Path) -> None:
    assert FaceEmbedder(tiny(tmp_path / "own.onnx")).embed_all([]).shape == (0, 32)
