"""A worker's name and number, planted in a whole story and looked for in everything that leaves the house."""

from __future__ import annotations

import json
import logging
import re
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatch.models.history import Event, Notice, Outbox
from dispatch.models.people import User
from dispatch.models.search import TicketText
from dispatch.models.tickets import Caller
from dispatch.rules.roles import ACCOUNT_ROLES, UNION_ROLES, Role
from hotline.migrations.metadata import metadata
from tests.builders import NOW
from tests.security.listening import listening
from tests.web.house import PASSWORD, PASSWORDS, House
from tests.web.test_api_tickets import commanded, created

NAME = "鲲鹏翰墨"
PHONE = "13977776666"
LEAKS = (NAME, PHONE, PHONE[2:], "139 7777 6666", "77776666", NAME.encode().hex(), json.dumps(NAME)[1:-1])
"""The two as they stand, in part, and as careless programmes write them."""

SIGN_IN = ACCOUNT_ROLES - {Role.PARTNER}


def leaks_in(words: str) -> list[str]:
    plain = re.sub(r"[\s\-]", "", words)
    return [leak for leak in LEAKS if leak in words or leak in plain]


def everybody(house: House) -> dict[Role, httpx.Client]:
    with house.database.writing() as session:
        for role in sorted(SIGN_IN):
            session.add(
                User(
                    name=f"as-{role}",
                    display_name=role.label,
                    password_hash=PASSWORDS.hash(PASSWORD),
                    role=role.value,
                    # Above the handling union: in its subtree, and no holder of the name.
                    union_id=house.world.union("3701") if role in UNION_ROLES else None,
                    skills=[],
                    created_at=NOW,
                )
            )
    return {role: house.browser(f"as-{role}") for role in sorted(SIGN_IN)}


def asked(number: str) -> list[str]:
    return [
        "/api/session",
        f"/api/tickets/{number}",
        f"/api/tickets/{number}/unions",
        "/api/tickets?bucket=all",
        f"/api/tickets?bucket=all&q={number}",
        "/api/tickets?bucket=all&q=三个月",
        "/api/tickets/counts",
        "/api/tickets/export?bucket=all",
        "/api/views",
        "/api/callbacks",
        "/api/calls",
        "/api/line",
        "/api/return-calls",
        "/api/users",
        "/api/employers?q=建筑",
        *(f"/api/inbox?section={each}" for each in ("to_sign", "in_hand", "overdue", "waiting")),
        f"/api/inbox/{number}/relay_calls",
        "/api/oversight",
        "/api/absences",
        "/api/deliveries",
        "/api/access-links",
        "/api/users/accounts",
        "/api/reports?first=2026-11-01&last=2026-11-30&grain=month",
        "/api/wallboard",
        "/api/robots",
        "/api/notice-preferences",
        "/metrics",
        "/health/live",
    ]


HOLDERS = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})
"""Of those who did not take the call, these alone may read an open ticket's story in clear."""
CALLING_BACK = "to be called back"
"""Then the callback operators may, too."""


def test_name_and_number_reach_nobody_who_may_not_have_them(
    house_on_each_engine: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    house = house_on_each_engine
    caplog.set_level(logging.DEBUG)
    people = everybody(house)
    with ExitStack() as stack:
        ears = {role: stack.enter_context(listening(people[role])) for role in sorted(SIGN_IN - HOLDERS)}
        looked_at = tell_and_look(house, people)
        for role, ear in ears.items():
            ear.hear(0.2)
            looked_at.append((f"socket {role}", repr(ear.told)))
    looked_at += kept(house)
    out, err = capfd.readouterr()
    looked_at += [("stdout", out), ("stderr", err), ("log", said_by_the_house(caplog))]
    found = {where: leaks for where, words in looked_at if (leaks := leaks_in(words))}
    assert found == {}
    assert len(looked_at) > 200


def said_by_the_house(caplog: pytest.LogCaptureFixture) -> str:
    """Return every log line but those of this test's own browsers."""
    ours = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    assert ours, "something was logged"
    return "\n".join(each.getMessage() for each in ours)


def tell_and_look(house: House, people: dict[Role, httpx.Client]) -> list[tuple[str, str]]:
    """Live a ticket from the call to the callback and return everything that anybody was answered."""
    operator, dispatcher, union = (house.browser(name) for name in ("operator", "dispatcher", "lixia"))
    said = f"我的电话是{PHONE}，三个月没发工资。"
    ticket = created(
        operator, text=said, wish=f"请打{PHONE}", caller={"name": NAME, "phone": PHONE}, disclosure="none"
    )
    number = ticket["number"]
    looked_at: list[tuple[str, str]] = []

    def look(stage: str) -> None:
        for role, browser in people.items():
            for path in asked(number):
                answer = browser.get(path)
                assert answer.status_code < 500, (stage, role, path)
                holder = role in HOLDERS or (role is Role.CALLBACK_OPERATOR and stage == CALLING_BACK)
                if holder and path == f"/api/tickets/{number}":
                    continue
                looked_at.append((f"{stage} {role} {path}", answer.text))
        looked_at.append((f"{stage} union", union.get(f"/api/tickets/{number}").text))
        xlsx = people[Role.AUDITOR].get("/api/tickets/export?bucket=all&format=xlsx")
        assert xlsx.status_code == 200

    look("draft")
    ticket = commanded(operator, ticket, "accept")
    ticket = commanded(
        dispatcher,
        ticket,
        "dispatch",
        union_id=house.world.union("370102"),
        override_reason="测试指定",
    )
    look("dispatched")
    people_of_union = [each["id"] for each in union.get("/api/users").json()]
    ticket = commanded(union, ticket, "sign_for", handler_id=people_of_union[0], deputy_id=people_of_union[1])
    ticket = commanded(union, ticket, "add_progress", text=f"已打{PHONE}，约好见面")
    refused = union.post(f"/api/tickets/{number}/reveal", json={"reason": "联系诉求人"})
    looked_at.append(("refused reveal", refused.text))
    report: dict[str, Any] = {
        "true_claim": True,
        "done": f"已与{PHONE}核实",
        "solved": "solved",
        "reply_text": "已补发",
    }
    ticket = commanded(union, ticket, "report_result", **report)
    ticket = commanded(dispatcher, ticket, "review", approved=True)
    look(CALLING_BACK)
    wrong = operator.patch(
        f"/api/tickets/{number}", json={"version": 1, "caller": {"phone": "x" * 201, "name": NAME}}
    )
    looked_at.append(("a mistake", wrong.text))
    held = house.browser("supervisor").post(f"/api/tickets/{number}/reveal", json={"reason": "核对身份"})
    assert (held.json()["name"], held.json()["phone"]) == (NAME, f"+86{PHONE}"), "the canary is alive"
    look(CALLING_BACK)

    # Each search is asked with the secret itself: whether it is found would tell as much as the name.
    for role in (Role.DISPATCHER, Role.AUDITOR, Role.INSPECTOR, Role.UNION_LEADER, Role.CALLBACK_OPERATOR):
        for secret in (NAME, PHONE, PHONE[:7], PHONE[4:], "77776666"):
            answer = people[role].get("/api/tickets", params={"bucket": "all", "q": secret})
            assert answer.json()["items"] == [], (role, secret)
            file = people[role].get("/api/tickets/export", params={"bucket": "all", "q": secret})
            assert number not in file.text, (role, secret)

    return looked_at


def kept(house: House) -> list[tuple[str, str]]:
    """Return what the database keeps outside of the tables that are there for it."""
    looked_at: list[tuple[str, str]] = []
    with house.database.reading() as session:
        events = session.scalars(select(Event)).all()
        deliveries = session.scalars(select(Outbox)).all()
        looked_at += [(f"event {each.kind}", repr(each.payload)) for each in events]
        looked_at += [
            (f"outbox {each.kind}", repr((each.payload, each.error, each.key))) for each in deliveries
        ]
        looked_at += [("notice", each) for each in session.scalars(select(Notice.text))]
        looked_at += [("index", each) for each in session.scalars(select(TicketText.folded))]
        assert session.scalars(select(Caller.name)).all() == [NAME]
        for table in metadata.sorted_tables:
            if table.name not in KEEPS_IDENTITIES:
                rows = session.execute(select(table)).all()
                looked_at += [(f"table {table.name}", repr(tuple(row))) for row in rows]
    return looked_at


KEEPS_IDENTITIES = frozenset({"caller", "ticket", "event", "contact", "report"})
"""Where the name, and what was said with it, is kept; events keep it apart from their payloads, for erasure."""
