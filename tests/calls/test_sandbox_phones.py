"""The test phone and operators' telephones over WebSocket, on a real server, in real time sped up."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from hotline.carriers.base import CarrierError
from hotline.carriers.sandbox.app import create_sandbox
from hotline.carriers.sandbox.clock import RealClock
from hotline.carriers.sandbox.exchange import Exchange
from hotline.carriers.twilio import TwilioAccount, TwilioCarrier, device_identity
from tests.calls.sandbox_app import ACCOUNT, ACCOUNT_SID, AUTH_TOKEN
from tests.lines import ServerLine

SPEED = 20.0
DOCUMENTS = {
    "/voice": '<Gather numDigits="1" timeout="5" action="/chosen"><Say>请按1</Say></Gather><Say>没有听到</Say>',
    "/chosen": '<Say>请留言</Say><Record action="/recorded" finishOnKey="#"/>',
    "/recorded": "<Say>已记录</Say>",
    "/join": "<Dial><Conference>room</Conference></Dial>",
}


@dataclass(frozen=True, slots=True)
class Site:
    """An application with the sandbox mounted in the same process, as `make run` has it."""

    base: str
    exchange: Exchange

    def carrier(self) -> TwilioCarrier:
        return TwilioCarrier(ACCOUNT, api_base=f"{self.base}/sandbox")


async def _answer(request: Request) -> Response:
    body = DOCUMENTS.get(request.url.path)
    if body is None:
        return Response(status_code=204)
    return Response(f"<Response>{body}</Response>", media_type="text/xml")


@contextmanager
def _served(app: Starlette, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sandbox, exchange = create_sandbox(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        numbers={"12351": {"voice_url": f"{base}/voice", "status_callback": f"{base}/status"}},
        clock=RealClock(speed=SPEED),
        verify_device_token=device_identity(ACCOUNT),
        api_keys={ACCOUNT.api_key_sid: ACCOUNT.api_key_secret},
    )
    routes = [Mount("/sandbox", sandbox), Route("/{path:path}", _answer, methods=["GET", "POST"])]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await exchange.close()

    with _served(Starlette(routes=routes, lifespan=lifespan), listener):
        yield Site(base, exchange)


@pytest.fixture
def line(site: Site) -> Iterator[ServerLine]:
    with ServerLine(site.base, speed=SPEED) as opened:
        yield opened


@contextmanager
def raw_phone(site: Site, path: str = "/sandbox/phone") -> Iterator[ClientConnection]:
    with connect(site.base.replace("http", "ws") + path, proxy=None) as opened:
        yield opened


def received(phone: ClientConnection, event: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(phone.recv(timeout=60))
        if message["event"] == event:
            return message


def until_closed(phone: ClientConnection) -> ConnectionClosed:
    while True:
        try:
            phone.recv(timeout=60)
        except ConnectionClosed as closed:
            return closed


def test_a_story_runs_against_a_real_server(line: ServerLine) -> None:
    phone = line.phone().dial("12351").hears("请按1").presses("1").hears("请留言")

    phone.leaves_message("三个月没发工资", seconds=12).hears("已记录").was_hung_up()


def test_silence_is_timed_by_the_server_s_clock(line: ServerLine) -> None:
    line.phone().dial("12351").hears("没有听到").was_hung_up()


def test_a_hurried_call_counts_the_seconds_of_its_own_clock(site: Site, line: ServerLine) -> None:
    phone = line.phone("+8613800000005").dial("12351").hears("请按1").presses("1").hears("请留言")

    phone.leaves_message("三个月没发工资", seconds=40, finish_with="").hangs_up().was_hung_up()

    leg = site.exchange.legs[phone.call_sid]
    # Two seconds have passed on the wall.
    assert leg.duration_s >= leg.recordings[0].duration_s >= 40


def test_caller_and_operator_talk_over_their_sockets(site: Site, line: ServerLine) -> None:
    carrier = site.carrier()
    worker = line.phone("+8613800000003")
    token = carrier.device_token("jinan-lixia").token
    operator = line.device("jinan-lixia", token=token, auto_answer=True)

    for to in ("+8613800000003", "client:jinan-lixia"):
        carrier.originate(to, from_="12351", url=f"{site.base}/join", status_callback=f"{site.base}/status")
    worker.answers().is_in_conference()
    operator.is_in_conference()
    worker.is_off_hold().says("您好")

    operator.hears("您好").says("请讲")
    worker.hears("请讲").hangs_up()
    carrier.end_conference("room")
    operator.was_hung_up()


def test_the_turn_log_shows_request_reply_and_time(line: ServerLine) -> None:
    phone = line.phone().dial("12351").hears("请按1")

    turn = next(event for event in phone.events if event["event"] == "turn")

    assert turn["request"]["parameters"]["CallSid"] == phone.call_sid
    assert "<Gather" in turn["twiml"]
    assert turn["status"] == 200
    assert turn["ms"] >= 0


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", "not_json"),
        ("[1]", "bad_shape"),
        ('{"press": "1", "speak": "x"}', "bad_shape"),
        ('{"explode": true}', "unknown"),
        ('{"press": "abc"}', "bad_keys"),
        ('{"press": "' + "1" * 51 + '"}', "bad_keys"),
        ('{"press": "1"}', "no_call"),
        ('{"speak": ""}', "bad_speech"),
        ('{"speak": {"text": "话", "seconds": -1}}', "bad_speech"),
        ('{"hangup": true}', "no_call"),
        ('{"answer": true}', "not_ringing"),
        ('{"dial": {"from": "+8613800000001"}}', "bad_number"),
        ('{"dial": {"from": "<script>", "to": "12351"}}', "bad_number"),
        ('{"speak": "' + "长" * 5000 + '"}', "too_long"),
    ],
)
def test_a_message_the_phone_does_not_understand_is_refused_with_a_reason(
    site: Site, message: str, code: str
) -> None:
    with raw_phone(site) as phone:
        phone.send(message)

        refused = received(phone, "error")

    assert refused["code"] == code
    assert refused["message"]


def test_a_page_that_floods_the_phone_is_cut_off(site: Site) -> None:
    with raw_phone(site) as phone:
        for _ in range(40):
            try:
                phone.send('{"hangup": true}')
            except ConnectionClosed:
                break
        closed = until_closed(phone)

    assert closed.rcvd is not None
    assert closed.rcvd.code == 4429


def test_a_device_without_a_good_token_is_turned_away(site: Site) -> None:
    forged = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, ACCOUNT.api_key_sid, "another secret" * 3)
    for token in ("", "x", TwilioCarrier(forged).device_token("jinan-lixia").token):
        with (
            raw_phone(site, f"/sandbox/device?token={token}") as phone,
            pytest.raises(ConnectionClosed) as closed,
        ):
            phone.recv(timeout=60)

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


def test_closing_the_page_hangs_up(site: Site, line: ServerLine) -> None:
    phone = line.phone("+8613800000004").dial("12351").hears("请按1")
    sid = phone.call_sid

    line.unplug(phone)

    def is_over() -> bool:
        return site.exchange.legs[sid].is_ended

    assert line.eventually(is_over)


def test_a_device_token_is_bound_to_its_identity_and_lasts_at_most_an_hour() -> None:
    carrier = TwilioCarrier(ACCOUNT)

    token = carrier.device_token("jinan-lixia")

    assert device_identity(ACCOUNT)(token.token) == "jinan-lixia"
    with pytest.raises(ValueError, match="3600"):
        carrier.device_token("jinan-lixia", ttl_s=3601)


def test_a_carrier_nobody_answers_for_may_be_asked_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        carrier = TwilioCarrier(ACCOUNT, api_base=f"http://127.0.0.1:{unused.getsockname()[1]}")

        with pytest.raises(CarrierError) as refused:
            carrier.send_sms("+8613800000001", from_="12351", body="x")

    assert refused.value.retryable
    assert not refused.value.unknown_outcome


def test_a_create_whose_answer_is_lost_has_an_unknown_outcome() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        carrier = TwilioCarrier(ACCOUNT, api_base=f"http://127.0.0.1:{deaf.getsockname()[1]}")

        def take_and_hang_up() -> None:
            taken, _ = deaf.accept()
            taken.recv(65536)
            taken.close()

        thread = threading.Thread(target=take_and_hang_up)
        thread.start()
        with pytest.raises(CarrierError) as lost:
            carrier.originate("+8613800000001", from_="12351", url="http://a", status_callback="http://b")
        thread.join()

    assert lost.value.unknown_outcome
    assert not lost.value.retryable
