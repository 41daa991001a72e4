"""The user's list of certificates that may vouch for a signer."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from unmask.errors import SettingError
from unmask.media._source import reason, shown

_MOST = 10 << 20
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def read_trust(path: str) -> str:
    """The certificates of a PEM file, checked. Raises SettingError in one line."""
    try:
        state = os.stat(path)  # noqa: PTH116
        return _read(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise SettingError(
            f"The trust list {shown(Path(path))} cannot be read: {reason(error)}. "
            "Name a PEM file with the certificates of the authorities that you trust."
        ) from None


@lru_cache(maxsize=4)
def _read(path: str, changed: int, size: int) -> str:
    from cryptography import x509

    name = shown(Path(path))
    if size > _MOST:
        raise SettingError(f"The trust list {name} has {size:,} bytes; allowed are {_MOST:,}.")
    blocks = _BLOCK.findall(Path(path).read_bytes())
    if not blocks:
        raise SettingError(
            f"The trust list {name} holds no certificate. Name a PEM file: its certificates begin "
            "with -----BEGIN CERTIFICATE-----."
        )
    authorities = 0
    for number, block in enumerate(blocks, 1):
        try:
            authorities += _is_authority(x509.load_pem_x509_certificate(block))
        except (ValueError, TypeError):
            raise SettingError(
                f"Certificate {number} of the trust list {name} is damaged. Get the list again."
            ) from None
    if not authorities:
        raise SettingError(
            f"The trust list {name} holds no certificate of an authority, only of signers. "
            "Name the root or issuing certificates that vouch for them."
        )
    return b"\n".join(blocks).decode("ascii") + "\n"


def _is_authority(certificate: object) -> bool:
    from cryptography import x509

    assert isinstance(certificate, x509.Certificate)
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
