"""The two networks of a comparison, made once a process."""

from __future__ import annotations

from functools import lru_cache

from unmask.faces.embed import FaceEmbedder
from unmask.identity.cards import card_path
from unmask.identity.voice_trail import Network
from unmask.runtime.model import Model
from unmask.types import Tensor


@lru_cache(maxsize=2)
def face_embedder(threads: int = 0) -> FaceEmbedder:
    """The comparer of faces. Raises MissingExtra, ModelError."""
    return FaceEmbedder(threads=threads)


@lru_cache(maxsize=2)
def voice_network(threads: int = 0) -> tuple[str, Network]:
    """The comparer of voices and its name. Raises ModelError."""
    model = Model(card_path("voice_identity"), threads)

    def run(mels: Tensor) -> Tensor:
        return model.run({"mel": mels})["embedding"]

    return model.card.name, run
