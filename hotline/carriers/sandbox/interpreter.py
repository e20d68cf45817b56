"""TwiML as a script: each verb says what the leg hears, what it waits for, and where to go next."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING
from urllib.parse import urldefrag
from xml.etree import ElementTree as ET

from hotline.carriers.sandbox import dialling, listening
from hotline.carriers.sandbox.grammar import TwimlRefused, parse_twiml
from hotline.carriers.sandbox.legs import Goto, Leg, form
from hotline.carriers.sandbox.prompts import Step, Turn, hold_on, prompt
from hotline.carriers.sandbox.scripts import Answer, Fetch, Script, Signal, Wait

if TYPE_CHECKING:
    from hotline.carriers.sandbox.exchange import Exchange

APOLOGY = "We are sorry, an application error has occurred. Goodbye."
_ASIDE_VERBS = frozenset({"Say", "Play", "Pause", "Redirect"})


def instructions(exchange: Exchange, leg: Leg, first: Goto) -> Script:
    """Carry out documents until one ends; the leg is answered by the first that does not refuse it."""
    goto: Goto | None = first
    while goto is not None:
        fetched = yield from _document(exchange, leg, goto)
        if fetched is None:
            yield from _apologise(exchange, leg)
            return
        url, root = fetched
        goto = yield from _perform(Turn(exchange, leg, url), root)


def aside(exchange: Exchange, leg: Leg, first: Goto, *, loop: bool) -> Script:
    """Play a document to a leg that waits, is on hold or is spoken to alone; only speech and music."""
    goto = first
    while True:
        fetched = yield from _document(exchange, leg, goto)
        if fetched is None:
            return
        url, root = fetched
        turn, follow = Turn(exchange, leg, url), None
        for verb in root:
            if verb.tag not in _ASIDE_VERBS:
                exchange.warn(leg, 12200, url, f"<{verb.tag}> is not allowed while waiting in a conference")
                return
            if verb.tag == "Redirect":
                follow = Goto(turn.address(verb.text or ""), verb.get("method", "POST"))
                break
            yield from prompt(turn, verb, busy=not loop)
        if follow is None and not loop:
            return
        goto = follow or goto
        # Even an empty document takes time, or an endless wait would spin.
        yield Wait(1.0)


def _perform(turn: Turn, root: ET.Element) -> Step:
    first = root[0] if len(root) else None
    if first is not None and first.tag == "Reject" and turn.leg.status == "ringing":
        turn.exchange.end_leg(turn.leg, "busy" if first.get("reason") == "busy" else "no-answer")
        return None
    turn.exchange.mark_answered(turn.leg)
    for verb in root:
        if turn.leg.is_ended:
            return None
        goto = yield from _VERBS[verb.tag](turn, verb)
        if goto is not None:
            return goto
    return None


def _speak(turn: Turn, verb: ET.Element) -> Step:
    yield from prompt(turn, verb)
    return None


def _redirect(turn: Turn, verb: ET.Element) -> Step:
    yield from ()
    return Goto(turn.address(verb.text or ""), verb.get("method", "POST"))


def _hang_up(turn: Turn, _verb: ET.Element) -> Step:
    turn.exchange.hang_up(turn.leg)
    yield from ()
    return None


_VERBS: dict[str, Callable[[Turn, ET.Element], Step]] = {
    "Say": _speak,
    "Play": _speak,
    "Pause": _speak,
    "Redirect": _redirect,
    "Hangup": _hang_up,
    "Reject": _hang_up,  # too late to refuse: the call is up
    "Gather": listening.gather,
    "Record": listening.record,
    "Dial": dialling.dial,
}


def _document(
    exchange: Exchange, leg: Leg, goto: Goto
) -> Generator[Wait | Fetch, Signal, tuple[str, ET.Element] | None]:
    """Fetch and parse; on failure try the fallback once. None: nothing can be carried out."""
    if goto.document is not None:
        code, root = _parsed(exchange, leg, goto.url, goto.document, "text/xml")
        if root is not None:
            return goto.url, root
    else:
        code, root = yield from _fetched(exchange, leg, goto)
        if root is not None:
            return urldefrag(goto.url).url, root
    if not leg.fallback_url:
        return None
    why = (("ErrorCode", str(code)), ("ErrorUrl", urldefrag(goto.url).url))
    code, root = yield from _fetched(exchange, leg, Goto(leg.fallback_url, "POST", why))
    return (urldefrag(leg.fallback_url).url, root) if root is not None else None


def _fetched(
    exchange: Exchange, leg: Leg, goto: Goto
) -> Generator[Wait | Fetch, Signal, tuple[int, ET.Element | None]]:
    answer = yield Fetch(goto.url, goto.method, form(leg.fields(), dict(goto.parameters)))
    if not isinstance(answer, Answer):
        raise TypeError(f"a fetch was answered by {answer!r}")
    delivered = answer.delivered
    if delivered.reply is None:
        exchange.warn(leg, delivered.error_code, goto.url, delivered.reason)
        return delivered.error_code, None
    return _parsed(exchange, leg, goto.url, delivered.reply.body, delivered.reply.content_type)


def _parsed(
    exchange: Exchange, leg: Leg, url: str, body: bytes, content_type: str
) -> tuple[int, ET.Element | None]:
    try:
        return 0, parse_twiml(body, content_type)
    except TwimlRefused as refused:
        exchange.warn(leg, refused.code, url, str(refused))
        return refused.code, None


def _apologise(exchange: Exchange, leg: Leg) -> Generator[Wait | Fetch, Signal, None]:
    exchange.mark_answered(leg)
    exchange.tell(leg, "caption", who="machine", text=APOLOGY, language="en-US")
    yield from hold_on(exchange, exchange.speech_s(APOLOGY), busy=True)
