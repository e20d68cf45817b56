"""The outermost layer: turns foreign pages and oversized bodies away, and puts the security headers on answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent_console.problems import answer
from dispatch.rules.files import FILE_LIMIT
from hotline.errors import BAD_REQUEST, FOREIGN, TOO_LARGE, Answer, Problem

BODY_LIMIT: Final = 1_000_000
"""Bytes of one API request; a ticket's text has at most 20,000 characters."""
UPLOAD_LIMIT: Final = FILE_LIMIT + 100_000
"""Bytes of one upload: a file, and what a form puts around it."""
UPLOADS: Final = "/attachments"
"""How the addresses end to which files are sent."""

GUARDED: Final = ("/api/", "/socket.io/")
"""Where a cookie speaks for a person. Carriers' webhooks are signed instead, and come without an Origin."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

TWILIO: Final[Mapping[str, str]] = {
    "connect-src": "https://eventgw.twilio.com wss://voice-js.roaming.twilio.com https://sdk.twilio.com",
    "media-src": "mediastream: https://sdk.twilio.com",
}
"""What Twilio's browser telephone needs beside; source: the README of npm @twilio/voice-sdk."""


def security_policy(beside: Mapping[str, str]) -> str:
    """Return the policy with more sources for some directives."""
    directives = (each.partition(" ") for each in CONTENT_SECURITY_POLICY.split("; "))
    return "; ".join(
        " ".join(part for part in (name, sources, beside.get(name, "")) if part)
        for name, _, sources in directives
    )


HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), microphone=(self)",
}


class FrontDoor:
    """Wraps the whole application, the socket included."""

    def __init__(self, app: ASGIApp, *, public_url: str, sources: Mapping[str, str] | None = None) -> None:
        """`sources`: what pages may load from elsewhere, by directive of the security policy."""
        self._app = app
        self._public_origin = public_url
        self._headers = dict(HEADERS)
        if sources:
            self._headers["Content-Security-Policy"] = security_policy(sources)
        if public_url.startswith("https://"):
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before anything has read it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        guarded = scope["path"].startswith(GUARDED)
        refusal = self._refusal(scope) if guarded else None
        if scope["type"] == "websocket":
            if refusal is not None:
                # Closed before it is accepted: the server answers the handshake with 403.
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        with_headers = self._with_headers(send, no_store=guarded)
        if refusal is not None:
            await answer(Problem(refusal, refusal.detail))(scope, receive, with_headers)
            return
        if guarded:
            receive = _limited(receive, _limit(scope))
        await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Answer | None:
        headers = Headers(scope=scope)
        if not self._is_ours(headers):
            return FOREIGN
        # No text of ours holds a NUL, and PostgreSQL keeps none.
        if b"%00" in scope.get("query_string", b"") or "\x00" in scope["path"]:
            return BAD_REQUEST
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > _limit(scope):
            return TOO_LARGE
        return None

    def _is_ours(self, headers: Headers) -> bool:
        """Whether no foreign page is behind the request; a script, which sends neither header, is no page."""
        origin = headers.get("origin")
        if origin == self._public_origin:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None and site not in ("same-origin", "none"):
            return False
        if origin is None:
            return True
        # Behind a proxy that ends TLS the scheme differs; what must agree is the host the browser spoke to.
        return origin != "null" and urlsplit(origin).netloc == headers.get("host")

    def _with_headers(self, send: Send, *, no_store: bool) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if no_store:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return sending


def _limit(scope: Scope) -> int:
    is_upload = scope["path"].endswith(UPLOADS) and scope.get("method") == "POST"
    return UPLOAD_LIMIT if is_upload else BODY_LIMIT


def _limited(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                # FastAPI passes this one on; any other would become a 400.
                raise HTTPException(TOO_LARGE.status)
        return message

    return receiving
