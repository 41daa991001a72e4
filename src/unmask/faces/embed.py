"""A face as a vector that tells people apart.

The built-in network is dlib's face descriptor (King 2017, "High Quality Face Recognition with Deep
Metric Learning"; CC0), which the package of the extra ``identity`` carries. Any network of the
ArcFace kind (Deng et al. 2019) can be given as an ONNX file instead.
"""

from __future__ import annotations

import hashlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from unmask.errors import MissingExtra, ModelError
from unmask.faces.align import Template, aligned
from unmask.faces.dlib_file import SIDE, SIZE, as_onnx
from unmask.identity.cards import identity_card
from unmask.runtime.session import open_session
from unmask.types import Face, Pixels, Tensor

_BATCH = 16
_SHORTEST = 16
DLIB = Template(
    SIDE,
    ((0.3111, 0.2968), (0.6833, 0.3020), (0.4982, 0.5140), (0.3377, 0.6727), (0.6572, 0.6746)),
)
"""Where the five points of our search lie in the chips that dlib's network was trained on: medians
over 500 photos, against chips cut by dlib's own five points."""
ARCFACE = Template(
    112,
    (
        (38.2946 / 112, 51.6963 / 112),
        (73.5318 / 112, 51.5014 / 112),
        (56.0252 / 112, 71.7366 / 112),
        (41.5493 / 112, 92.3655 / 112),
        (70.7299 / 112, 92.2041 / 112),
    ),
)
"""Where ArcFace networks expect the five points."""
_PACKAGE = "face_recognition_models"


class FaceNetwork(ABC):
    """Aligned faces in, vectors out."""

    name: str
    licence: str
    size: int
    template: Template

    @abstractmethod
    def run(self, chips: Sequence[Pixels]) -> Tensor:
        """Vectors (faces × ``size``) of aligned faces."""


class DlibNetwork(FaceNetwork):
    """dlib's descriptor: 150 × 150 pixels to 128 numbers, the mean over the face and its mirror.

    Raises MissingExtra without its package, ModelError when its file is not the one measured.
    """

    template = DLIB

    def __init__(self, threads: int = 0) -> None:
        card = identity_card("face_identity")
        weights = card.file()
        self.name, self.licence, self.size = card.name, weights.licence, SIZE
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or spec.origin is None:
            raise MissingExtra("Comparing faces", "identity")
        path = Path(spec.origin).parent / "models" / weights.file
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != weights.sha256:
            raise ModelError(
                f"{path} is not the face descriptor that was measured. "
                "Run: pip install --force-reinstall face-recognition-models"
            )
        self._session = open_session(as_onnx(data), threads)

    def run(self, chips: Sequence[Pixels]) -> Tensor:
        """Vectors (faces × 128)."""
        rows = []
        for at in range(0, len(chips), _BATCH):
            batch = np.stack(chips[at : at + _BATCH]).astype(np.float32).transpose(0, 3, 1, 2)
            rows.append(self._vectors(batch) + self._vectors(batch[:, :, :, ::-1]))
        return np.concatenate(rows)

    def _vectors(self, batch: Tensor) -> Tensor:
        """Vectors of length 1 of what the network takes."""
        raw = self._session.run(None, {"face": np.ascontiguousarray(batch)})[0]
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float32)


class OnnxNetwork(FaceNetwork):
    """A network of the ArcFace kind from an ONNX file.

    It takes (batch, 3, 112, 112) RGB, each value less 127.5 and over 127.5, and gives (batch, n).
    Raises ModelError when the file is not such a network.
    """

    licence = "that of the file"
    template = ARCFACE

    def __init__(self, path: Path, threads: int = 0) -> None:
        if not path.is_file():
            raise ModelError(f"There is no face model at {path}. Give the path of an ONNX file.")
        data = path.read_bytes()
        try:
            self._session = open_session(data, threads)
            self._input = self._session.get_inputs()[0].name
            probe = self.run([np.zeros((self.template.size, self.template.size, 3), np.uint8)])
        except Exception as error:  # the runtime raises its own unexported types
            line = " ".join(str(error).split())[:200]
            raise ModelError(
                f"{path} is no face network of (batch, 3, 112, 112) to (batch, n): {line}"
            ) from None
        if probe.ndim != 2 or probe.shape[1] < _SHORTEST:
            raise ModelError(
                f"{path} gives {probe.shape} for one face; (1, n) with n of {_SHORTEST} or more "
                "is needed."
            )
        self.size = int(probe.shape[1])
        self.name = f"onnx:{hashlib.sha256(data).hexdigest()[:12]}"

    def run(self, chips: Sequence[Pixels]) -> Tensor:
        """Vectors (faces × ``size``), one face a call: many such files have a fixed batch."""
        rows = []
        for chip in chips:
            batch = ((chip.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
            rows.append(np.asarray(self._session.run(None, {self._input: batch})[0], np.float32))
        return np.concatenate(rows)


class FaceEmbedder:
    """Faces of a picture as vectors of length 1; the same person lies near.

    ``model``: path of an ONNX file of the ArcFace kind; empty: the built-in network. ``name``
    tells whose vectors may be compared: those of two names never. ``size``: numbers of a vector.
    Raises MissingExtra (extra ``identity``), ModelError.
    """

    def __init__(self, model: str | Path = "", threads: int = 0) -> None:
        self._network = _network(str(model), threads)
        self.name = self._network.name
        self.licence = self._network.licence
        self.size = self._network.size

    def chip(self, pixels: Pixels, face: Face) -> Pixels:
        """The aligned face as the network sees it. Raises MediaError for points that coincide."""
        return aligned(pixels, face.points, self._network.template)

    def embed(self, pixels: Pixels, face: Face) -> Tensor:
        """The vector (``size``) of one face."""
        return np.asarray(self.embed_all([(pixels, face)])[0], np.float32)

    def embed_all(self, faces: Sequence[tuple[Pixels, Face]]) -> Tensor:
        """The vectors (faces × ``size``) of faces, each with the picture that it lies in."""
        return self.embed_chips([self.chip(pixels, face) for pixels, face in faces])

    def embed_chips(self, chips: Sequence[Pixels]) -> Tensor:
        """The vectors (faces × ``size``) of aligned faces."""
        if not chips:
            return np.zeros((0, self.size), np.float32)
        vectors = self._network.run(chips)
        norm = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norm, 1e-9), np.float32)


@lru_cache(maxsize=4)
def _network(model: str, threads: int) -> FaceNetwork:
    return OnnxNetwork(Path(model), threads) if model else DlibNetwork(threads)
