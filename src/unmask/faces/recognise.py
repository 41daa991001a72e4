"""Whether a face can be recognised at all, by two gates that were measured.

``match``: a random forest over what can be seen of the face (size, sharpness, pose, light) says how
likely it still matches its own person; trained by us on people of Labeled Faces in the Wild under
many launderings. ``index``: how far its vector lies from where unrecognisable faces gather (Deng,
Song, Ouyang, Zheng and Wang 2023, "Harnessing Unrecognizable Faces for Improving Face Recognition",
section 3: embedding recognizability); it also sees what no measure of the picture does, such as a
thing that is no face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from unmask.errors import ModelError
from unmask.faces.crop import crop, square
from unmask.faces.quality import sharpness, turn
from unmask.identity.cards import card_path
from unmask.identity.distance import distance
from unmask.runtime.forest import Forest
from unmask.types import Face, Pixels, Tensor

FEATURES: tuple[str, ...] = (
    "eye_distance",
    "height",
    "sharpness",
    "fine_sharpness",
    "turn",
    "tilt",
    "nose_height",
    "brightness",
    "contrast",
    "clipped",
    "confidence",
)
_SIDE = 64
FILE = "gates.npz"


@dataclass(frozen=True, slots=True)
class Recognisable:
    """``match``: probability (0…1) that the face still matches its own person; ``index``: 0…2."""

    match: float
    index: float
    least_match: float
    least_index: float

    @property
    def enough(self) -> bool:
        """Whether both gates are passed."""
        return self.match >= self.least_match and self.index >= self.least_index


def features(pixels: Pixels, face: Face) -> Tensor:
    """What can be seen of a face, in the order of ``FEATURES``.

    Sizes in pixels (logarithm to base 2), sharpness of the crop at 64 pixels and of its own pixels,
    turn and tilt of the head (0 upright to the front), the nose's height between eyes and mouth,
    brightness and contrast (0…1), the share of black and white pixels, and the search's confidence.
    """
    eyes = (face.points[0] + face.points[1]) / 2
    mouth = (face.points[3] + face.points[4]) / 2
    across, down = face.points[1] - face.points[0], mouth - eyes
    depth = max(float(np.hypot(*down)), 1e-3)
    nose = float((face.points[2] - eyes) @ down) / depth**2
    region = square(face.box, 1.0)
    small = crop(pixels, region, _SIDE)
    own = crop(pixels, region, int(np.clip(region.width, 16, 160)))
    grey = small.astype(np.float32).mean(axis=2) / 255
    return np.array(
        [
            np.log2(max(float(np.hypot(*across)), 1.0)),
            np.log2(max(face.box.height, 1.0)),
            sharpness(small),
            sharpness(own),
            turn(face),
            abs(float(np.arctan2(across[1], across[0]))),
            nose,
            float(grey.mean()),
            float(grey.std()),
            float(((grey < 0.04) | (grey > 0.96)).mean()),
            face.confidence,
        ],
        np.float32,
    )


def recognisable(pixels: Pixels, face: Face, vector: Tensor) -> Recognisable:
    """Both gates of a face whose vector of the built-in network is given. Raises ModelError."""
    gates = _gates()
    match = float(gates.forest.predict(features(pixels, face)[None])[0])
    index = distance(vector, gates.centre)
    return Recognisable(match, index, gates.least_match, gates.least_index)


@dataclass(frozen=True, slots=True)
class Gates:
    """The fitted gates: a forest, where unrecognisable faces gather, and both thresholds."""

    forest: Forest
    centre: Tensor
    least_match: float
    least_index: float


def read_gates(path: Path) -> Gates:
    """The gates of a file. Raises ModelError when it is missing or is not one."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = ("first", "feature", "threshold", "left", "right", "value")
            forest = Forest(*(file[name] for name in names))
            least = file["least"]
            return Gates(forest, file["centre"], float(least[0]), float(least[1]))
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise ModelError(f"The face gates {path} do not load: {error}. Reinstall unmask.") from None


@lru_cache(maxsize=1)
def _gates() -> Gates:
    return read_gates(card_path("face_identity").with_name(FILE))
