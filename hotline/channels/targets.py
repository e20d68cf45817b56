"""Where a robot may be called: only origins that the configuration names, at public addresses, by one request."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from hotline.channels.base import ChannelError

TIMEOUT_S: Final = 10.0
MOST_BYTES: Final = 65_536
MOST_ADDRESS: Final = 500
PATHS: Final[Mapping[str, str]] = {"wecom": "/cgi-bin/webhook/send", "dingtalk": "/robot/send"}
KEYS: Final[Mapping[str, str]] = {"wecom": "key", "dingtalk": "access_token"}


class BadTarget(ValueError):
    """An address that no robot has; the message is a Chinese sentence."""


def check_target(kind: str, address: str, origins: tuple[str, ...]) -> None:
    """Raise BadTarget unless this is a robot's address at an allowed origin, and nothing more than that."""
    if len(address) > MOST_ADDRESS or not address.isascii() or any(each <= " " for each in address):
        raise BadTarget("地址含有不能使用的字符")
    try:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError as error:
        raise BadTarget("不是有效的地址") from error
    if parts.username is not None or parts.password is not None or parts.fragment or "\\" in address:
        raise BadTarget("地址不能带账号或片段")
    if origin not in origins:
        raise BadTarget(f"只能使用{'、'.join(origins)}的机器人")
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.path != PATHS[kind] or set(query) != {KEYS[kind]} or not query[KEYS[kind]][0]:
        raise BadTarget(f"地址应为{PATHS[kind]}?{KEYS[kind]}=…")


def post_json(address: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Post once to a checked address and return the JSON answer; never follows a redirect. Raises ChannelError."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    data = json.dumps(body, ensure_ascii=False).encode()
    path = f"{parts.path}?{parts.query}"
    sent = False
    try:
        connection = _connect(host, port, tls=parts.scheme == "https")
        try:
            connection.putrequest("POST", path)
            connection.putheader("Content-Type", "application/json; charset=utf-8")
            connection.putheader("Content-Length", str(len(data)))
            sent = True
            connection.endheaders(data)
            answer = connection.getresponse()
            said = answer.read(MOST_BYTES)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise ChannelError(type(error).__name__, retryable=not sent, unknown_outcome=sent) from error
    if answer.status != 200:
        retryable = answer.status == 429 or answer.status >= 500
        raise ChannelError(f"HTTP {answer.status}", retryable=retryable)
    try:
        found = json.loads(said)
    except ValueError as error:
        raise ChannelError("the answer is no JSON", unknown_outcome=True) from error
    if not isinstance(found, dict):
        raise ChannelError("the answer is no object", unknown_outcome=True)
    return found


def _connect(host: str, port: int, *, tls: bool) -> http.client.HTTPConnection:
    """Connect to an address that was looked at: the name is asked once, so that it cannot answer differently later."""
    found = _address_of(host, port)
    raw = socket.create_connection((found, port), timeout=TIMEOUT_S)
    if not tls:
        plain = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        plain.sock = raw
        return plain
    secure = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S)
    secure.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    return secure


def _address_of(host: str, port: int) -> str:
    try:
        # Written as an address into the configuration: whoever did so meant it.
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    for *_, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = ipaddress.ip_address(str(sockaddr[0]))
        if address.is_global and not address.is_multicast:
            return str(address)
    raise ChannelError("the robot's name leads to no public address")
