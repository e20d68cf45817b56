"""What a partner could not be told is read on a screen and sent again by a person, in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import select

from config.settings import Settings
from dispatch.events import By
from dispatch.exchange_events import offer, tell
from dispatch.models.history import Event, Outbox
from dispatch.models.partners import PartnerEvent
from dispatch.models.tickets import Ticket
from dispatch.partners import PartnerDetails, add_partner
from dispatch.rules.partner_terms import ExchangeState, PartnerKind, Speaks, Told
from hotline.wiring import database_of, now
from tests.browser.conftest import SitDown
from tests.processes import Server

BY = By("machine")


def undelivered(server: Server) -> tuple[str, list[int]]:
    """Leave two events that a partner refused, as the deliveries leave them; return the ticket and the events."""
    desk = server.browser("operator")
    made = desk.post(
        "/api/tickets", json={"channel": "phone", "category": "wage_arrears", "wish": "要回工资"}
    )
    number = str(made.json()["number"])
    database = database_of(Settings(data_dir=server.data_dir))
    with database.writing() as session:
        details = PartnerDetails(
            code="12348-dead",
            name="济南12348",
            kind=PartnerKind.LINE_12348,
            speaks=Speaks.EVENTS,
            endpoint="https://partner.invalid/hook",
        )
        partner = add_partner(session, details, by=BY, now=now())
        ticket = session.query(Ticket).filter_by(number=number).one()
        link = offer(session, partner, ticket, now=now())
        tell(session, link, Told.PROGRESS, now=now(), state=ExchangeState.IN_PROGRESS, step="note")
        events = session.query(PartnerEvent).filter_by(link_id=link.id).order_by(PartnerEvent.id).all()
        for event in events:
            row = session.get_one(Outbox, event.outbox_id)
            row.state, row.attempts, row.error = "failed", 8, "HTTP 410"
        found = [event.id for event in events]
    database.dispose()
    return number, found


def resent(server: Server) -> list[int]:
    """Return the events that somebody had sent again, as the record has them."""
    database = database_of(Settings(data_dir=server.data_dir))
    with database.reading() as session:
        told = session.scalars(
            select(Event.payload).where(Event.kind == "PartnerEventResent").order_by(Event.id)
        )
        uids = [payload["event"] for payload in told]
        events = session.scalars(select(PartnerEvent).where(PartnerEvent.uid.in_(uids))).all()
        found = sorted(event.id for event in events)
    database.dispose()
    return found


def test_a_dispatcher_sends_again_what_a_partner_did_not_take(sit_down: SitDown, served: Server) -> None:
    number, (created, progress) = undelivered(served)
    desk = sit_down()
    page = desk.sign_in("dispatcher")
    page.get_by_test_id("nav-partner-events").click()
    row = page.get_by_test_id(f"dead-{progress}")
    expect(row).to_contain_text(number)
    expect(row).to_contain_text("进展")
    expect(row).to_contain_text("HTTP 410")
    row.locator("summary").click()
    expect(row.locator("dl")).to_contain_text("in_progress")
    expect(page.get_by_test_id("resend")).to_be_disabled()
    assert desk.unreadable() == []
    assert desk.sideways() == []
    # The address itself opens the page again.
    page.reload()
    page.get_by_test_id("choose-all").click()
    page.get_by_test_id("resend").click()
    expect(page.get_by_test_id("resend-results").locator("li")).to_have_count(2)
    expect(page.get_by_test_id("resend-results")).to_contain_text("已重新排队")
    assert resent(served) == [created, progress]
