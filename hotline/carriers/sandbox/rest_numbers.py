"""The sandbox's REST for numbers: what each leads to, changing it, and numbers that may be shown on calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from hotline.carriers.sandbox.legs import Number
from hotline.carriers.sandbox.rest import NOT_FOUND, Asked, Refused, Rest, answer, page

Json = dict[str, Any]
_ADDRESSES: Final = {
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "fallback_url",
    "StatusCallback": "status_callback",
    "SmsUrl": "sms_url",
}
_METHODS: Final = {
    "VoiceMethod": "voice_method",
    "VoiceFallbackMethod": "fallback_method",
    "StatusCallbackMethod": "status_method",
    "SmsMethod": "sms_method",
}
BAD_URL, BAD_METHOD, BAD_PARAMETER = 21502, 21503, 20001


def number_routes(rest: Rest) -> list[Route]:
    return [
        rest.route("/IncomingPhoneNumbers.json", "GET", _list_numbers),
        rest.route("/IncomingPhoneNumbers/{number_sid}.json", "POST", _update_number),
        rest.route("/OutgoingCallerIds.json", "GET", _list_caller_ids),
    ]


def _number_json(asked: Asked, number: Number) -> Json:
    return {
        "sid": number.sid,
        "account_sid": asked.exchange.account_sid,
        "phone_number": number.number,
        "friendly_name": number.number,
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.fallback_url,
        "voice_fallback_method": number.fallback_method,
        "voice_application_sid": None,
        "trunk_sid": None,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_method,
        "sms_url": number.sms_url,
        "sms_method": number.sms_method,
        "uri": f"{asked.root}/IncomingPhoneNumbers/{number.sid}.json",
    }


async def _list_numbers(asked: Asked) -> Response:
    wanted = asked.request.query_params.get("PhoneNumber", "")
    numbers = [n for n in asked.exchange.numbers.values() if wanted in ("", n.number)]
    return page(asked, "incoming_phone_numbers", [_number_json(asked, each) for each in numbers])


async def _update_number(asked: Asked) -> Response:
    sid = asked.request.path_params["number_sid"]
    number = next((each for each in asked.exchange.numbers.values() if each.sid == sid), None)
    if number is None:
        raise Refused(404, NOT_FOUND, f"The requested resource {sid} was not found")
    updated = replace(number, **{_field(name): _value(name, asked.text(name)) for name in asked.form})
    asked.exchange.numbers[number.number] = updated
    return answer(_number_json(asked, updated))


def _field(name: str) -> str:
    """Return ours for a parameter; Twilio ignores a wrong name, which would hide our mistake."""
    field = (_ADDRESSES | _METHODS).get(name)
    if field is None:
        raise Refused(400, BAD_PARAMETER, f"{name[:40]} is no parameter of an incoming number")
    return field


def _value(name: str, value: str) -> str:
    if name in _METHODS and value not in ("GET", "POST"):
        raise Refused(400, BAD_METHOD, f"{name} must be GET or POST")
    parts = urlsplit(value)
    if name in _ADDRESSES and value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise Refused(400, BAD_URL, f"{name} is no absolute URL")
    return value


async def _list_caller_ids(asked: Asked) -> Response:
    """Nobody has verified a number of his own here: callers see one of the account's."""
    return page(asked, "outgoing_caller_ids", [])
