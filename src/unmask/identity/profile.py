"""A profile: what is remembered of a person's authentic pictures and recordings.

It holds numbers that describe faces and voices, never pixels or sound. The form is JSON, so that
its owner can read what is kept.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.errors import StoreError
from unmask.types import Tensor

FORM = "unmask profile 1"


@dataclass(frozen=True, slots=True)
class Reference:
    """One look at a face, or one stretch of a voice, as its embedding.

    ``source`` and ``sha256`` say from which file; ``time`` is its second there (``None``: a still
    picture).
    """

    source: str
    sha256: str
    time: float | None
    vector: Tensor


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or a part of one, that was not used, and why."""

    source: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's references. ``models``: version of each embedder, by its name."""

    name: str
    faces: tuple[Reference, ...]
    voices: tuple[Reference, ...]
    left_out: tuple[LeftOut, ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    created: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The files that were used."""
        return tuple(dict.fromkeys(item.source for item in (*self.faces, *self.voices)))


def vectors(items: tuple[Reference, ...]) -> NDArray[np.float32]:
    """The embeddings as rows."""
    return np.stack([item.vector for item in items]).astype(np.float32)


def encode(profile: Profile) -> bytes:
    """A profile as JSON; embeddings are base64 of little-endian float32."""
    value = {
        "form": FORM,
        "name": profile.name,
        "created": profile.created,
        "models": dict(profile.models),
        "faces": [_plain(item) for item in profile.faces],
        "voices": [_plain(item) for item in profile.voices],
        "left_out": [
            {"source": item.source, "what": item.what, "why": item.why} for item in profile.left_out
        ],
    }
    return json.dumps(value, indent=1).encode()


def decode(data: bytes, name: str) -> Profile:
    """A profile from its bytes; ``name`` is the file's, for messages. Raises StoreError."""
    try:
        value = json.loads(data)
        if value["form"] != FORM:
            raise ValueError
        return Profile(
            str(value["name"]),
            tuple(_reference(item) for item in value["faces"]),
            tuple(_reference(item) for item in value["voices"]),
            tuple(
                LeftOut(str(item["source"]), str(item["what"]), str(item["why"]))
                for item in value["left_out"]
            ),
            tuple((str(key), str(item)) for key, item in value["models"].items()),
            str(value["created"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise StoreError(
            f"{name} is not a profile of this version. Enrol the person again: "
            "unmask profile enrol NAME --from FOLDER"
        ) from None


def _plain(item: Reference) -> dict[str, object]:
    data = np.ascontiguousarray(item.vector, "<f4").tobytes()
    return {
        "source": item.source,
        "sha256": item.sha256,
        "time": item.time,
        "vector": base64.b64encode(data).decode(),
    }


def _reference(item: dict[str, object]) -> Reference:
    vector = np.frombuffer(base64.b64decode(str(item["vector"]), validate=True), "<f4")
    time = item["time"]
    if not vector.size or not np.isfinite(vector).all():
        raise ValueError
    return Reference(
        str(item["source"]),
        str(item["sha256"]),
        float(time) if isinstance(time, int | float) else None,
        vector.astype(np.float32),
    )
