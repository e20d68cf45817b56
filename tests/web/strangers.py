"""Workers without an account: what they fill in, and how they come to their own ticket."""

from __future__ import annotations

import re
from typing import Any

import httpx
from sqlalchemy import select

from dispatch.models.tickets import Ticket
from dispatch.rules.numbering import TicketNumber, query_code
from tests.web.house import House

FORM: dict[str, Any] = {
    "text": "老板拖欠三个月工资，一共六个人，不发工资。",
    "wish": "要回三个月工资",
    "category": "wage_arrears",
    "region_code": "370102",
    "employer": "济南某建筑公司",
    "headcount": 6,
    "confidentiality": "confidential",
    "disclosure": "union",
    "contact_mode": "phone",
    "callback_wanted": True,
    "name": "测试诉求人",
    "phone": "13800000001",
    "notice_read": True,
}


def filled_in(stranger: httpx.Client, **fields: Any) -> int:
    """Begin a draft with everything in it and return its version."""
    answer = stranger.post("/api/public/request", json={"form": {**FORM, **fields}})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["version"])


def sent(house: House, stranger: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Fill in a form, take the time a person takes, and send it."""
    version = filled_in(stranger, **fields)
    house.clock.advance(house.services.public.least_time)
    answer = stranger.post("/api/public/request/send", json={"version": version})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def number_and_code(house: House, number: str) -> dict[str, str]:
    """Return what a caller was told of a ticket."""
    with house.database.reading() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        code = query_code(house.services.policy.secret, number, ticket.query_code_generation)
    return {"number": TicketNumber.parse(number).spoken, "code": code}


def ticket_of(house: House, spoken: str) -> str:
    """Return the full number of the ten digits."""
    with house.database.reading() as session:
        found = session.scalars(select(Ticket.number)).all()
    (number,) = [each for each in found if TicketNumber.parse(each).spoken == spoken]
    return number


def wrong(code: str) -> str:
    """Return another code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def words_of(answer: httpx.Response) -> str:
    """Return an answer as whoever compares answers sees it: status, headers that are not the time, and body."""
    headers = {
        name: value for name, value in answer.headers.items() if name not in ("date", "content-length")
    }
    return f"{answer.status_code} {sorted(headers.items())} {re.sub(r'[0-9.]+s', '', answer.text)}"
