"""The REST interface which Twilio's SDK speaks: calls and messages (`rest_live`: conferences, `rest_numbers`: numbers)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.carriers.sandbox.exchange import Exchange, Message
from hotline.carriers.sandbox.grammar import TwimlRefused, parse_twiml
from hotline.carriers.sandbox.legs import API_VERSION, Goto, Leg, rfc2822

Json = dict[str, Any]
Work = Callable[["Asked"], Awaitable[Response]]
NOT_FOUND, CALL_NOT_IN_PROGRESS, AUTHENTICATE, MISSING = 20404, 21220, 20003, 21201
LONGEST_MESSAGE = 1600
_HANGING_UP = {"completed", "canceled"}


class Refused(Exception):  # what the carrier did
    """An error the carrier answers with; `code` as in twilio.com/docs/api/errors."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """One authenticated request."""

    exchange: Exchange
    request: Request
    form: FormData

    def text(self, name: str, usual: str = "") -> str:
        value = self.form.get(name, usual)
        return value if isinstance(value, str) else usual

    def texts(self, name: str) -> frozenset[str]:
        return frozenset(str(value) for value in self.form.getlist(name))

    def flag(self, name: str) -> bool | None:
        value = self.text(name)
        return None if value == "" else value.lower() == "true"

    @property
    def root(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.exchange.account_sid}"

    def leg(self) -> Leg:
        sid = self.request.path_params["call_sid"]
        leg = self.exchange.legs.get(sid)
        if leg is None:
            raise Refused(404, NOT_FOUND, f"The requested resource /Calls/{sid} was not found")
        return leg


class Rest:
    """Builds routes that authenticate, run one piece of work, and answer errors as Twilio does."""

    def __init__(self, exchange: Exchange, credentials: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._credentials = credentials

    def route(self, path: str, method: str, work: Work) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._authenticate(request)
                form = await request.form() if method == "POST" else FormData()
                return await work(Asked(self._exchange, request, form))
            except Refused as refused:
                return _error(refused)

        full = f"/{API_VERSION}/Accounts/{self._exchange.account_sid}{path}"
        return Route(full, endpoint, methods=[method])

    def _authenticate(self, request: Request) -> None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, secret = "", ""
        expected = self._credentials.get(user, "")
        known = scheme.lower() == "basic" and bool(expected)
        if not known or not hmac.compare_digest(secret.encode(), expected.encode()):
            raise Refused(401, AUTHENTICATE, "Authenticate")


def call_routes(rest: Rest) -> list[Route]:
    return [
        rest.route("/Calls.json", "POST", _create_call),
        rest.route("/Calls.json", "GET", _list_calls),
        rest.route("/Calls/{call_sid}.json", "GET", _fetch_call),
        rest.route("/Calls/{call_sid}.json", "POST", _update_call),
        rest.route("/Messages.json", "POST", _create_message),
        rest.route(".json", "GET", _fetch_account),
    ]


def answer(body: Json, status: int = 200) -> Response:
    return JSONResponse(body, status)


def page(asked: Asked, name: str, items: list[Json]) -> Response:
    """Return one page as the SDK walks them."""
    size = max(1, min(int(asked.request.query_params.get("PageSize", "50")), 1000))
    number = int(asked.request.query_params.get("Page", "0"))
    chosen = items[number * size : (number + 1) * size]
    path = asked.request.url.path.removeprefix(asked.request.scope.get("root_path", ""))
    query = asked.request.url.include_query_params(PageSize=size, Page=number + 1).query
    more = f"{path}?{query}" if (number + 1) * size < len(items) else None
    around = {
        "page": number,
        "page_size": size,
        "uri": path,
        "first_page_uri": path,
        "previous_page_uri": None,
    }
    return answer({name: chosen, "next_page_uri": more, **around})


def call_json(asked: Asked, leg: Leg) -> Json:
    began = leg.answered_at or (None if leg.status == "queued" else leg.created_at)
    return {
        "sid": leg.sid,
        "account_sid": leg.account_sid,
        "api_version": API_VERSION,
        "parent_call_sid": leg.parent_sid or None,
        "from": leg.from_,
        "to": leg.to,
        "from_formatted": leg.from_,
        "to_formatted": leg.to,
        "status": leg.status,
        "direction": leg.direction,
        "date_created": rfc2822(leg.created_at),
        "date_updated": rfc2822(leg.ended_at or began or leg.created_at),
        "start_time": rfc2822(began) if began is not None else None,
        "end_time": rfc2822(leg.ended_at) if leg.ended_at is not None else None,
        "duration": str(leg.duration_s) if leg.is_ended else None,
        "uri": f"{asked.root}/Calls/{leg.sid}.json",
    }


async def _create_call(asked: Asked) -> Response:
    to, from_ = asked.text("To"), asked.text("From")
    if not to or not from_:
        raise Refused(400, MISSING, "A 'To' and a 'From' phone number are required")
    events = asked.texts("StatusCallbackEvent") or frozenset({"completed"})
    leg = Leg(
        from_,
        to,
        "outbound-api",
        asked.exchange.account_sid,
        asked.exchange.now(),
        _instructions(asked),
        fallback_url=asked.text("FallbackUrl"),
        status_callback=asked.text("StatusCallback"),
        status_events=events,
        detects_machine=_detects_machine(asked),
    )
    asked.exchange.originate(leg, timeout_s=float(asked.text("Timeout", "60")))
    return answer(call_json(asked, leg), 201)


def _detects_machine(asked: Asked) -> bool:
    wanted = asked.text("MachineDetection")
    if wanted not in ("", "Enable", "DetectMessageEnd"):
        raise Refused(400, 20001, f"MachineDetection {wanted[:40]} is neither Enable nor DetectMessageEnd")
    return wanted != ""


def _instructions(asked: Asked) -> Goto:
    document = asked.text("Twiml")
    if not document and not asked.text("Url"):
        raise Refused(400, 21205, "Url or Twiml parameter is required")
    if document:
        try:
            parse_twiml(document.encode(), "text/xml")
        except TwimlRefused as refused:
            raise Refused(400, refused.code, str(refused)) from refused
        return Goto("", document=document.encode())
    return Goto(asked.text("Url"), asked.text("Method", "POST"))


async def _list_calls(asked: Asked) -> Response:
    wanted = asked.request.query_params
    after = _moment(wanted.get("StartTime>", ""))
    legs = [
        leg
        for leg in reversed(asked.exchange.legs.values())
        if wanted.get("To", leg.to) == leg.to
        and wanted.get("From", leg.from_) == leg.from_
        and wanted.get("Status", leg.status) == leg.status
        and (after is None or leg.created_at >= after)
    ]
    return page(asked, "calls", [call_json(asked, leg) for leg in legs])


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00Z")
    except ValueError as error:
        raise Refused(400, 20001, f"{text[:40]} is no date") from error


async def _fetch_call(asked: Asked) -> Response:
    return answer(call_json(asked, asked.leg()))


async def _update_call(asked: Asked) -> Response:
    leg, status = asked.leg(), asked.text("Status")
    if leg.is_ended:
        raise Refused(400, CALL_NOT_IN_PROGRESS, "Call is not in-progress. Cannot redirect.")
    if status in _HANGING_UP:
        asked.exchange.hang_up(leg)
        return answer(call_json(asked, leg))
    goto = _instructions(asked)
    if leg.status != "in-progress":
        raise Refused(400, CALL_NOT_IN_PROGRESS, "Call is not in-progress. Cannot redirect.")
    asked.exchange.redirect(leg, goto)
    return answer(call_json(asked, leg))


async def _create_message(asked: Asked) -> Response:
    to, from_, body = asked.text("To"), asked.text("From"), asked.text("Body")
    if not to or not from_ or not body:
        raise Refused(400, 21604, "A message needs 'To', 'From' and 'Body'")
    if len(body) > LONGEST_MESSAGE:
        raise Refused(400, 21617, f"The concatenated message body exceeds {LONGEST_MESSAGE} characters")
    if not to.startswith("+"):
        raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number")
    exchange = asked.exchange
    message = Message(from_, to, body, exchange.now())
    exchange.messages.append(message)
    for endpoint in exchange.switchboard.at(to):
        endpoint.tell("message", exchange.now().isoformat(), **{"from": from_, "text": body})
    fields = {"MessageSid": message.sid, "AccountSid": exchange.account_sid, "From": from_, "To": to}
    if callback := asked.text("StatusCallback"):
        for status in ("sent", "delivered"):
            exchange.reports.event("message", None, callback, (*fields.items(), ("MessageStatus", status)))
    described = {"sid": message.sid, "from": from_, "to": to, "body": body, "status": "queued"}
    return answer({**described, "uri": f"{asked.root}/Messages/{message.sid}.json"}, 201)


async def _fetch_account(asked: Asked) -> Response:
    return answer({"sid": asked.exchange.account_sid, "friendly_name": "sandbox", "status": "active"})


def _error(refused: Refused) -> Response:
    more = f"https://www.twilio.com/docs/errors/{refused.code}"
    body = {"code": refused.code, "message": str(refused), "more_info": more, "status": refused.status}
    return JSONResponse(body, refused.status)
