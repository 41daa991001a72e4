"""A picture signed by hand, byte for byte, so that the signed exclusions can be any.

The library that signs leaves exactly the manifest out of its hash; cameras do not always.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sign_media import Identity

Ranges = Sequence[tuple[int, int]]
_LABEL = "urn:uuid:9d1f0a51-0f52-4c34-9a6b-0f6f2f7d1c11"
_REST = bytes.fromhex("00110010800000aa00389b71")


def _head(kind: int, value: int) -> bytes:
    for extra, form, most in ((0, "", 24), (24, ">B", 1 << 8), (25, ">H", 1 << 16)):
        if value < most:
            return bytes([kind << 5 | (extra or value)]) + (
                struct.pack(form, value) if form else b""
            )
    return bytes([kind << 5 | 26]) + struct.pack(">I", value)


def cbor(value: object) -> bytes:
    """A value in CBOR (RFC 8949); numbers, bytes, text, lists and tables. None is null."""
    match value:
        case None:
            return b"\xf6"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    raise TypeError(type(value))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def _labelled(kind: bytes, label: str, *inner: bytes) -> bytes:
    described = _box(b"jumd", kind + _REST + b"\x03" + label.encode() + b"\0")
    return _box(b"jumb", described + b"".join(inner))


def _stored(label: str, value: object) -> bytes:
    return _labelled(b"cbor", label, _box(b"cbor", cbor(value)))


def _signature(claim: bytes, by: Identity) -> bytes:
    leaf = x509.load_pem_x509_certificate(by.leaf)
    key = serialization.load_pem_private_key(by.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    protected = cbor({1: -7, 33: leaf.public_bytes(serialization.Encoding.DER)})
    signed = key.sign(cbor(["Signature1", protected, b"", claim]), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(signed)
    parts = [protected, {"pad": bytes(64)}, None, r.to_bytes(32) + s.to_bytes(32)]
    return b"\xd2" + cbor(parts)


def _store(ranges: Ranges, digest: bytes, by: Identity) -> bytes:
    """A manifest store whose hash of the file leaves these ranges (start, length) out."""
    left_out = [{"start": start, "length": length} for start, length in ranges]
    binding = {"exclusions": left_out, "name": "by hand", "alg": "sha256", "hash": digest}
    said = {"c2pa.hash.data": {**binding, "pad": b""},
            "c2pa.actions": {"actions": [{"action": "c2pa.edited"}]}}  # fmt: skip
    boxes = {label: _stored(label, value) for label, value in said.items()}
    named = [
        {"url": f"self#jumbf=c2pa.assertions/{label}", "hash": hashlib.sha256(box[8:]).digest()}
        for label, box in boxes.items()
    ]
    claim = cbor({
        "claim_generator": "by hand/1", "signature": f"self#jumbf=/c2pa/{_LABEL}/c2pa.signature",
        "assertions": named, "dc:format": "image/jpeg", "instanceID": "xmp:iid:1", "alg": "sha256",
    })  # fmt: skip
    manifest = _labelled(
        b"c2ma", _LABEL,
        _labelled(b"c2as", "c2pa.assertions", *boxes.values()),
        _labelled(b"c2cl", "c2pa.claim", _box(b"cbor", claim)),
        _labelled(b"c2cs", "c2pa.signature", _box(b"cbor", _signature(claim, by))),
    )  # fmt: skip
    return _labelled(b"c2pa", "c2pa", manifest)


def signed_jpeg(
    head: bytes, tail: bytes, by: Identity, ranges: Callable[[int, int], Ranges]
) -> bytes:
    """A JPEG with a manifest between ``head`` and ``tail``, whose hash is right.

    ``ranges`` gives what the hash leaves out, from the length of the manifest's segment and that
    of the whole file.
    """
    length = 0
    for _ in range(4):  # the length of the manifest depends on the numbers inside it
        whole = head + bytes(length) + tail
        chosen = ranges(length, len(whole))
        covered = bytearray(b"\1") * len(whole)
        for start, size in chosen:
            covered[start : start + size] = bytes(len(covered[start : start + size]))
        digest = hashlib.sha256(bytes(b for b, c in zip(whole, covered, strict=True) if c)).digest()
        store = _store(chosen, digest, by)
        segment = b"\xff\xeb" + struct.pack(">H", len(store) + 10) + b"JP\0\1\0\0\0\1" + store
        if len(segment) == length:
            return head + segment + tail
        length = len(segment)
    raise AssertionError("the length of the manifest does not settle")
