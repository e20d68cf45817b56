"""A union's people outside the screens: the message with its link, the call that asks for a key, the bridge to a caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agent_console.auth import COOKIE, begin_session
from config.settings import SHIPPED_CONFIG
from dispatch import accounts
from dispatch.accounts import disable_account, reset_password
from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.models.history import Event, Notice, Outbox
from dispatch.models.inbox import AccessLink, NoticeDelivery
from dispatch.models.people import User
from dispatch.models.tickets import Caller, Ticket
from dispatch.rules.roles import Role
from hotline.jobs import relay
from hotline.jobs.loop import forget_requests
from hotline.jobs.notices import plan_notices
from hotline.migrations.metadata import metadata
from tests.calls.centre import BASE, Centre, _Doorway, open_centre
from tests.post_office import MailServer, RobotServer, mail_server, robot_server
from tests.web.test_api_tickets import commanded, created

LIXIA = "+8613800000100"
DEPUTY = "+8613800000101"
ROOT = Actor(Role.ADMINISTRATOR)
CANARY = "鲲鹏翰墨"
MINE = "+8613977776666"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """Give a centre on SQLite; where the engine is the matter a story asks for each."""
    made = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    metadata.create_all(made.engine())
    with open_centre(made, tmp_path) as opened:
        yield with_telephones(opened)
    made.dispose()


@pytest.fixture
def centre_on_each_engine(database: Database, tmp_path: Path) -> Iterator[Centre]:
    with open_centre(database, tmp_path) as opened:
        yield with_telephones(opened)


def with_telephones(centre: Centre) -> Centre:
    with centre.services.database.writing() as session:
        for name, phone in (("lixia", LIXIA), ("lixia-deputy", DEPUTY)):
            session.execute(update(User).where(User.name == name).values(phone=phone))
    return centre


def dispatched(centre: Centre, **fields: Any) -> dict[str, Any]:
    """Dispatch a canary's ticket to Lixia and tell its people."""
    operator = centre.browser("operator")
    told = {"caller": {"name": CANARY, "phone": MINE}, "text": f"我叫{CANARY}，电话{MINE}", **fields}
    ticket = commanded(operator, created(operator, **told), "accept")
    union = centre.world.union("370102")
    ticket = commanded(operator, ticket, "dispatch", union_id=union, override_reason="测试指定")
    tell(centre)
    return ticket


def tell(centre: Centre) -> None:
    plan_notices(centre.services)
    centre.line.settle()


def messages(centre: Centre, to: str = LIXIA) -> list[str]:
    exchange = centre.programme.exchange
    assert exchange is not None
    return [each.body for each in exchange.messages if each.to == to]


def token_in(body: str) -> str:
    found = re.search(rf"{BASE}/l#([\w-]+)", body)
    assert found is not None, body
    return found.group(1)


def device(centre: Centre) -> httpx.Client:
    """Give a telephone's browser that is signed in nowhere."""
    return httpx.Client(transport=_Doorway(centre.line, centre.programme.app), base_url=BASE)


def redeemed(centre: Centre, body: str) -> tuple[httpx.Client, dict[str, Any]]:
    phone = device(centre)
    answer = phone.post("/api/link/redeem", json={"token": token_in(body)})
    assert answer.status_code == 200, answer.text
    return phone, answer.json()


def test_a_message_opens_one_ticket_on_one_telephone_and_says_nothing_of_any_person(
    centre_on_each_engine: Centre,
) -> None:
    centre = centre_on_each_engine
    ticket = dispatched(centre)
    body, *more = messages(centre)
    assert more == []
    assert ticket["number"] in body
    assert "待签收" in body
    token = token_in(body)
    scanner = device(centre)
    for method, path in (("GET", "/l"), ("HEAD", "/l"), ("GET", f"/l/{token}"), ("GET", "/api/link/redeem")):
        assert scanner.request(method, path).status_code in (200, 404, 405, 410, 422, 503)
    phone, seen = redeemed(centre, body)
    assert [each["command"] for each in seen["actions"]] == ["sign_for"]
    assert {each["command"] for each in seen["signed_in_only"]} >= {"return_ticket"}
    at = f"/api/link/{seen['link_id']}"
    for other in (device(centre), scanner):
        assert other.post("/api/link/redeem", json={"token": token}).status_code == 410, "once"
        assert other.get(at).status_code == 410
    assert phone.get("/api/tickets").status_code == 401
    assert phone.get(f"/api/tickets/{ticket['number']}").status_code == 401
    headers = {"Idempotency-Key": "by-link-0001"}
    signed = [phone.post(f"{at}/sign_for", json={"version": seen["version"]}, headers=headers) for _ in "ab"]
    assert [each.status_code for each in signed] == [200, 200]
    assert (signed[0].json()["handler_name"], signed[0].json()["deputy_name"]) == ("lixia", "lixia-deputy")
    version = signed[1].json()["version"]
    contact = {"version": version, "means": "phone", "outcome": "reached"}
    version = phone.post(f"{at}/record_first_contact", json=contact).json()["version"]
    noted = phone.post(f"{at}/add_progress", json={"version": version, "text": "已约谈"})
    assert noted.status_code == 200
    result = {"version": noted.json()["version"], "true_claim": True, "done": "x", "solved": "solved"}
    for refused in ("report_result", "return_ticket", "reveal"):
        assert phone.post(f"{at}/{refused}", json=result).status_code in (404, 405)
    with centre.services.database.reading() as session:
        kept = session.scalars(select(AccessLink)).all()
        assert all(token not in (each.token_sha256, each.device_sha256) for each in kept)
        assert token not in repr(session.scalars(select(Outbox.payload)).all())
        kinds = session.scalars(select(Event.kind).where(Event.ticket_id.is_not(None))).all()
        assert {"LinkRedeemed", "TicketSignedFor", "FirstContactRecorded", "ProgressAdded"} <= set(kinds)
    everything = [body, *messages(centre, DEPUTY), phone.get(at).text]
    assert not [each for each in everything if CANARY in each or MINE[3:] in each]


def disabled(centre: Centre, _: dict[str, Any]) -> None:
    each_account(
        centre, lambda session, user, now: disable_account(session, ROOT, user.id, reason="x", **now)
    )


def enabled(centre: Centre) -> None:
    each_account(centre, lambda session, user, now: accounts.enable_account(session, ROOT, user.id, **now))


def given_a_password(centre: Centre, _: dict[str, Any]) -> None:
    each_account(
        centre, lambda session, user, now: reset_password(session, ROOT, user.id, password_hash="!", **now)
    )
    with centre.services.database.writing() as session:
        session.execute(update(User).values(password_temporary=False))


def each_account(centre: Centre, act: Callable[[Session, User, dict[str, Any]], object]) -> None:
    with centre.services.database.writing() as session:
        for user in session.scalars(select(User).where(User.name.in_(("lixia", "lixia-deputy")))).all():
            act(session, user, {"version": user.authority_version, "now": centre.services.now()})


def revoked(centre: Centre, _: dict[str, Any]) -> None:
    for name in ("lixia", "lixia-deputy"):
        assert centre.browser(name).post("/api/access-links/revoke").status_code == 200


def redispatched(centre: Centre, ticket: dict[str, Any]) -> None:
    union = centre.world.union("370103")
    moved = {"union_id": union, "reason": "转派", "override_reason": "x"}
    commanded(centre.browser("dispatcher"), ticket, "dispatch", **moved)


def sealed(centre: Centre, ticket: dict[str, Any]) -> None:
    with centre.services.database.writing() as session:
        session.execute(update(Ticket).where(Ticket.number == ticket["number"]).values(sealed=True))


def expired(centre: Centre, _: dict[str, Any]) -> None:
    centre.clock.ahead += timedelta(days=15)


def test_what_shuts_a_link_shuts_it_before_and_after_it_was_redeemed(centre: Centre) -> None:
    for shut in (disabled, given_a_password, revoked, redispatched, sealed, expired):
        before = [len(messages(centre, to)) for to in (LIXIA, DEPUTY)]
        ticket = dispatched(centre)
        phone, seen = redeemed(centre, messages(centre)[before[0]])
        fresh = token_in(messages(centre, DEPUTY)[before[1]])
        at = f"/api/link/{seen['link_id']}"
        assert phone.get(at).status_code == 200, shut.__name__
        shut(centre, ticket)
        assert phone.get(at).status_code == 410, shut.__name__
        assert phone.post(f"{at}/sign_for", json={"version": seen["version"]}).status_code == 410
        answer = device(centre).post("/api/link/redeem", json={"token": fresh})
        assert (answer.status_code, answer.json()["code"]) == (410, "link_shut"), shut.__name__
        if shut is disabled:
            enabled(centre)
    with centre.services.database.reading() as session:
        made = len(session.scalars(select(AccessLink.id)).all())
    assert forget_requests(centre.services) == 0
    centre.clock.ahead += timedelta(days=60)
    assert (made, forget_requests(centre.services)) == (12, 12)


def test_links_are_not_guessed_and_a_new_one_goes_to_the_persons_own_telephone(centre: Centre) -> None:
    dispatched(centre)
    old = token_in(messages(centre)[0])
    redeemed(centre, messages(centre)[0])
    guesser = device(centre)
    answers = [
        guesser.post("/api/link/redeem", json={"token": f"guess-{n}-{'x' * 30}"}).status_code
        for n in range(7)
    ]
    assert answers[0] == 410
    assert answers[-1] == 429
    centre.clock.ahead += timedelta(minutes=20)
    asked = [device(centre).post("/api/link/again", json={"token": each}) for each in (old, "n" * 43)]
    assert [each.status_code for each in asked] == [202, 202]
    assert len({each.content for each in asked}) == 1
    centre.line.settle()
    assert len(messages(centre)) == 2
    _, seen = redeemed(centre, messages(centre)[1])
    assert seen["person"] == "lixia"
    own = centre.browser("lixia").get("/api/access-links").json()
    assert [each["live"] for each in own] == [True, True]
    other = centre.browser("lixia-deputy")
    assert other.post(f"/api/access-links/{own[0]['id']}/revoke").status_code == 404


def test_a_p0_rings_and_one_key_signs_for_it(centre: Centre) -> None:
    handler, deputy = centre.phone(LIXIA), centre.phone(DEPUTY)
    ticket = dispatched(centre, category="accident", urgency="P0")
    deputy.rings().is_a_machine().answers()
    forged = device(centre)
    for path in ("notices/1", "notices/1/keys", "notices/1/status", "relay/1/go", "relay/1/status/union"):
        assert forged.post(f"/voice/{path}", data={"Digits": "1", "CallSid": "CA1"}).status_code == 403
    handler.rings().answers().hears("有一件特急工单等待签收").presses("*").hears("签收请按1")
    handler.presses("1").hears("已为您签收").was_hung_up()
    deputy.was_hung_up()
    centre.line.settle()
    seen = centre.browser("lixia").get(f"/api/tickets/{ticket['number']}").json()
    assert seen["state"] == "in_progress"
    assert seen["handlings"][0]["handler_name"] == "lixia"
    for words in (handler.transcript, deputy.transcript):
        assert CANARY not in words
        assert ticket["category_name"] not in words
    with centre.services.database.reading() as session:
        rung = session.scalars(select(NoticeDelivery).where(NoticeDelivery.channel == "robocall")).all()
        assert {(each.user_id, each.outcome) for each in rung} == {
            (centre.world.actor("lixia").user_id, "signed"),
            (centre.world.actor("lixia-deputy").user_id, "machine"),
        }
        signed = session.scalars(select(Event).where(Event.kind == "TicketSignedFor")).one()
        assert signed.actor_id == centre.world.actor("lixia").user_id


def test_the_handler_and_the_caller_talk_and_neither_learns_the_others_number(
    centre_on_each_engine: Centre,
) -> None:
    centre = centre_on_each_engine
    ticket = dispatched(centre)
    handler, caller = centre.phone(LIXIA), centre.phone(MINE)
    lixia = centre.browser("lixia")
    at = f"/api/inbox/{ticket['number']}/relay_calls"
    assert lixia.post(at, json={}).status_code == 403, "not signed yet"
    pair = lixia.get("/api/inbox").json()["pair"]
    ticket = commanded(lixia, ticket, "sign_for", handler_id=pair["handler_id"], deputy_id=pair["deputy_id"])
    assert centre.browser("qingdao").post(at, json={}).status_code == 404
    begun = lixia.post(at, json={})
    assert begun.status_code == 201, begun.text
    assert lixia.post(at, json={}).status_code == 409, "one at a time"
    centre.line.settle()
    handler.rings().answers().hears("接通请按1").presses("1")
    caller.rings().answers().hears("工会服务职工热线")
    handler.is_in_conference()
    caller.is_in_conference()
    handler.says("您好，我是区总工会的")
    caller.hears("我是区总工会的").says("您好").hangs_up()
    centre.line.settle()
    handler.was_hung_up()
    (line,) = lixia.get(at).json()
    assert (line["state"], line["outcome"]) == ("ended", "reached")
    shown = [events_of(handler), events_of(caller), begun.text, lixia.get(at).text]
    assert MINE[3:] not in shown[0] + shown[2] + shown[3]
    assert LIXIA[3:] not in shown[1]
    with centre.services.database.reading() as session:
        assert session.scalars(select(Event.kind).where(Event.kind == "RelayCalled")).all() == ["RelayCalled"]


def events_of(phone: Any) -> str:
    """Return all that a telephone was ever shown or told, but the number that is its own."""
    return repr([{name: value for name, value in event.items() if name != "to"} for event in phone.events])


def test_a_caller_who_does_not_answer_leaves_nobody_waiting(centre: Centre) -> None:
    ticket = dispatched(centre)
    handler, caller = centre.phone(LIXIA), centre.phone(MINE)
    lixia = centre.browser("lixia")
    pair = lixia.get("/api/inbox").json()["pair"]
    ticket = commanded(lixia, ticket, "sign_for", handler_id=pair["handler_id"], deputy_id=pair["deputy_id"])
    at = f"/api/inbox/{ticket['number']}/relay_calls"
    lixia.post(at, json={})
    centre.line.settle()
    handler.rings().answers().hears("接通请按1").presses("1")
    caller.rings().declines()
    handler.hears("诉求人没有接听").was_hung_up()
    assert [each["outcome"] for each in lixia.get(at).json()] == ["no_answer"]
    with centre.services.database.writing() as session:
        session.execute(update(Caller).values(phone="+8613800000999"))
        session.execute(update(User).where(User.name == "lixia").values(phone=None))
    assert lixia.post(at, json={}).json()["fields"].keys() == {"phone"}


def test_a_message_whose_end_nobody_knows_is_a_persons_to_decide_and_never_sent_again_by_itself(
    centre: Centre,
) -> None:
    operator = centre.browser("operator")
    ticket = commanded(operator, created(operator), "accept")
    union = centre.world.union("370102")
    commanded(operator, ticket, "dispatch", union_id=union, override_reason="测试指定")
    plan_notices(centre.services)
    # A process takes one message, begins to send it, and is never heard of again.
    claimed = relay.claim(centre.services, queue="slow", owner="dead")
    doomed = next(each for each in claimed if each.kind == "send_notice")
    assert relay._begin(centre.services, doomed.id, "dead")
    centre.pass_time(120)
    lead = centre.browser("supervisor")
    (line,) = lead.get("/api/deliveries", params={"unsettled": True}).json()
    assert line["state"] == "unknown"
    before = len(messages(centre)) + len(messages(centre, DEPUTY))
    assert lead.post(f"/api/deliveries/{line['id']}/send_again").status_code == 204
    assert lead.post(f"/api/deliveries/{line['id']}/send_again").status_code == 409
    centre.line.settle()
    assert len(messages(centre)) + len(messages(centre, DEPUTY)) == before + 1
    assert lead.get("/api/deliveries", params={"unsettled": True}).json() == []
    with centre.services.database.reading() as session:
        assert session.scalars(select(Notice.kind).where(Notice.kind == "alarm")).all()


def test_mail_and_groups_are_told_too_and_only_a_person_is_given_a_link(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    metadata.create_all(database.engine())
    with mail_server() as post, robot_server() as robots:
        config = tmp_path / "config"
        config.mkdir()
        shipped = (SHIPPED_CONFIG / "notices.yaml").read_text(encoding="utf-8")
        changed = shipped.replace("https://qyapi.weixin.qq.com", robots.url).replace(
            "https://oapi.dingtalk.com", robots.url
        )
        (config / "notices.yaml").write_text(changed, encoding="utf-8")
        mail = {"smtp_host": "127.0.0.1", "smtp_port": post.port, "smtp_security": "none"}
        options = {"config_dir": config, "smtp_from": "notices@centre.test", **mail}
        with open_centre(database, tmp_path, **options) as centre:
            tells_mail_and_groups(centre, post, robots)
    database.dispose()


def tells_mail_and_groups(centre: Centre, post: MailServer, robots: RobotServer) -> None:
    lixia = centre.world.actor("lixia")
    with centre.services.database.writing() as session:
        made = {"union_id": lixia.union_id, "email": "keeper@union.test"}
        now = centre.services.now()
        accounts.create_account(
            session,
            ROOT,
            name="keeper",
            role="union_administrator",
            password_hash="!",
            fields=made,
            temporary=False,
            now=now,
        )
        email = {"email": "lixia@union.test"}
        accounts.change_account(session, ROOT, lixia.user_id or 0, version=1, changes=email, now=now)
    keeper = browser_of(centre, "keeper")
    robots.secret = "SEC000"
    group = {"union_id": lixia.union_id, "kind": "dingtalk", "name": "区总工作群"}
    group |= {"address": f"{robots.url}/robot/send?access_token=t", "secret": "SEC000"}
    answer = keeper.post("/api/robots", json=group)
    assert answer.status_code == 201, answer.text
    assert robots.url not in answer.text
    assert keeper.post(f"/api/robots/{answer.json()[0]['id']}/test").status_code == 204
    own = {**group, "name": "本人的群", "user_id": lixia.user_id}
    assert keeper.post("/api/robots", json=own).status_code == 201
    for name, wrong in (("address", "http://169.254.169.254/robot/send?access_token=t"), ("union_id", 1)):
        assert keeper.post("/api/robots", json={**group, "name": "x", name: wrong}).status_code in (404, 422)
    ticket = dispatched(centre)
    (mail,) = post.received
    body = str(mail.get_payload(decode=True).decode())  # type: ignore[union-attr]  # one part, decoded to bytes
    texts = robots.texts[1:]
    assert len(texts) == 2
    assert sum(f"{BASE}/l#" in each for each in texts) == 1, "the group is given the way to sign in"
    assert sum(f"{BASE}/inbox/{ticket['number']}" in each for each in texts) == 1
    for said in (body, *texts):
        assert CANARY not in said
        assert MINE[3:] not in said
        assert ticket["number"] in said
    _, seen = redeemed(centre, body)
    assert seen["person"] == "lixia"
    states = {
        each["channel"]: each["state"] for each in centre.browser("supervisor").get("/api/deliveries").json()
    }
    assert states == {"email": "sent", "dingtalk": "sent"}
    # A mail server that is full for a while is asked again and again, with longer pauses, and gets it in the end.
    post.rcpt = "450 later"
    dispatched(centre)
    for pause in (0, 16, 31):
        centre.pass_time(pause)
    post.rcpt = "250 ok"
    assert len(post.to) == 4
    centre.pass_time(30)
    assert len(post.to) == 4, "not yet"
    centre.pass_time(31)
    assert (len(post.to), len(post.received)) == (5, 2)


def browser_of(centre: Centre, name: str) -> httpx.Client:
    """Return a signed-in client of an account that the world did not begin with."""
    with centre.services.database.writing() as session:
        user = session.scalars(select(User.id).where(User.name == name)).one()
        token = begin_session(session, user, now=centre.services.now(), user_agent="tests", replaces=None)
    transport = _Doorway(centre.line, centre.programme.app)
    return httpx.Client(transport=transport, base_url=BASE, cookies={COOKIE: token})
