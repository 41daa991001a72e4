"""Addresses that the service itself opens: webhooks, and only those that are safe to open.

A client could name an address inside of the operator's network (SSRF). So a host must be on the
operator's list, its name is looked up once, every address that it has must be public, and the
connection goes to the address that was looked at. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from unmask.errors import SettingError

Resolve = Callable[[str, int], list[str]]
_MOST_ANSWER = 1 << 16


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Outside:
    """Which addresses may be opened. ``private``: they may lie in private networks."""

    hosts: Sequence[str]
    private: bool = False
    resolve: Resolve = resolve

    def checked(self, url: str) -> SplitResult:
        """A URL's parts, when its form and host are allowed; nothing is looked up yet.

        Raises SettingError.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise SettingError(f"The webhook is no URL: {error}.") from None
        if any(ord(c) <= 32 or ord(c) == 127 for c in url) or parts.scheme not in ("http", "https"):
            raise SettingError("A webhook is an http or https URL without spaces.")
        if parts.username is not None or parts.password is not None:
            raise SettingError("A webhook's URL holds no user and password; it is signed instead.")
        if host not in self.hosts or port == 0:
            raise SettingError(
                f"The host {host[:100]!r} is not on this service's list for webhooks. Its operator "
                "adds it with --webhook-host."
            )
        return parts

    def post(self, url: str, body: bytes, headers: dict[str, str], seconds: float = 10) -> int:
        """Send ``body`` to an allowed URL; the status of the answer, redirects included.

        Raises SettingError for what is not allowed, OSError or HTTPException when it fails.
        """
        parts = self.checked(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = self._address(parts.hostname or "", port)
        connection = _Pinned(parts.hostname or "", address, port, seconds, secure)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(_MOST_ANSWER)
            return answer.status
        finally:
            connection.close()

    def _address(self, host: str, port: int) -> str:
        found = self.resolve(host, port)
        if not found:
            raise OSError(f"{host} has no address")
        for address in found:
            if not self.private and not public(address):
                raise SettingError(f"{host} lies in a private network ({address}).")
        return found[0]


def public(address: str) -> bool:
    """True for an address that anybody on the internet could reach."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name of its host."""

    def __init__(self, host: str, address: str, port: int, seconds: float, secure: bool) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        """Open the connection; over TLS the certificate must be the host's."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
