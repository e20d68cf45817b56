"""Requests to addresses that others have named: public hosts or allowed networks only, pinned, bounded, not redirected."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx

from dispatch.rules.partner_policy import Network

Resolve = Callable[[str, int], Sequence[str]]
LARGEST_ANSWER: Final = 1_000_000
"""Bytes of an answer that is read as text."""


class Forbidden(Exception):
    """The address leads where nothing may be asked: inside the house, or to no host at all."""


class TooLarge(Exception):
    """The answer has more bytes than may be taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GuardedHttp:
    """A client that looks at where an address leads before it asks there, and asks exactly there."""

    allowed: Collection[Network]
    timeout_s: float
    resolve: Resolve | None = None
    transport: httpx.BaseTransport | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        most_bytes: int = LARGEST_ANSWER,
    ) -> Answer:
        """Return the answer; raises Forbidden, TooLarge, httpx.HTTPError."""
        parts = urlsplit(url)
        host = parts.hostname
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise Forbidden("不是可以访问的地址")
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise Forbidden("不是可以访问的地址") from error
        address = self._address(host, port)
        # The name is not looked up again: what was judged is what is asked.
        pinned = f"[{address}]" if ":" in address else address
        target = urlunsplit((parts.scheme, f"{pinned}:{port}", parts.path or "/", parts.query, ""))
        named = {**(headers or {}), "Host": parts.netloc}
        with (
            httpx.Client(
                timeout=self.timeout_s, follow_redirects=False, trust_env=False, transport=self.transport
            ) as client,
            client.stream(
                method, target, headers=named, content=content, extensions={"sni_hostname": host}
            ) as answer,
        ):
            return Answer(answer.status_code, _bounded(answer, most_bytes), answer.headers)

    def _address(self, host: str, port: int) -> str:
        found = (self.resolve or _resolve)(host, port)
        if not found:
            raise Forbidden("找不到这个主机")
        refused = [each for each in found if not self._may(each)]
        if refused:
            raise Forbidden("地址指向内部网络")
        return found[0]

    def _may(self, text: str) -> bool:
        address = ipaddress.ip_address(text)
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        if any(address in network for network in self.allowed if network.version == address.version):
            return True
        return address.is_global and not address.is_multicast


def _bounded(answer: httpx.Response, most_bytes: int) -> bytes:
    length = answer.headers.get("content-length", "")
    if length.isdigit() and int(length) > most_bytes:
        raise TooLarge(f"超过{most_bytes}字节")
    parts, taken = [], 0
    for part in answer.iter_bytes():
        taken += len(part)
        if taken > most_bytes:
            raise TooLarge(f"超过{most_bytes}字节")
        parts.append(part)
    return b"".join(parts)


def _resolve(host: str, port: int) -> list[str]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(row[4][0]).split("%")[0] for row in rows))
