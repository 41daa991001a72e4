"""From a file to its manifest store, by the container that its bytes name."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unmask.media import sniff
from unmask.media._source import open_regular
from unmask.provenance import pictures, recordings
from unmask.provenance.store import Bytes, Found, Piece, gather

_WALKS: dict[sniff.Container, tuple[str, Callable[[Bytes], Found]]] = {
    sniff.JPEG: ("image/jpeg", pictures.jpeg),
    sniff.PNG: ("image/png", pictures.png),
    sniff.GIF: ("image/gif", pictures.gif),
    sniff.TIFF: ("image/tiff", pictures.tiff),
    sniff.WEBP: ("image/webp", recordings.riff),
    sniff.WAV: ("audio/wav", recordings.riff),
    sniff.AVI: ("video/avi", recordings.riff),
    sniff.AVIF: ("image/avif", recordings.iso),
    sniff.AVIS: ("image/avif", recordings.iso),
    sniff.HEIC: ("image/heic", recordings.iso),
    sniff.HEIS: ("image/heic", recordings.iso),
    sniff.MP4: ("video/mp4", recordings.iso),
    sniff.MP3: ("audio/mpeg", recordings.id3),
    sniff.FLAC: ("audio/flac", recordings.id3),
}
"""The formats for which C2PA says where a manifest lies: MIME type and who finds it."""


@dataclass(frozen=True, slots=True)
class Store:
    """A manifest store: the MIME type and size of its file, where it lies and its bytes."""

    mime: str
    file_bytes: int
    pieces: list[Piece]
    data: bytes


def find_store(path: Path) -> tuple[Store | None, str]:
    """The manifest store of a file, and the address of one that lies elsewhere.

    Reads headers, and the store itself. A format for which C2PA names no place has none.
    Raises Refused for a store that is too large or cut off, Unsearchable for a file of too many
    parts, MediaError if it cannot be read.
    """
    with open_regular(path) as file:
        found = _walk(file, path)
        if found is None:
            return None, ""
        mime, here = found
        if not here.pieces:
            return None, here.remote
        source = Bytes(file)
        store = Store(mime, source.size, here.pieces, gather(source, here.pieces))
        return store, here.remote


def _walk(file: io.FileIO, path: Path) -> tuple[str, Found] | None:
    walk = _WALKS.get(sniff.sniff(file, path))
    return (walk[0], walk[1](Bytes(file))) if walk else None
