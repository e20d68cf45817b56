"""From dial to closed: a caller, an operator, a union and a callback operator, against a real server process."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.processes import Server, eventually, running

SPEED = 10.0
CLAIM = {
    "category": "wage_arrears",
    "region_code": "370102",
    "employers": [{"name": "某建筑公司"}],
    "wish": "要回三个月工资",
    "text": "三个月没发工资。",
    "confidentiality": "confidential",
    "disclosure": "union",
    "contact_mode": "phone",
    "callback_wanted": True,
}


def give(client: httpx.Client, number: str, command: str, **body: Any) -> dict[str, Any]:
    """Give one command with the version that is current."""
    version = client.get(f"/api/tickets/{number}").json()["version"]
    answer = client.post(f"/api/tickets/{number}/{command}", json={"version": version, **body})
    assert answer.status_code == 200, (command, answer.text)
    return dict(answer.json())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("data"), speed=SPEED) as found:
        yield found


def test_a_caller_is_heard_helped_and_called_back(server: Server) -> None:
    operator = server.browser("operator")
    ready = operator.put("/api/presence", json={"state": "ready"}).json()
    user = operator.get("/api/session").json()["user"]
    with server.line() as line:
        desk = line.device(f"operator_{user['id']}", token=ready["device_token"], auto_answer=True)
        caller = line.phone("+8613800000001")
        caller.dial("12351").hears("12351工会服务职工热线").presses("1").hears("欠薪").presses("1")
        offer = eventually(lambda: operator.get("/api/offers/current").json(), "the operator should be rung")
        assert offer["line"] == "rights"
        assert offer["path"] == ["1 劳动权益", "1 欠薪"]
        call = operator.post(f"/api/offers/{offer['id']}/accept").json()
        caller.is_in_conference()
        desk.is_in_conference()
        sid = call["sid"]
        eventually(
            lambda: operator.get(f"/api/calls/{sid}").json()["conversation_state"] == "connected",
            "both should be connected",
        )
        assert operator.get("/api/presence").json()["state"] == "talking"

        assert operator.post(f"/api/calls/{sid}/hold").status_code in (200, 204)
        caller.is_on_hold()
        assert operator.post(f"/api/calls/{sid}/unhold").status_code in (200, 204)

        draft = operator.post(f"/api/calls/{sid}/ticket").json()
        number = draft["number"]
        assert operator.post(f"/api/calls/{sid}/ticket").json()["number"] == number
        edited = operator.patch(
            f"/api/tickets/{number}",
            json={"version": draft["version"], "headcount": 3, **CLAIM},
        )
        assert edited.status_code == 200, edited.text
        give(operator, number, "accept")
        ranking = operator.get(f"/api/tickets/{number}/unions").json()
        best = ranking["recommendations"][0]
        assert "历下区" in best["union_name"]
        assert best["reasons"]

        dispatcher = server.browser("dispatcher")
        dispatched = give(operator, number, "dispatch", union_id=best["union_id"])
        assert dispatched["state"] == "dispatched"

        assert operator.post(f"/api/calls/{sid}/hang_up").status_code in (200, 204)
        caller.hears("请为本次服务打分").presses("1").hears("谢谢").was_hung_up()
        eventually(
            lambda: operator.get("/api/presence").json()["state"] == "wrap_up", "time to write after the call"
        )
        ended = eventually(
            lambda: (
                (found := operator.get(f"/api/calls/{sid}").json())["conversation_state"] == "ended" and found
            ),
            "the call should end",
        )
        assert ended["outcome"] == "ticket"
        assert ended["tickets"] == [number]
        assert operator.post("/api/presence/finish").json()["state"] == "ready"

    union = server.browser("jinan-lixia")
    assert [each["number"] for each in union.get("/api/tickets").json()["items"]] == [number]
    assert server.browser("qingdao").get(f"/api/tickets/{number}").status_code == 404
    people = union.get("/api/users").json()
    me = union.get("/api/session").json()["user"]["id"]
    deputy = next(each["id"] for each in people if each["id"] != me)
    give(union, number, "sign_for", handler_id=me, deputy_id=deputy)
    now = union.get(f"/api/tickets/{number}").json()["server_time"]
    give(union, number, "record_first_contact", at=now, means="phone", outcome="reached")
    reported = give(
        union,
        number,
        "report_result",
        true_claim=True,
        done="已督促单位支付",
        solved="solved",
        amount_cents=1_200_000,
        amount_state="paid",
        reply_text="工资已到账",
    )
    assert reported["state"] == "reported"
    reviewed = give(dispatcher, number, "review", approved=True)
    assert reviewed["state"] == "pending_callback"
    callback = server.browser("callback")
    assert number in [each["ticket"]["number"] for each in callback.get("/api/callbacks").json()]
    closed = give(callback, number, "record_callback", reached=True, solved="solved", satisfied="satisfied")
    assert closed["state"] == "closed"


def test_a_caller_whom_nobody_answers_leaves_a_message_and_is_owed_a_call(server: Server) -> None:
    operator = server.browser("operator2")
    operator.put("/api/presence", json={"state": "offline"})
    server.browser("operator").put("/api/presence", json={"state": "offline"})
    with server.line() as line:
        caller = line.phone("+8613800000002")
        caller.dial("12351").presses("1").presses("1").hears("现在没有话务员在线").presses("3")
        caller.hears("请在提示音后").leaves_message("三个月没发工资", 12).hears(
            "您的留言已经收到"
        ).was_hung_up()
    supervisor = server.browser("supervisor")
    sid = caller.call_sid
    call = eventually(
        lambda: (found := supervisor.get(f"/api/calls/{sid}").json()).get("outcome") and found,
        "the call should have an outcome",
    )
    assert call["outcome"] == "voicemail"
    assert len(call["tickets"]) == 1
    due = supervisor.get("/api/return-calls").json()["items"]
    assert [each["reason"] for each in due if each["call_sid"] == sid] == ["voicemail"]

    number = call["tickets"][0]
    heard = eventually(lambda: recording_of(operator, number), "the message should be fetched")
    sound = operator.get(f"/api/recordings/{heard['id']}")
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav")
    assert sound.headers["cache-control"] == "no-store"
    with wave.open(io.BytesIO(sound.content)) as opened:
        assert opened.getnframes() / opened.getframerate() == heard["duration_s"]
    events = supervisor.get(f"/api/tickets/{number}").json()["events"]
    assert [each["label"] for each in events if each["kind"] == "RecordingPlayed"] == ["播放录音"]
    assert server.browser("dispatcher").get(f"/api/recordings/{heard['id']}").status_code == 403
    assert server.browser("jinan-lixia").get(f"/api/recordings/{heard['id']}").status_code == 403
    assert operator.get("/api/recordings/999999").status_code == 404

    # What the machine took in goes the way of every ticket.
    draft = operator.get(f"/api/tickets/{number}").json()
    assert (draft["state"], draft["channel"], draft["category"]) == ("draft", "voicemail", "wage_arrears")
    edited = operator.patch(f"/api/tickets/{number}", json={"version": draft["version"], **CLAIM})
    assert edited.status_code == 200, edited.text
    give(operator, number, "accept")
    best = operator.get(f"/api/tickets/{number}/unions").json()["recommendations"][0]
    assert give(operator, number, "dispatch", union_id=best["union_id"])["state"] == "dispatched"


def recording_of(browser: httpx.Client, number: str) -> dict[str, Any] | None:
    """Return the ticket's message once its sound can be heard."""
    calls = browser.get(f"/api/tickets/{number}").json()["calls"]
    return next((each for call in calls for each in call["recordings"] if each["ready"]), None)
