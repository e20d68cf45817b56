"""User administration over HTTP: one-time passwords, disabled people out at once, nobody beyond his subtree."""

from __future__ import annotations

import httpx

from dispatch.accounts import create_account
from dispatch.actors import Actor
from dispatch.rules.roles import Role
from tests.builders import NOW
from tests.security.listening import listening
from tests.web.house import PASSWORD, PASSWORDS, House

NEW = "a-password-of-his-own-9"


def keeper(house: House, role: str = "administrator", union: str | None = None) -> httpx.Client:
    with house.database.writing() as session:
        create_account(
            session,
            Actor(Role.ADMINISTRATOR),
            name=f"keeper-{union}",
            role=role,
            password_hash=PASSWORDS.hash(PASSWORD),
            fields={"union_id": house.world.union(union) if union else None},
            temporary=False,
            now=NOW,
        )
    return house.browser(f"keeper-{union}")


def test_a_new_person_changes_the_password_that_was_made_for_him_before_anything_else(house: House) -> None:
    jinan = keeper(house, "union_administrator", "3701")
    answer = jinan.post(
        "/api/users",
        json={"name": "lixia-new", "role": "union_handler", "union_id": house.world.union("370102")},
    )
    assert answer.status_code == 201, answer.text
    password = answer.json()["password"]
    assert len(password) >= 14
    assert password not in jinan.get("/api/users/accounts").text
    person = house.browser()
    session = person.post("/api/session", json={"name": "lixia-new", "password": password}).json()
    assert session["password_temporary"] is True
    assert person.get("/api/tickets").status_code == 403
    change = {"current": password, "new": NEW}
    assert person.put("/api/session/password", json={**change, "current": "wrong"}).status_code == 422
    assert person.put("/api/session/password", json={**change, "new": "short"}).status_code == 422
    assert person.put("/api/session/password", json=change).status_code == 204
    assert person.get("/api/session").json()["password_temporary"] is False
    assert person.get("/api/tickets").status_code == 200
    again = house.browser()
    assert again.post("/api/session", json={"name": "lixia-new", "password": password}).status_code == 401
    assert again.post("/api/session", json={"name": "lixia-new", "password": NEW}).status_code == 200


def test_a_disabled_person_is_out_at_once_and_a_reset_ends_every_session(house: House) -> None:
    root = keeper(house)
    lixia = house.browser("lixia")
    line = next(
        each for each in root.get("/api/users/accounts?q=lixia").json()["items"] if each["name"] == "lixia"
    )
    at = f"/api/users/{line['id']}"
    with listening(lixia) as socket:
        answer = root.post(f"{at}/disable", json={"version": line["version"], "reason": "调离"})
        assert answer.status_code == 200, answer.text
        assert lixia.get("/api/tickets").status_code == 401
        assert socket.closed_within(60.0)
    version = answer.json()["version"]
    assert root.post(f"{at}/enable", json={"version": line["version"]}).status_code == 409
    version = root.post(f"{at}/enable", json={"version": version}).json()["version"]
    lixia = house.browser("lixia")
    reset = root.post(f"{at}/reset_password", json={"version": version}).json()
    assert lixia.get("/api/session").status_code == 401
    changed = root.patch(at, json={"version": reset["account"]["version"], "phone": "13800000005"}).json()
    assert changed["phone"] == "+8613800000005"


def test_a_union_administrator_knows_nothing_of_others_people(house: House) -> None:
    jinan = keeper(house, "union_administrator", "3701")
    qingdao, operator = house.actor("qingdao").user_id, house.actor("operator").user_id
    for user in (qingdao, operator, 10**9):
        assert jinan.get(f"/api/users/{user}").status_code == 404
        assert jinan.post(f"/api/users/{user}/disable", json={"version": 1, "reason": "x"}).status_code == 404
        assert jinan.post(f"/api/users/{user}/reset_password", json={"version": 1}).status_code == 404
        assert (
            jinan.patch(f"/api/users/{user}", json={"version": 1, "role": "union_leader"}).status_code == 404
        )
    made = {"name": "spy", "role": "operator"}
    assert jinan.post("/api/users", json=made).status_code == 403
    assert jinan.put("/api/posts/NONE", json={"holder_id": 1}).status_code == 404
