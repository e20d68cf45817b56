"""Signing in and out: who gets a session, how long it lives, and what ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from agent_console.auth import COOKIE, IDLE, LONGEST, digest
from agent_console.lockout import PAIR_LIMIT, WINDOW
from dispatch.models.people import Session as BrowserSession
from dispatch.models.people import User
from tests.web.house import PASSWORD, House


def sign_in(browser: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    return browser.post("/api/session", json={"name": name, "password": password})


def test_a_cadre_signs_in_and_sees_who_he_is(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    browser = house.browser()
    answer = sign_in(browser, "lixia")
    assert answer.status_code == 200
    session = answer.json()
    assert session["user"]["role"] == "union_handler"
    assert session["user"]["role_label"] == "工会经办人"
    assert session["user"]["union_name"]
    assert "ticket.read" in session["actions"]
    assert "call.control" not in session["actions"]
    assert browser.get("/api/session").json()["user"] == session["user"]


def test_the_cookie_cannot_be_read_by_scripts_and_stays_at_home(house: House) -> None:
    header = sign_in(house.browser(), "operator").headers["set-cookie"].lower()
    assert header.startswith(f"{COOKIE}=")
    assert "httponly" in header
    assert "samesite=strict" in header


def test_the_database_holds_no_token(house: House) -> None:
    browser = house.browser("operator")
    token = browser.cookies[COOKIE]
    with house.database.reading() as session:
        kept = session.scalars(select(BrowserSession.token_sha256)).all()
    assert kept == [digest(token)]
    assert token not in kept[0]


@pytest.mark.parametrize(
    ("name", "password"), [("operator", "wrong"), ("nobody-of-that-name", PASSWORD), ("", PASSWORD)]
)
def test_wrong_credentials_are_all_refused_in_the_same_words(house: House, name: str, password: str) -> None:
    answer = sign_in(house.browser(), name, password)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:hotline-12351:problem:wrong_credentials",
        "title": "登录失败",
        "status": 401,
        "code": "wrong_credentials",
        "detail": "账号或密码不正确",
    }
    assert "set-cookie" not in answer.headers


def test_a_disabled_account_cannot_sign_in_and_its_open_session_ends_at_once(house: House) -> None:
    browser = house.browser("operator")
    with house.database.writing() as session:
        session.execute(update(User).where(User.name == "operator").values(disabled_at=house.clock()))
    assert browser.get("/api/session").status_code == 401
    assert sign_in(house.browser(), "operator").status_code == 401


def test_a_changed_role_holds_from_the_next_request_on(house: House) -> None:
    browser = house.browser("operator")
    with house.database.writing() as session:
        session.execute(update(User).where(User.name == "operator").values(role="administrator"))
    assert "ticket.read" not in browser.get("/api/session").json()["actions"]


def test_signing_out_ends_the_session_on_the_server(house: House) -> None:
    browser = house.browser("operator")
    stolen = house.browser()
    stolen.cookies.set(COOKIE, browser.cookies[COOKIE])
    assert stolen.get("/api/session").status_code == 200
    assert browser.delete("/api/session").status_code == 204
    assert stolen.get("/api/session").json()["code"] == "not_signed_in"
    assert COOKIE not in browser.cookies


def test_signing_in_again_ends_the_session_the_browser_came_with(house: House) -> None:
    browser = house.browser("operator")
    first = browser.cookies[COOKIE]
    assert sign_in(browser, "supervisor").status_code == 200
    assert browser.cookies[COOKIE] != first
    old = house.browser()
    old.cookies.set(COOKIE, first)
    assert old.get("/api/session").status_code == 401


def test_a_session_that_nobody_uses_ends_after_two_hours(house: House) -> None:
    browser = house.browser("operator")
    house.clock.advance(IDLE - timedelta(seconds=1))
    assert browser.get("/api/session").status_code == 200
    house.clock.advance(IDLE - timedelta(seconds=1))
    assert browser.get("/api/session").status_code == 200, "use renews it"
    house.clock.advance(IDLE)
    assert browser.get("/api/session").status_code == 401


def test_no_session_outlives_the_longest_shift(house: House) -> None:
    browser = house.browser("operator")
    for _ in range(int(LONGEST / timedelta(hours=1)) - 1):
        house.clock.advance(timedelta(hours=1))
        assert browser.get("/api/session").status_code == 200
    house.clock.advance(timedelta(hours=1))
    assert browser.get("/api/session").status_code == 401


def test_a_guesser_is_locked_out_and_the_lock_ends_by_itself(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    browser = house.browser()
    for _ in range(PAIR_LIMIT):
        assert sign_in(browser, "operator", "guess").status_code == 401
    locked = sign_in(browser, "operator")
    assert locked.status_code == 429, "even the right password waits"
    assert locked.headers["retry-after"] == str(int(WINDOW.total_seconds()))
    assert locked.json()["detail"] == "失败次数过多，请15分钟后再试"
    assert sign_in(browser, "supervisor").status_code == 200, "others at the same address work on"
    house.clock.advance(WINDOW)
    assert sign_in(browser, "operator").status_code == 200


def test_a_hundred_guesses_at_once_are_not_a_hundred_guesses(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda _: sign_in(house.browser(), "operator", "guess").status_code, range(30))
        )
    assert answers.count(401) == PAIR_LIMIT
    assert answers.count(429) == 30 - PAIR_LIMIT


def test_success_forgives_the_failures_before_it(house: House) -> None:
    browser = house.browser()
    for _ in range(3):
        for _ in range(PAIR_LIMIT - 1):
            assert sign_in(browser, "operator", "guess").status_code == 401
        assert sign_in(browser, "operator").status_code == 200


def test_beginning_and_ending_a_session_are_in_the_administration_history(house: House) -> None:
    from dispatch.models.history import Event

    house.browser("operator").delete("/api/session")
    with house.database.reading() as session:
        kinds = session.scalars(
            select(Event.kind)
            .where(Event.stream == "administration", Event.actor_kind == "user")
            .order_by(Event.seq)
        ).all()
        assert session.scalar(select(func.count()).select_from(BrowserSession)) == 1
    assert kinds == ["SessionBegan", "SessionEnded"]


def test_an_unknown_field_is_named_and_never_repeated(house: House) -> None:
    answer = house.browser().post("/api/session", json={"name": "operator", "password": "", "admin": "yes!"})
    assert answer.status_code == 422
    assert answer.json()["fields"] == {"password": "至少1个字", "admin": "没有这个项目"}
    assert "yes!" not in answer.text
