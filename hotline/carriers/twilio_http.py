"""The wire below the Twilio carrier: where its requests go, and what their failures mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from hotline.carriers.base import CallGone, CarrierError

_TIMEOUTS_S = (3.05, 10.0)  # connect, read
_NOT_FOUND = 20404
_NOT_IN_PROGRESS = 21220  # twilio.com/docs/api/errors/21220
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class RebasedHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """Sends every request of the SDK to another scheme and host, and never waits without end."""

    def __init__(self, *, api_base: str | None = None) -> None:
        super().__init__()
        self.timeout = _TIMEOUTS_S
        self._base = urlsplit(api_base.rstrip("/")) if api_base else None
        if self._base is not None and self._base.hostname in _LOOPBACK:
            self.session.trust_env = False  # a proxy of the environment cannot reach our own loopback

    def rebased(self, url: str) -> str:
        """Return the address at our base; a path in the base goes in front."""
        if self._base is None:
            return url
        parts = urlsplit(url)
        path = self._base.path + parts.path
        return urlunsplit((self._base.scheme, self._base.netloc, path, parts.query, ""))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        return super().request(method, self.rebased(url), *args, **kwargs)

    def download(self, url: str, auth: tuple[str, str]) -> tuple[int, bytes, str]:
        """Return status, bytes and content type; the SDK's own responses are text only."""
        answer = self.session.get(self.rebased(url), auth=auth, timeout=_TIMEOUTS_S)
        return answer.status_code, answer.content, answer.headers.get("content-type", "")


@contextmanager
def creating() -> Iterator[None]:
    """Errors of a command that must not happen twice: a lost answer leaves the outcome unknown."""
    try:
        yield
    except (TwilioException, requests.RequestException) as error:
        raise _carrier_error(error, creates=True) from error


@contextmanager
def commanding() -> Iterator[None]:
    """Errors of a command that can be repeated harmlessly."""
    try:
        yield
    except (TwilioException, requests.RequestException) as error:
        raise _carrier_error(error, creates=False) from error


@contextmanager
def ignoring_gone() -> Iterator[None]:
    try:
        yield
    except CallGone:
        return


def _carrier_error(error: Exception, *, creates: bool) -> CarrierError:
    if isinstance(error, TwilioRestException):
        if error.code in (_NOT_IN_PROGRESS, _NOT_FOUND) or error.status == 404:
            return CallGone(str(error.msg), code=error.code)
        busy, broken = error.status == 429, error.status >= 500
        unknown = creates and broken
        retryable = busy or (broken and not creates)
        return CarrierError(str(error.msg), code=error.code, retryable=retryable, unknown_outcome=unknown)
    never_sent = isinstance(error, requests.exceptions.ConnectTimeout) or (
        "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
    )
    unknown = creates and not never_sent
    return CarrierError(
        f"{type(error).__name__}: carrier not reached", retryable=not unknown, unknown_outcome=unknown
    )
