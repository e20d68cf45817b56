"""A conversation to do something with: a caller, an operator and colleagues, at virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from dispatch.database import Database
from hotline.calls.log import Verb
from hotline.calls.models import Call, CallLog, Leg
from hotline.calls.talk_models import Transfer
from hotline.migrations.metadata import metadata
from tests.calls.centre import Centre, open_centre
from tests.phone import Phone
from tests.pristine import keep, restore

LAWYER = "+865311235101"


@dataclass(slots=True)
class Talk:
    """One caller with one operator, in words that a story can use."""

    centre: Centre
    caller: Phone
    desk: Phone
    browser: httpx.Client
    sid: str

    def post(self, path: str, body: dict[str, Any] | None = None, *, by: httpx.Client | None = None) -> Any:
        answer = (by or self.browser).post(f"/api/calls/{self.sid}/{path}", json=body)
        assert answer.is_success, (path, answer.text)
        self.centre.line.settle()
        return answer.json() if answer.content else None

    def refused(self, path: str, body: dict[str, Any], *, by: httpx.Client | None = None) -> str:
        answer = (by or self.browser).post(f"/api/calls/{self.sid}/{path}", json=body)
        assert answer.is_client_error, answer.text
        return str(answer.json().get("detail", answer.json()["title"]))

    def asks(self, style: str, **target: Any) -> None:
        self.post("transfer", {"style": style, **target})

    def colleague(self, name: str) -> tuple[Phone, httpx.Client, int]:
        """Sit somebody down; return his telephone, his browser and his id."""
        desk = self.centre.seat(name)
        return desk, self.centre.browser(name), self.centre.world.actor(name).user_id or 0

    def comes(self, desk: Phone, browser: httpx.Client) -> None:
        """Let a colleague take what rings at him."""
        ring = browser.get("/api/transfers/current").json()
        assert ring is not None
        assert browser.post(f"/api/transfers/{ring['id']}/accept").is_success
        desk.is_in_conference()

    @property
    def view(self) -> dict[str, Any]:
        found: dict[str, Any] = self.browser.get(f"/api/calls/{self.sid}/talk").json()
        return found

    @property
    def state(self) -> str:
        return self.centre.calls()[0].conversation_state

    @property
    def diary(self) -> list[str]:
        told = ("style", "to", "result", "reason", "mode", "line", "by", "recall", "digits")
        with self.centre.services.database.reading() as session:
            rows = session.execute(
                select(CallLog.verb, CallLog.data)
                .join(Call, Call.id == CallLog.call_id)
                # The recording follows by its own orders; tests/calls/test_recordings.py tells that story.
                .where(Call.sid == self.sid, CallLog.verb != Verb.RECORD.value)
                .order_by(CallLog.id)
            )
            return [" ".join([verb, *(str(data[key]) for key in told if key in data)]) for verb, data in rows]

    @property
    def transfers(self) -> list[tuple[str, str | None]]:
        with self.centre.services.database.reading() as session:
            rows = session.execute(select(Transfer.state, Transfer.reason).order_by(Transfer.id))
            return [(state, reason) for state, reason in rows]

    def open_legs(self) -> list[str]:
        with self.centre.services.database.reading() as session:
            query = select(Leg.kind).where(Leg.left_at.is_(None)).order_by(Leg.id)
            return list(session.scalars(query))

    def hangs_up(self, browser: httpx.Client | None = None) -> None:
        """Let the operator end it, and the caller go through the survey."""
        self.post("hang_up", by=browser)
        self.caller.hears("请为本次服务打分").presses("1").was_hung_up()
        self.centre.line.settle()
        self.centre.all_is_settled()


@contextmanager
def open_talk(
    centre: Centre, *, keys: str = "0", name: str = "operator", to: str = "12351"
) -> Iterator[Talk]:
    """Let a caller and an operator talk."""
    desk, caller, browser = centre.seat(name), centre.phone(), centre.browser(name)
    caller.dial(to).hears("按9")
    for key in keys:
        caller.presses(key)
    caller.hears("正在为您转接")
    offer = browser.get("/api/offers/current").json()
    assert browser.post(f"/api/offers/{offer['id']}/accept").is_success
    caller.is_in_conference()
    desk.is_in_conference()
    yield Talk(centre, caller, desk, browser, caller.call_sid)


@contextmanager
def sqlite_centre(tmp_path: Path, **options: Any) -> Iterator[Centre]:
    """Open a centre on SQLite alone."""
    database = Database(f"sqlite:///{tmp_path / 'talks.db'}")
    if not restore(database, "tables"):
        metadata.create_all(database.engine())
        keep(database, "tables")
    with open_centre(database, tmp_path / "data", **options) as centre:
        yield centre
    database.dispose()
