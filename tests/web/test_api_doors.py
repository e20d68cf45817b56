"""Every route names its door, and each door opens for exactly the roles that docs/quality.md lets in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from sqlalchemy import select

from agent_console.link_door import LinkDoor
from agent_console.permissions import Door, SignedDoor, doors_of
from dispatch.models.people import User
from dispatch.models.unions import Union
from dispatch.rules.roles import ACCOUNT_ROLES, UNION_ROLES, Role
from dispatch.rules.ticket_state import Command
from tests.builders import NOW
from tests.web.house import PASSWORD, PASSWORDS, House

DESCRIPTION = "/api/openapi.json"
"""FastAPI's own route: the description of the API, which the repository holds anyway."""

CENTRE = "operator callback_operator counsellor lawyer dispatcher supervisor duty_leader inspector auditor administrator"
UNIONS = "union_handler union_leader union_administrator"
SEATS = "operator callback_operator counsellor lawyer supervisor duty_leader"
TAKERS = "operator counsellor lawyer supervisor duty_leader"
HANDLERS = "union_handler union_leader"
KEEPERS = "administrator union_administrator"

WHO_MAY: dict[str, str] = {
    "GET /api/session": f"{CENTRE} {UNIONS}",
    "DELETE /api/session": f"{CENTRE} {UNIONS}",
    "GET /api/categories": f"{CENTRE} {UNIONS}",
    "GET /api/regions": f"{CENTRE} {UNIONS}",
    "GET /api/unions": f"{CENTRE} {UNIONS}",
    "GET /api/employers": f"{CENTRE} {UNIONS}",
    "GET /api/unions/{union_id}": f"{CENTRE} {UNIONS}",
    "PATCH /api/unions/{union_id}": "administrator",
    "GET /api/service-points": f"{CENTRE} {UNIONS}",
    "GET /api/court-districts": f"{CENTRE} {UNIONS}",
    "POST /api/tables/{sheet}": "administrator",
    "GET /api/tables/{sheet}": "administrator",
    "POST /api/rosters/{sheet}": "administrator supervisor duty_leader",
    "GET /api/rosters/{sheet}": "administrator supervisor duty_leader",
    "GET /api/routing-rules": "administrator",
    "PUT /api/routing-rules": "administrator",
    "PUT /api/tickets/{number}/consent": f"{TAKERS} dispatcher",
    "GET /api/users": f"{CENTRE} {UNIONS}",
    "GET /api/tickets/{number}/attachments": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "GET /api/tickets/{number}/attachments/{key}": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "POST /api/tickets/{number}/attachments": f"{SEATS} dispatcher {HANDLERS}",
    "POST /api/tickets/{number}/attachments/{key}/release": f"{SEATS} dispatcher {HANDLERS}",
    "POST /api/tickets/{number}/attachments/{key}/remove": f"{SEATS} dispatcher {HANDLERS}",
    "POST /api/suggest": f"{TAKERS} dispatcher {HANDLERS}",
    "GET /api/tickets": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "GET /api/tickets/counts": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "GET /api/tickets/export": "supervisor duty_leader dispatcher inspector auditor union_leader",
    "POST /api/tickets/bulk": f"{SEATS} dispatcher inspector {HANDLERS}",
    "GET /api/views": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "PUT /api/views": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "PATCH /api/views/{id}": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "DELETE /api/views/{id}": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "POST /api/tickets": f"{TAKERS} {HANDLERS}",
    "GET /api/tickets/{number}": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "PATCH /api/tickets/{number}": f"{TAKERS} dispatcher {HANDLERS}",
    **{
        f"POST /api/tickets/{{number}}/{command.value}": f"{SEATS} dispatcher inspector {HANDLERS}"
        for command in Command
    },
    "GET /api/tickets/{number}/unions": f"{TAKERS} dispatcher",
    "GET /api/tickets/{number}/preview": f"{TAKERS} dispatcher",
    "GET /api/tickets/{number}/duplicates": f"{TAKERS} dispatcher",
    "POST /api/tickets/{number}/proposals/{id}/confirm": "supervisor duty_leader",
    "POST /api/tickets/{number}/proposals/{id}/refuse": "supervisor duty_leader",
    "GET /api/proposals": "supervisor duty_leader",
    "GET /api/group-signals": "dispatcher supervisor duty_leader auditor",
    "POST /api/group-signals/{id}/confirm": "dispatcher supervisor duty_leader",
    "POST /api/group-signals/{id}/dismiss": "dispatcher supervisor duty_leader",
    "PUT /api/recordings/{recording_id}/hold": "supervisor duty_leader",
    "GET /api/shifts": f"{SEATS} dispatcher auditor",
    "POST /api/shifts": "supervisor duty_leader",
    "POST /api/shifts/{id}/cancel": "supervisor duty_leader",
    "GET /api/shifts/people": f"{SEATS} dispatcher auditor",
    "GET /api/handovers": f"{SEATS} dispatcher auditor",
    "POST /api/handovers": f"{SEATS} dispatcher",
    "POST /api/handovers/{id}/take": f"{SEATS} dispatcher",
    "GET /api/lines": f"{SEATS} dispatcher",
    "PUT /api/lines/{code}": "supervisor duty_leader",
    "GET /api/seats": "supervisor duty_leader",
    "PUT /api/seats/{id}": "supervisor duty_leader",
    "GET /api/presence/telephone": SEATS,
    "PUT /api/presence/telephone": SEATS,
    "GET /api/breaks": SEATS,
    "GET /api/notices": f"{CENTRE} {UNIONS}",
    "POST /api/notices/seen": f"{CENTRE} {UNIONS}",
    "GET /api/calendars": "supervisor duty_leader auditor administrator",
    "POST /api/calendars/preview": "administrator",
    "POST /api/calendars/change": "administrator",
    "POST /api/calendars/recompute": "administrator",
    "GET /api/configuration": "administrator auditor",
    "GET /api/configuration/versions": "administrator auditor",
    "GET /api/configuration/text": "administrator auditor",
    "POST /api/configuration/check": "administrator",
    "POST /api/configuration/publish": "administrator",
    "POST /api/configuration/try-route": "administrator auditor",
    "POST /api/configuration/try-deadline": "administrator auditor",
    "POST /api/configuration/try-flow": "administrator auditor",
    "POST /api/configuration/draw-flow": "administrator auditor",
    "POST /api/tickets/{number}/reveal": f"{SEATS} auditor {UNIONS}",
    "POST /api/tickets/{number}/break_glass": "supervisor duty_leader auditor",
    "POST /api/tickets/{number}/readers": "supervisor duty_leader counsellor lawyer",
    "GET /api/callbacks": "callback_operator supervisor duty_leader",
    "GET /api/calls": f"{SEATS} inspector auditor",
    "GET /api/calls/{sid}": f"{SEATS} inspector auditor",
    "POST /api/calls/{sid}/hold": SEATS,
    "POST /api/calls/{sid}/unhold": SEATS,
    "POST /api/calls/{sid}/mute": SEATS,
    "POST /api/calls/{sid}/unmute": SEATS,
    "POST /api/calls/{sid}/hang_up": SEATS,
    "POST /api/calls/{sid}/outcome": SEATS,
    "POST /api/calls/{sid}/warn": SEATS,
    "POST /api/calls/{sid}/end_for_abuse": SEATS,
    "POST /api/calls/{sid}/crisis": SEATS,
    "POST /api/calls/{sid}/ticket": f"{TAKERS} {HANDLERS}",
    "GET /api/recordings/{recording_id}": f"{TAKERS} inspector auditor",
    "POST /api/calls/{sid}/recordings/break_glass": "auditor",
    "POST /api/calls/{sid}/repeat_request": f"{TAKERS} {HANDLERS}",
    "GET /api/presence": SEATS,
    "PUT /api/presence": SEATS,
    "POST /api/presence/heartbeat": SEATS,
    "POST /api/presence/wrap-up": SEATS,
    "POST /api/presence/finish": SEATS,
    "GET /api/offers/current": SEATS,
    "POST /api/offers/{id}/accept": SEATS,
    "POST /api/offers/{id}/decline": SEATS,
    "GET /api/line": f"{SEATS} dispatcher",
    "GET /api/blocked-numbers": "supervisor duty_leader",
    "POST /api/blocked-numbers": "supervisor duty_leader",
    "POST /api/blocked-numbers/{id}/lift": "supervisor duty_leader",
    "GET /api/incident": f"{SEATS} dispatcher",
    "PUT /api/incident": "supervisor duty_leader",
    "DELETE /api/incident": "supervisor duty_leader",
    "GET /api/satisfaction": "supervisor duty_leader inspector auditor",
    "GET /api/calls/{sid}/talk": f"{SEATS} inspector auditor",
    "GET /api/transfer-targets": SEATS,
    "POST /api/calls/{sid}/transfer": SEATS,
    "POST /api/calls/{sid}/transfer/complete": SEATS,
    "POST /api/calls/{sid}/transfer/merge": SEATS,
    "POST /api/calls/{sid}/transfer/cancel": SEATS,
    "POST /api/calls/{sid}/transfer/leave": SEATS,
    "DELETE /api/calls/{sid}/parties/{leg_id}": SEATS,
    "POST /api/calls/{sid}/digits": SEATS,
    "POST /api/calls/{sid}/help": SEATS,
    "POST /api/calls/{sid}/recording/pause": SEATS,
    "POST /api/calls/{sid}/recording/resume": SEATS,
    "POST /api/calls/{sid}/recording/decline": SEATS,
    "PUT /api/calls/{sid}/recording/identity": SEATS,
    "DELETE /api/calls/{sid}/help": SEATS,
    "GET /api/transfers/current": SEATS,
    "POST /api/transfers/{id}/accept": SEATS,
    "POST /api/transfers/{id}/decline": SEATS,
    "GET /api/line-health": "supervisor duty_leader inspector administrator",
    "GET /api/floor": "supervisor duty_leader inspector",
    "GET /api/watchers": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "GET /api/pool": "supervisor duty_leader dispatcher",
    "GET /api/sla/board": "supervisor duty_leader dispatcher",
    "GET /api/sla/board/{column}": "supervisor duty_leader dispatcher",
    "GET /api/reports": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "GET /api/reports/export": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    "GET /api/wallboard": "supervisor duty_leader dispatcher",
    "GET /api/help-requests": "supervisor duty_leader",
    "POST /api/help-requests/{id}/answer": "supervisor duty_leader",
    "POST /api/calls/{sid}/listen": "supervisor duty_leader inspector",
    "POST /api/calls/{sid}/supervise": "supervisor duty_leader",
    "POST /api/calls/{sid}/leave": "supervisor duty_leader inspector",
    "POST /api/device-token": f"{SEATS} inspector",
    "GET /api/return-calls": "operator callback_operator supervisor duty_leader auditor",
    "POST /api/return-calls/{id}/call": "operator callback_operator supervisor duty_leader",
    "POST /api/return-calls/{id}/done": "operator callback_operator supervisor duty_leader",
    "PUT /api/session/password": f"{CENTRE} {UNIONS}",
    "GET /api/users/accounts": KEEPERS + " auditor",
    "GET /api/users/{user_id}": KEEPERS + " auditor",
    "POST /api/users": KEEPERS,
    "PATCH /api/users/{user_id}": KEEPERS,
    "POST /api/users/{user_id}/disable": KEEPERS,
    "POST /api/users/{user_id}/enable": KEEPERS,
    "POST /api/users/{user_id}/reset_password": KEEPERS,
    "PUT /api/posts/{code}": KEEPERS,
    "GET /api/inbox": UNIONS,
    "POST /api/inbox/{number}/take_over": HANDLERS,
    "POST /api/inbox/{number}/relay_calls": HANDLERS,
    "GET /api/inbox/{number}/relay_calls": HANDLERS,
    "GET /api/oversight": "union_leader union_administrator",
    "GET /api/absences": UNIONS,
    "POST /api/absences": UNIONS,
    "DELETE /api/absences/{absence_id}": UNIONS,
    "GET /api/notice-preferences": f"{CENTRE} {UNIONS}",
    "PUT /api/notice-preferences": f"{CENTRE} {UNIONS}",
    "GET /api/robots": KEEPERS,
    "POST /api/robots": KEEPERS,
    "POST /api/robots/{robot_id}/test": KEEPERS,
    "DELETE /api/robots/{robot_id}": KEEPERS,
    "GET /api/deliveries": f"supervisor duty_leader dispatcher administrator auditor {UNIONS}",
    "POST /api/deliveries/{delivery_id}/settle": "supervisor duty_leader dispatcher union_leader",
    "POST /api/deliveries/{delivery_id}/send_again": "supervisor duty_leader dispatcher union_leader",
    "GET /api/access-links": HANDLERS,
    "POST /api/access-links/revoke": HANDLERS,
    "POST /api/access-links/{link_id}/revoke": HANDLERS,
    "GET /api/partners": "dispatcher supervisor duty_leader",
    "POST /api/tickets/{number}/referrals": "dispatcher supervisor duty_leader",
    "GET /api/partner-events/dead": "dispatcher supervisor duty_leader administrator",
    "POST /api/partner-events/{event_id}/resend": "dispatcher supervisor duty_leader administrator",
    "GET /api/knowledge": f"{CENTRE} {UNIONS}",
    "GET /api/knowledge/{code}": f"{CENTRE} {UNIONS}",
    "GET /api/tickets/{number}/citations": f"{SEATS} dispatcher inspector auditor {UNIONS}",
    **dict.fromkeys(
        [
            "POST /api/knowledge",
            "PUT /api/knowledge/{code}",
            "GET /api/knowledge-file",
            "POST /api/knowledge-file",
        ],
        "supervisor duty_leader dispatcher lawyer inspector administrator",
    ),
    **{
        f"POST /api/knowledge/{{code}}/{act}": "supervisor duty_leader administrator"
        for act in ("decide", "withdraw", "confirm")
    },
    "GET /api/quality/sheet": "inspector",
    "POST /api/quality/draws": "inspector",
    "POST /api/quality/samples/{id}/score": "inspector",
    "GET /api/quality/samples": "inspector supervisor duty_leader",
    "GET /api/quality/samples/{id}": "inspector supervisor duty_leader",
    "GET /api/quality/figures": "inspector supervisor duty_leader",
    "POST /api/quality/samples/{id}/decide": "supervisor duty_leader",
    "GET /api/quality/results": SEATS,
    "POST /api/quality/results/{id}/appeal": SEATS,
}
"""Written from the table of docs/quality.md, not from the code it is held against."""

PUBLIC = {
    *("POST /api/public/progress", "GET /api/public/progress", "DELETE /api/public/progress"),
    *("POST /api/public/progress/nudge", "POST /api/public/progress/add_progress"),
    *("POST /api/public/progress/withdraw", "POST /api/public/progress/record_callback"),
    *("POST /api/public/progress/reopen", "POST /api/public/progress/claim_record"),
    *("GET /api/public/progress/attachments", "POST /api/public/progress/attachments"),
    *("POST /api/public/claim_records/check", "GET /api/public/choices", "GET /api/public/regions"),
    *("POST /api/public/request", "GET /api/public/request", "PUT /api/public/request"),
    *("DELETE /api/public/request", "POST /api/public/request/send"),
    *("POST /api/public/request/attachments", "DELETE /api/public/request/attachments/{key}"),
}
"""For people without an account: who proves a ticket by its code, or asks for help."""

OPEN_TO_ALL = {
    *("POST /api/session", "GET /health/live", "GET /health/ready", "GET /metrics"),
    *("POST /api/link/redeem", "POST /api/link/again"),
    # By an address that we signed ourselves.
    "GET /api/partner/v1/files/{token}",
    *PUBLIC,
}
BY_LINK = {
    "GET /api/link/{link_id}",
    *(f"POST /api/link/{{link_id}}/{each}" for each in ("sign_for", "record_first_contact", "add_progress")),
}
"""What a device may do that holds a link: one ticket, three commands, and no session."""

SIGNED = {
    "POST /api/partner/v1/tickets",
    "GET /api/partner/v1/tickets",
    "GET /api/partner/v1/tickets/{number}",
    "GET /api/partner/v1/reconciliation",
    "POST /api/partner/v1/reconciliation",
    "POST /api/partner/v1/events",
    "GET /api/partner/v1/events",
    *(
        f"POST /api/partner/v1/tickets/{{number}}/{act}"
        for act in ["append", "accept", "reject", "progress", "extended", "result", "callback", "withdrawn"]
    ),
}
"""Each request of a partner is signed; no account of a person opens these."""


def api_routes(house: House) -> list[RouteContext]:
    return [
        each for each in iter_route_contexts(house.app.routes) if isinstance(each.original_route, APIRoute)
    ]


def calls_of(dependant: Dependant) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from calls_of(each)


def named(route: RouteContext) -> list[str]:
    return [f"{method} {route.path}" for method in sorted(route.methods or ())]


@pytest.fixture
def people(house: House) -> dict[Role, httpx.Client]:
    """Give a signed-in browser for each role that has an account here."""
    roles = sorted(ACCOUNT_ROLES - {Role.PARTNER})
    with house.database.writing() as session:
        union = session.scalars(select(Union.id).where(Union.code == "370102")).one()
        for role in roles:
            session.add(
                User(
                    name=f"as-{role}",
                    display_name=role,
                    password_hash=PASSWORDS.hash(PASSWORD),
                    role=role.value,
                    union_id=union if role in UNION_ROLES else None,
                    skills=[],
                    created_at=NOW,
                )
            )
    return {role: house.browser(f"as-{role}") for role in roles}


def test_every_route_names_one_door(house: House) -> None:
    doors = {
        name: doors_of(calls_of(route.dependant)) for route in api_routes(house) for name in named(route)
    }
    assert {name: len(found) for name, found in doors.items() if len(found) != 1} == {}
    guarded = {name for name, (door,) in doors.items() if isinstance(door, Door)}
    assert guarded == set(WHO_MAY)
    assert {name for name, (door,) in doors.items() if isinstance(door, LinkDoor)} == BY_LINK
    signed = {name for name, (door,) in doors.items() if isinstance(door, SignedDoor)}
    assert signed == SIGNED
    machines = ("/api", "/health", "/metrics")
    public = {
        name for name in doors.keys() - guarded - BY_LINK - signed if name.split(" ")[1].startswith(machines)
    }
    assert public == OPEN_TO_ALL


def test_routes_without_a_door_are_only_those_that_hold_no_data(house: House) -> None:
    others = {
        each.path
        for each in iter_route_contexts(house.app.routes)
        if not isinstance(each.original_route, APIRoute)
    }
    assert others == {DESCRIPTION, "/assets"}


def ask(browser: httpx.Client, name: str, *, body: Any = None, **query: str) -> httpx.Response:
    method, path = name.split(" ")
    url = path.format(
        number="37-20261123-999999-0",
        sid="CA404",
        column="overdue",
        id=999_999,
        event_id=999_999,
        union_id=999_999,
        sheet="absences",
        recording_id=999_999,
        key="nobody-s",
        **dict.fromkeys(("user_id", "absence_id", "robot_id", "delivery_id", "link_id"), 999_999),
        code="NONE",
        leg_id=999_999,
    )
    if body is None and method != "GET":
        body = {"version": 1}
    return browser.request(method, url, json=body, params=query)


def test_each_door_opens_for_the_roles_of_the_table_and_for_nobody_else(
    people: dict[Role, httpx.Client],
) -> None:
    let_in: dict[str, set[str]] = {name: set() for name in WHO_MAY}
    # Signing out comes last.
    for name in sorted(WHO_MAY, key=lambda each: each == "DELETE /api/session"):
        for role, browser in people.items():
            answer = ask(browser, name)
            assert answer.status_code < 500, (name, role)
            refusal = f"“{role.label}”没有这项权限"
            if answer.status_code != 403 or answer.json()["detail"] != refusal:
                let_in[name].add(role.value)
    assert let_in == {name: set(roles.split()) for name, roles in WHO_MAY.items()}


def test_nobody_gets_in_without_signing_in(house: House) -> None:
    browser = house.browser()
    for name in WHO_MAY:
        answer = ask(browser, name)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), name


def test_a_session_opens_no_link_and_a_link_no_session(people: dict[Role, httpx.Client]) -> None:
    for name in BY_LINK:
        for browser in people.values():
            answer = ask(browser, name)
            assert (answer.status_code, answer.json()["code"]) in ((410, "link_shut"), (422, "invalid")), name


def test_nobody_gets_in_where_partners_do_without_signing(people: dict[Role, httpx.Client]) -> None:
    for name in SIGNED:
        answer = ask(people[Role.SUPERVISOR], name)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed"), name


def test_a_session_says_which_doors_open(people: dict[Role, httpx.Client]) -> None:
    for role, browser in people.items():
        actions = browser.get("/api/session").json()["actions"]
        assert ("seat" in actions) == (role.value in SEATS.split())
        assert ("ticket.route" in actions) == (role.value in f"{TAKERS} dispatcher".split())


def test_the_api_describes_itself(house: House) -> None:
    described = house.browser().get(DESCRIPTION)
    assert described.status_code == 200
    paths = described.json()["paths"]
    names = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    open_ones = {each for each in OPEN_TO_ALL if each.startswith("POST")}
    assert names == set(WHO_MAY) | BY_LINK | PUBLIC | SIGNED | open_ones | {
        "GET /api/partner/v1/files/{token}"
    }
    assert house.browser().get("/docs").status_code == 404


ABSURD = ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00")
"""Both leave what a database keeps as soon as they are turned into UTC."""


def moments_in(schema: Mapping[str, Any], known: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Walk a schema to each place that takes a moment; a list is entered by its first item."""
    if "$ref" in schema:
        yield from moments_in(known[schema["$ref"].rsplit("/", 1)[1]], known, at)
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from moments_in(each, known, at)
    for name, inner in schema.get("properties", {}).items():
        yield from moments_in(inner, known, f"{at}.{name}" if at else name)
    if "items" in schema:
        yield from moments_in(schema["items"], known, f"{at}.0")
    if schema.get("format") == "date-time":
        yield at


def body_with(place: str, value: str) -> Any:
    """Return the body that holds a value at one place, and nothing else."""
    body: Any = value
    for part in reversed(place.split(".")):
        body = [body] if part == "0" else {part: body}
    return body


def test_a_moment_that_no_database_keeps_is_refused_by_name_wherever_one_is_taken(
    people: dict[Role, httpx.Client],
) -> None:
    document = people[Role.OPERATOR].get(DESCRIPTION).json()
    known, asked = document["components"]["schemas"], 0
    for name, roles in WHO_MAY.items():
        method, path = name.split(" ")
        operation = document["paths"][path][method.lower()]
        browser = people[Role(roles.split()[0])]
        taken = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        answers = [
            (place, ask(browser, name, body=body_with(place, value)))
            for place in moments_in(taken.get("schema", {}), known)
            for value in ABSURD
        ] + [
            (each["name"], ask(browser, name, **{each["name"]: value}))
            for each in operation.get("parameters", ())
            if [*moments_in(each["schema"], known)]
            for value in ABSURD
        ]
        for place, answer in answers:
            assert answer.status_code == 422, (name, place, answer.text)
            assert answer.json()["fields"][place] == "时间应在2000年至2200年之间", (name, place)
        asked += len(answers)
    # Sixteen commands and what stands beside them: a walk that finds none proves nothing.
    assert asked >= 30
