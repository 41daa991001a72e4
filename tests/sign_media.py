"""Signing small media with certificates made on the spot; needs c2pa-python."""

from __future__ import annotations

import datetime
import http.server
import io
import json
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MIMES = {
    "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif",
    "tif": "image/tiff", "avif": "image/avif", "heic": "image/heic", "mp4": "video/mp4",
    "mov": "video/quicktime", "avi": "video/avi", "wav": "audio/wav", "mp3": "audio/mpeg",
    "m4a": "audio/mp4", "flac": "audio/flac",
}  # fmt: skip
"""What can be signed, by the ending of its name."""
_SETTINGS = {"verify": {"verify_after_sign": False}, "builder": {"thumbnail": {"enabled": False}}}


@dataclass(frozen=True)
class Identity:
    """A signer: its certificate and that of its root in PEM, and its key."""

    leaf: bytes
    root: bytes
    key: bytes

    def signer(self, stamps: str = "") -> c2pa.Signer:
        """Signs with ECDSA; ``stamps`` is the address of a time stamp authority."""
        info = c2pa.C2paSignerInfo(
            b"es256", self.leaf + self.root, self.key, stamps.encode() or None
        )
        return c2pa.Signer.from_info(info)


def identity(
    organisation: str = "Test Works",
    name: str = "Camera 7",
    lasts: float = 3e7,
    revocation: str = "",
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
) -> Identity:
    """A root and a certificate that it issued, valid for ``lasts`` seconds from now on.

    ``revocation``: the address of a server that would be asked about revocation.
    """
    now = datetime.datetime.now(datetime.UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    above = _name(organisation, f"Root of {organisation}")
    begin = now - datetime.timedelta(days=30)

    def issue(
        subject: x509.Name, public: ec.EllipticCurvePublicKey, until: datetime.datetime, ca: bool
    ) -> bytes:
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(above)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca, None), True)
            .add_extension(_usage(ca), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False
            )
        )
        if not ca:
            critical = usage == ExtendedKeyUsageOID.TIME_STAMPING
            made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical)
        if revocation and not ca:
            place = x509.AccessDescription(Access.OCSP, x509.UniformResourceIdentifier(revocation))
            made = made.add_extension(x509.AuthorityInformationAccess([place]), False)
        return made.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    long = now + datetime.timedelta(days=3000)
    short = now + datetime.timedelta(seconds=lasts)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Identity(
        issue(_name(organisation, name), key.public_key(), short, False),
        issue(above, root_key.public_key(), long, True),
        secret,
    )


def _name(organisation: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)


def statement(
    source: str = "digitalCapture", *more: dict[str, Any], title: str = "", tool: str = "Probe"
) -> dict[str, Any]:
    """A manifest to be signed: created from a kind of source, then ``more`` actions."""
    first = {"action": "c2pa.created", "digitalSourceType": SOURCE + source}
    data = {"actions": [first, *more] if source else list(more)}
    made: dict[str, Any] = {
        "claim_generator_info": [{"name": tool, "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": data}],
    }
    return made | ({"title": title} if title else {})


Setup = Callable[[c2pa.Builder], object]


def sign(
    data: bytes,
    mime: str,
    by: Identity,
    said: dict[str, Any] | None = None,
    ingredients: Sequence[tuple[dict[str, Any], str, bytes]] = (),
    setup: Setup | None = None,
    stamps: str = "",
) -> bytes:
    """The signed file. ``ingredients``: (description, MIME type, bytes) of each."""
    context = c2pa.Context.from_dict(_SETTINGS)
    builder = c2pa.Builder(said or statement(), context)
    for described, form, content in ingredients:
        builder.add_ingredient(json.dumps(described), form, io.BytesIO(content))
    if setup:
        setup(builder)
    out = io.BytesIO()
    builder.sign(by.signer(stamps), mime, io.BytesIO(data), out)
    return out.getvalue()


def sign_file(path: Path, by: Identity, to: Path, **given: Any) -> Path:
    """Sign a file by the ending of its name."""
    to.write_bytes(sign(path.read_bytes(), MIMES[path.suffix[1:]], by, **given))
    return to


def editing(builder: c2pa.Builder) -> None:
    """The signed file is an edit of the one that is signed: that becomes its parent."""
    builder.set_intent(c2pa.C2paBuilderIntent.EDIT)


class StampAuthority:
    """A time stamp authority on this machine, made of the program openssl (RFC 3161)."""

    def __init__(self, folder: Path) -> None:
        self.identity = identity("Clock Works", "Clock 1", usage=ExtendedKeyUsageOID.TIME_STAMPING)
        for name in ("leaf", "root", "key"):
            (folder / f"{name}.pem").write_bytes(getattr(self.identity, name))
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(
            f"[tsa]\nserial={folder}/serial\ncrypto_device=builtin\nsigner_cert={folder}/leaf.pem\n"
            f"certs={folder}/root.pem\nsigner_key={folder}/key.pem\nsigner_digest=sha256\n"
            "default_policy=1.2.3.4.1\ndigests=sha256,sha384,sha512\naccuracy=secs:1\n"
            "ess_cert_id_chain=yes\ness_cert_id_alg=sha256\n"
        )

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                (folder / "query").write_bytes(query)
                command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa"]
                command += ["-queryfile", "query", "-out", "reply"]
                subprocess.run(command, check=True, cwd=folder, capture_output=True)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write((folder / "reply").read_bytes())

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
