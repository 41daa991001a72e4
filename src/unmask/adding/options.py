"""What a user says about a network that is to be added, and what is usual."""

from __future__ import annotations

from dataclasses import dataclass

from unmask.errors import SettingError
from unmask.types import Claim

TAKES: dict[str, tuple[str, ...]] = {
    "image": ("picture", "face"),
    "video": ("frames", "clip"),
    "audio": ("sound",),
}
"""What a network of each medium can be given, the usual one first."""
CLAIMS: dict[str, Claim] = {
    "picture": Claim.PICTURE_GENERATED,
    "face": Claim.FACE_MANIPULATED,
    "frames": Claim.PICTURE_GENERATED,
    "clip": Claim.FACE_MANIPULATED,
    "sound": Claim.VOICE_SYNTHETIC,
}
"""What a score is taken to say, unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says; what is empty is found out or has its usual value.

    ``name``: on the shelf and in scans. ``step``: seconds between frames, 0 for evenly over the
    whole. ``seconds``: length of a stretch of sound. ``mean``, ``std`` (of values 0…1) and
    ``filter``: the preparation of pictures for a file that has none beside it.
    """

    name: str
    take: str = ""
    claim: str = ""
    forged: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    architecture: str = ""
    licence: str = ""
    step: float = 4 / 30
    seconds: float = 4.0
    margin: float = 1.3
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    filter: str = "bilinear"

    def taken(self, medium: str) -> str:
        """What a network of this medium is given. Raises SettingError for what it cannot be."""
        allowed = TAKES[medium]
        if self.take and self.take not in allowed:
            raise SettingError(
                f"A network for {medium} cannot be given {self.take!r}; it can: "
                f"{', '.join(allowed)}."
            )
        return self.take or allowed[0]

    def claimed(self, take: str) -> Claim:
        """What a high score says about the file."""
        return Claim(self.claim) if self.claim else CLAIMS[take]
