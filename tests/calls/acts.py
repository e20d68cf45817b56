"""What people do in a story beside telephoning: tickets, warnings, blocks, announcements, follow-up calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import httpx
from sqlalchemy import select

from dispatch.models.tickets import Ticket
from dispatch.rules.numbering import TicketNumber, query_code

if TYPE_CHECKING:
    from tests.calls.stories import Player

MESSAGE: Final = re.compile(r"查询号(\d{10})，查询码(\d{6})")
TOLD: Final = {
    "region_code": "370102",
    "employers": [{"name": "某建筑公司"}],
    "wish": "要回三个月工资",
    "text": "三个月没发工资。",
    "confidentiality": "confidential",
    "disclosure": "union",
    "contact_mode": "phone",
    "callback_wanted": True,
}


def accepts(player: Player, name: str, category: str) -> None:
    """Fill in the call's ticket and accept it."""
    browser = player.scene.browser(name)
    draft = _taken(browser.post(f"/api/calls/{player.caller.call_sid}/ticket"))
    number = draft["number"]
    body = {**TOLD, "version": draft["version"], "category": category}
    edited = _taken(browser.patch(f"/api/tickets/{number}", json=body))
    _taken(browser.post(f"/api/tickets/{number}/accept", json={"version": edited["version"]}))
    player.ticket = number


def dispatches(player: Player, name: str) -> None:
    """Give the ticket to the union that is recommended first."""
    browser = player.scene.browser(name)
    best = browser.get(f"/api/tickets/{player.ticket}/unions").json()["recommendations"][0]
    _give(browser, player.ticket, "dispatch", union_id=best["union_id"])


def settles(player: Player) -> None:
    """Let the union sign, call, report, and the centre approve: the ticket waits to be followed up."""
    union = player.scene.browser("lixia")
    me = union.get("/api/session").json()["user"]["id"]
    deputy = next(each["id"] for each in union.get("/api/users").json() if each["id"] != me)
    number = player.ticket
    _give(union, number, "sign_for", handler_id=me, deputy_id=deputy)
    now = union.get(f"/api/tickets/{number}").json()["server_time"]
    _give(union, number, "record_first_contact", at=now, means="phone", outcome="reached")
    done = {"true_claim": True, "done": "已督促单位支付", "solved": "solved", "reply_text": "工资已到账"}
    _give(union, number, "report_result", **done)
    _give(player.scene.browser("dispatcher"), number, "review", approved=True)


def presses_told(player: Player, what: str) -> None:
    """Enter what the message said."""
    texts = [str(event["text"]) for event in player.caller.events if event["event"] == "message"]
    found = MESSAGE.search(texts[-1])
    assert found is not None, texts
    player.caller.presses(found.group(1 if what == "number" else 2))


def presses_own(player: Player, what: str) -> None:
    """Enter what the operator read out: a sealed ticket sends no message."""
    with player.scene.database.reading() as session:
        ticket = session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        number, generation = ticket.number, ticket.query_code_generation
    code = query_code(player.scene.secret, number, generation)
    player.caller.presses(TicketNumber.parse(number).spoken if what == "number" else code)


def presses_wrong_code(player: Player) -> None:
    """Enter six digits that are not the code."""
    texts = [str(event["text"]) for event in player.caller.events if event["event"] == "message"]
    found = MESSAGE.search(texts[-1]) if texts else None
    right = int(found.group(2)) if found is not None else 0
    player.caller.presses(f"{(right + 1) % 1_000_000:06d}")


def commands(player: Player, name: str, verb: str) -> None:
    """Press one of the call bar's other buttons."""
    player.they_talk(name)
    browser = player.scene.browser(name)
    sid = player.caller.call_sid
    path = {"warns the caller": "warn", "ends the call for abuse": "end_for_abuse"}.get(verb)
    if path is not None:
        _taken(browser.post(f"/api/calls/{sid}/{path}"))
    else:
        _taken(browser.post(f"/api/calls/{sid}/crisis", json={"confirmed": verb.startswith("confirms")}))


def blocks(player: Player, name: str, days: str) -> None:
    body = {"call_sid": player.caller.call_sid, "days": int(days), "reason": "多次骚扰"}
    _taken(player.scene.browser(name).post("/api/blocked-numbers", json=body))


def unblocks(player: Player, name: str) -> None:
    browser = player.scene.browser(name)
    for each in browser.get("/api/blocked-numbers").json():
        _taken(browser.post(f"/api/blocked-numbers/{each['id']}/lift"))


def announces(player: Player, name: str, text: str) -> None:
    _taken(player.scene.browser(name).put("/api/incident", json={"text": text}))


def ends_announcement(player: Player, name: str) -> None:
    _taken(player.scene.browser(name).delete("/api/incident"))


def leaves_it_to_a_machine(player: Player) -> None:
    player.caller.is_a_machine().answers()


def asks_in(player: Player, name: str, colleague: str) -> None:
    """Ask a colleague first; the caller hears music meanwhile."""
    told = player.scene.browser(colleague).get("/api/session").json()
    _talk(player, name, "transfer", {"style": "warm", "user_id": told["user"]["id"]})


def comes_in(player: Player, name: str) -> None:
    browser = player.scene.browser(name)
    ring = player.scene.eventually(
        lambda: browser.get("/api/transfers/current").json(), "somebody should be asked in"
    )
    _taken(browser.post(f"/api/transfers/{ring['id']}/accept"))


def hands_over(player: Player, name: str) -> None:
    _reaches(player, name, "talking")
    _talk(player, name, "transfer/complete", None)


def puts_through(player: Player, name: str, where: str, code: str) -> None:
    """Leave the caller to a line or to somebody outside at once."""
    _talk(player, name, "transfer", {"style": "cold", {"line": "line", "party": "party"}[where]: code})


def _talk(player: Player, name: str, path: str, body: dict[str, Any] | None) -> None:
    browser = player.scene.browser(name)
    player.scene.eventually(
        lambda: browser.get("/api/presence").json()["state"] == "talking", "they should talk"
    )
    _taken(browser.post(f"/api/calls/{player.caller.call_sid}/{path}", json=body))


def _reaches(player: Player, name: str, state: str) -> None:
    browser = player.scene.browser(name)
    path = f"/api/calls/{player.caller.call_sid}/talk"
    player.scene.eventually(
        lambda: (browser.get(path).json()["transfer"] or {}).get("state") == state, f"it should be {state}"
    )


def follows_up(player: Player) -> None:
    player.scene.follow_up()


def _give(browser: httpx.Client, number: str, command: str, **data: Any) -> dict[str, Any]:
    version = browser.get(f"/api/tickets/{number}").json()["version"]
    return _taken(browser.post(f"/api/tickets/{number}/{command}", json={"version": version, **data}))


def _taken(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, (answer.request.url.path, answer.text)
    return dict(answer.json()) if answer.content else {}


ACTS: Sequence[tuple[str, Callable[..., None]]] = (
    (r"(\w+) accepts the ticket as (\w+)", accepts),
    (r"(\w+) dispatches the ticket", dispatches),
    (r"the union settles it", settles),
    (r"presses the (number|code) of the message", presses_told),
    (r"presses the (number|code) he was told", presses_own),
    (r"presses a wrong code", presses_wrong_code),
    (
        r"(\w+) (warns the caller|ends the call for abuse|confirms the distress|dismisses the distress)",
        commands,
    ),
    (r"(\w+) blocks the number for (\d+) days", blocks),
    (r"(\w+) lifts the block", unblocks),
    (r"(\w+) announces (.+)", announces),
    (r"(\w+) ends the announcement", ends_announcement),
    (r"(\w+) asks (\w+) in", asks_in),
    (r"(\w+) comes in", comes_in),
    (r"(\w+) hands the caller over", hands_over),
    (r"(\w+) puts the caller through to (line|party) (\w+)", puts_through),
    (r"the machine follows up", follows_up),
    (r"an answering machine answers", leaves_it_to_a_machine),
)
