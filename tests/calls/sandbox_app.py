"""A tiny TwiML application for proving the sandbox: documents by path, and everything it was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from twilio.request_validator import RequestValidator

from hotline.carriers.sandbox.app import create_sandbox
from hotline.carriers.sandbox.clock import VirtualClock
from hotline.carriers.sandbox.exchange import Exchange
from hotline.carriers.sandbox.faults import Fault
from hotline.carriers.twilio import TwilioAccount, TwilioCarrier, device_identity
from tests.lines import InProcessLine
from tests.phone import Phone

BASE = "http://app.test"
AUTH_TOKEN = "12345678901234567890123456789012"
ACCOUNT_SID = "AC" + "a" * 32
ACCOUNT = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, api_key_sid="SK" + "b" * 32, api_key_secret="s" * 32)

Document = str | Response | Callable[[FormData], str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One webhook as it arrived."""

    path: str
    query: str
    form: FormData
    is_signed: bool
    headers: dict[str, str]


class TinyApp:
    """Answers what `says` told it; unknown paths answer 404, status callbacks 204."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._documents: dict[str, Document] = {}
        self._validator = RequestValidator(AUTH_TOKEN)
        self.asgi = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def says(self, path: str, document: Document) -> None:
        """Answer this path with `<Response>` around the document."""
        self._documents[path] = document

    def at(self, path: str) -> list[Seen]:
        return [each for each in self.seen if each.path == path]

    def forms(self, path: str) -> list[FormData]:
        return [each.form for each in self.at(path)]

    async def _answer(self, request: Request) -> Response:
        form = await request.form()
        path, query = request.url.path, request.url.query
        url = BASE + path + (f"?{query}" if query else "")
        is_signed = self._validator.validate(url, form, request.headers.get("X-Twilio-Signature", ""))
        self.seen.append(Seen(path, query, form, is_signed, dict(request.headers)))
        document = self._documents.get(path)
        if document is None:
            return Response(status_code=204 if path.startswith("/status") else 404)
        if isinstance(document, Response):
            return document
        body = document if isinstance(document, str) else document(form)
        return Response(f"<Response>{body}</Response>", media_type="application/xml")


@dataclass(frozen=True, slots=True)
class Stage:
    """The tiny application, the sandbox beside it, and a line into both."""

    app: TinyApp
    sandbox: ASGIApp
    exchange: Exchange
    line: InProcessLine

    def phone(self, number: str = "+8613800000001") -> Phone:
        return self.line.phone(number)

    def carrier(self, **options: Any) -> TwilioCarrier:
        return TwilioCarrier(ACCOUNT, http_client=self.line.http_client(self.sandbox), **options)

    def add_fault(self, fault: Fault) -> None:
        self.exchange.faults.add(fault)

    @property
    def warning_codes(self) -> list[int]:
        return [each.code for each in self.exchange.warnings]


@contextmanager
def open_stage(*, fallback: bool = False) -> Iterator[Stage]:
    """Open a sandbox whose number 12351 leads to `/voice`, with its status at `/status`."""
    app = TinyApp()
    settings = {"voice_url": f"{BASE}/voice", "status_callback": f"{BASE}/status"}
    if fallback:
        settings["fallback_url"] = f"{BASE}/fallback"
    sandbox, exchange = create_sandbox(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        numbers={"12351": settings},
        clock=VirtualClock(),
        verify_device_token=device_identity(ACCOUNT),
        api_keys={ACCOUNT.api_key_sid: ACCOUNT.api_key_secret},
    )
    with InProcessLine(app.asgi, exchange) as line:
        yield Stage(app, sandbox, exchange, line)
