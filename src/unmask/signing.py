"""Signed results: who judged a file with what, so that a second party can check and repeat it.

A signature (Ed25519) covers a digest of each part of a result in canonical JSON, so that a check
can say which part was changed. It says who vouches for the result; whether the result is right is
found by judging the file again, which gives the same one with the same models and settings.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unmask.canonical_json import canonical
from unmask.errors import OutputError, StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE = "signature"
ALGORITHM = "Ed25519"
CANONICAL = "RFC 8785"


def make_key(path: Path) -> str:
    """Write a new key that only its owner may read; its public half in base64.

    Raises OutputError where the file exists or cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{path} exists; a key is never overwritten. Name another.") from None
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
    return _public(key)


def read_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file. Raises StoreError when it is missing or none for Ed25519."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise StoreError(
            f"The key {path} cannot be read: {error.strerror}. `unmask key {path}` makes one."
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StoreError(f"{path} holds no plain private key in PEM: {error}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreError(f"{path} holds a key of another kind. `unmask key FILE` makes one.")
    return key


def sign(record: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """The record with its signature. Raises ValueError for what canonical JSON cannot hold."""
    body = {name: value for name, value in record.items() if name != SIGNATURE}
    signature: dict[str, Any] = {
        "algorithm": ALGORITHM,
        "canonicalization": CANONICAL,
        "public_key": _public(key),
        "digests": _digests(body),
    }
    value = base64.b64encode(key.sign(canonical(signature))).decode("ascii")
    return {**body, SIGNATURE: {**signature, "value": value}}


def faults(record: Any, expected: str = "") -> list[str]:
    """Why a signed result does not hold; empty when it does.

    ``expected``: the public key that must have signed it; "": any, which only shows that nothing
    was changed since.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not isinstance(record, dict) or not isinstance(record.get(SIGNATURE), dict):
        return ["it holds no signature"]
    signature = dict(record[SIGNATURE])
    given = signature.pop("value", None)
    if (signature.get("algorithm"), signature.get("canonicalization")) != (ALGORITHM, CANONICAL):
        return [f"its signature is not of the kind {ALGORITHM} over {CANONICAL}"]
    if expected and signature.get("public_key") != expected:
        return [f"it was signed with another key: {signature.get('public_key')}"]
    try:
        public = base64.b64decode(signature["public_key"], validate=True)
        value = base64.b64decode(given or "", validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(value, canonical(signature))
    except InvalidSignature:
        return ["the signature itself, or what it lists, was changed"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return [f"its signature cannot be read: {error}"]
    body = {name: value for name, value in record.items() if name != SIGNATURE}
    try:
        found, listed = _digests(body), signature["digests"]
        if not isinstance(listed, dict):
            raise ValueError("it lists no digests")
    except (ValueError, KeyError, RecursionError) as error:
        return [f"it cannot have been signed: {error}"]
    both = [name for name in found if name in listed]
    told = [f"{name!r} was changed" for name in both if found[name] != listed[name]]
    told += [f"{name!r} was added" for name in found if name not in listed]
    return told + [f"{name!r} was taken away" for name in listed if name not in found]


def _digests(body: Mapping[str, Any]) -> dict[str, str]:
    return {name: hashlib.sha256(canonical(value)).hexdigest() for name, value in body.items()}


def _public(key: Ed25519PrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode("ascii")
