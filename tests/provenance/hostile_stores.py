"""Manifest stores that an attacker would write."""

from __future__ import annotations

import io
import struct

from PIL import Image

import sign_media
from unmask.provenance.boxes import walk

_TYPE = bytes.fromhex("00110010800000aa00389b71")
STORE = b"c2pa" + _TYPE
ASSERTIONS = b"c2as" + _TYPE
CBOR = b"cbor" + _TYPE
JSON = b"json" + _TYPE


def box(kind: bytes, content: bytes) -> bytes:
    """A JUMBF box."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def superbox(label: str, uuid: bytes, *content: bytes) -> bytes:
    """A labelled box of boxes."""
    description = box(b"jumd", uuid + b"\x03" + label.encode() + b"\0")
    return box(b"jumb", description + b"".join(content))


def nested(depth: int) -> bytes:
    """A store whose boxes nest ``depth`` deep."""
    inner = b""
    for _ in range(depth):
        inner = superbox("a", ASSERTIONS, inner)
    return superbox("c2pa", STORE, inner)


def png() -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (90, 120, 40)).save(out, "PNG")
    return out.getvalue()


def in_png(store: bytes, announced: int | None = None) -> bytes:
    """A picture with this store, or with one that announces more bytes than there are."""
    plain = png()
    length = len(store) if announced is None else announced
    chunk = struct.pack(">I", length) + b"caBX" + store + b"\0\0\0\0"
    return plain[:33] + chunk + plain[33:]


def store_of(signed: bytes) -> tuple[int, bytes]:
    """Where the store of a signed PNG begins, and its bytes."""
    at = signed.index(b"caBX") - 4
    length = int.from_bytes(signed[at : at + 4], "big")
    return at + 8, signed[at + 8 : at + 8 + length]


def with_content(store: bytes, ending: str, content: bytes) -> bytes:
    """A store in which the content of one labelled box is another; all lengths are put right."""
    boxes = walk(store)
    path = next(path for path in boxes if path.endswith(ending))
    old = boxes[path]
    described = old.start + 8
    inner = described + int.from_bytes(store[described : described + 4], "big")
    made = bytearray(store[:inner] + content + store[old.end :])
    change = len(made) - len(store)
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        start = boxes["/".join(parts[:depth])].start
        length = int.from_bytes(made[start : start + 4], "big") + change
        made[start : start + 4] = struct.pack(">I", length)
    return bytes(made)


def whole() -> bytes:
    """A store as it should be."""
    return store_of(sign_media.sign(png(), "image/png", sign_media.identity()))[1]


def hostile() -> dict[str, tuple[bytes, str]]:
    """Pictures with hostile stores by what is wrong, and a part of what is said about it."""
    store = whole()
    actions = "c2pa.actions.v2"
    return {
        "announces 3 GB": (in_png(store[:100], 3 << 30), "3,221 MB"),
        "announces more than there is": (in_png(store[:100], 9999), "the file ends at byte"),
        "holds 80 MB": (in_png(superbox("c2pa", STORE, box(b"free", bytes(80 << 20)))), "84 MB"),
        "an inner length is wild": (in_png(store[:38] + b"\xff" * 4 + store[42:]), "announces"),
        "nests 5,000 deep": (in_png(nested(5000)), "nest more than"),
        "50,000 boxes": (
            in_png(superbox("c2pa", STORE, *[box(b"free", b"")] * 50_000)),
            "more than 20,000 boxes",
        ),
        "CBOR nests deep": (
            in_png(with_content(store, actions, box(b"cbor", b"\xa1\x61a" * 100_000 + b"\0"))),
            "depth",
        ),
        "CBOR announces a list without end": (
            in_png(with_content(store, actions, box(b"cbor", b"\x9b" + b"\0\0\0\xff" * 2))),
            "",
        ),
        "JSON nests deep": (
            in_png(
                with_content(store, actions, box(b"json", b"[" * 100_000 + b"]" * 100_000)).replace(
                    b"cbor" + JSON[4:], JSON
                )
            ),
            "",
        ),
        "the claim nests deep": (
            in_png(with_content(store, "c2pa.claim.v2", box(b"cbor", b"\x81" * 100_000))),
            "",
        ),
        "nothing in it": (in_png(superbox("c2pa", STORE)), ""),
    }
