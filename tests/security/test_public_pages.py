"""The public pages attacked: by requests made from their own description, and by a name that may appear nowhere."""

from __future__ import annotations

import io
import json
import logging
from contextlib import suppress
from typing import Any

import httpx
import pypdf
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from dispatch.models.history import Notice, Outbox
from hotline.public import replies
from hotline.public.models import ClaimRecord, IncomingMessage, OpenedTicket, PublicUse, RequestDraft
from tests.security.test_canary import NAME, PHONE, leaks_in
from tests.web.house import House
from tests.web.strangers import FORM, filled_in, number_and_code, sent, ticket_of
from tests.web.test_api_tickets import commanded
from tests.web.test_public_progress import at_the_union, opened

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 10
WALK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def session_of(browser: httpx.Client) -> requests.Session:
    """Return the browser's cookies as the walk's own client carries them."""
    walker = requests.Session()
    walker.trust_env = False
    for cookie in browser.cookies.jar:
        walker.cookies.set_cookie(cookie)
    return walker


def walked(
    house: House, operation: Any, mode: GenerationMode, walker: requests.Session, *, number: str | None = None
) -> int:
    """Send an operation requests made from its description, about `number` where it is given; return how many."""
    count = 0

    @WALK
    @given(case=operation.as_strategy(generation_mode=mode))
    def walk(case: Any) -> None:
        nonlocal count
        if number is not None and "number" in (case.path_parameters or ()):
            case.path_parameters["number"] = number
        case.validate_response(case.call(base_url=house.url, session=walker), checks=CHECKS)
        count += 1

    # A request without parameters cannot be made wrong.
    with suppress(Unsatisfiable):
        walk()
    return count


def test_no_request_made_from_the_description_breaks_a_public_page(house: House) -> None:
    description = house.browser().get("/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(description).include(path_regex="^/api/public/")
    number = at_the_union(house)["number"]
    counted = dict.fromkeys(GenerationMode, 0)
    seen = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        seen += 1
        for mode in GenerationMode:
            # Of each hour and each case only so much may be used.
            house.clock.advance(house.services.public.open_longest)
            browser = opened(house, number)
            filled_in(browser)
            counted[mode] += walked(house, operation, mode, session_of(browser))
    public = [methods for path, methods in description["paths"].items() if path.startswith("/api/public/")]
    assert seen == sum(map(len, public))
    assert counted[GenerationMode.POSITIVE] >= seen
    assert counted[GenerationMode.NEGATIVE] > EXAMPLES


def test_a_name_and_a_number_are_nowhere_on_the_public_side(
    house: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    stranger = house.browser()
    told = sent(house, stranger, name=NAME, phone=PHONE)
    number = ticket_of(house, told["number"])
    looked_at = [("sent", json.dumps(told)), ("page", stranger.get("/api/public/progress").text)]
    operator, dispatcher, union = (house.browser(name) for name in ("operator", "dispatcher", "lixia"))
    ticket = commanded(operator, operator.get(f"/api/tickets/{number}").json(), "accept")
    ticket = commanded(dispatcher, ticket, "dispatch", union_id=house.world.union("370102"))
    people = {"handler_id": house.actor("lixia").user_id, "deputy_id": house.actor("lixia-deputy").user_id}
    ticket = commanded(union, ticket, "sign_for", **people)
    due = (house.clock() + (house.services.public.open_longest * 12)).isoformat()
    commanded(union, ticket, "await_caller", missing=f"工资条，请打{PHONE}", due_at=due)
    known = number_and_code(house, number)
    other = house.browser()
    answers = (
        other.post("/api/public/progress", json=known),
        other.get("/api/public/progress"),
        other.post("/api/public/progress/nudge"),
        other.post("/api/public/progress/add_progress", json={"text": f"我的电话{PHONE}"}),
        other.get("/api/public/progress/attachments"),
        other.post("/api/public/progress/reopen", json={"reason": "x"}),
    )
    looked_at += [(str(each.request.url), each.text + repr(each.headers)) for each in answers]
    pdf = other.post("/api/public/progress/claim_record").content
    words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert FORM["wish"] in words
    looked_at.append(("claim record", words))
    code = words.split("核验码")[1].split()[0]
    looked_at.append(("check", other.post("/api/public/claim_records/check", json={"code": code}).text))
    looked_at += texts(house) + rows(house)
    out, err = capfd.readouterr()
    said = [each.getMessage() for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    looked_at += [("stdout", out), ("stderr", err), ("log", "\n".join(said))]
    assert {where: leaks for where, words in looked_at if (leaks := leaks_in(words))} == {}
    assert len(looked_at) > 15


def texts(house: House) -> list[tuple[str, str]]:
    """Return every short message that is on its way."""
    services = house.services
    found = []
    with house.database.reading() as session:
        for row in session.scalars(select(Outbox).where(Outbox.kind == "send_public_text")):
            reply = replies.compose(
                session,
                row.payload,
                policy=services.policy,
                public=services.public,
                outbound=services.outbound,
            )
            assert reply is not None
            found.append((f"message {row.id}", reply.body))
    assert found
    return found


def rows(house: House) -> list[tuple[str, str]]:
    """Return what the public side and the outbox keep."""
    kept: list[tuple[str, str]] = []
    with house.database.reading() as session:
        for table in (PublicUse, OpenedTicket, RequestDraft, ClaimRecord, IncomingMessage, Outbox, Notice):
            values = [
                repr({column.key: getattr(each, column.key) for column in table.__table__.columns})
                for each in session.scalars(select(table))
            ]
            kept.append((table.__tablename__, "\n".join(values)))
    return kept
