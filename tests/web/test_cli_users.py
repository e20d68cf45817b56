"""`hotline users …`: accounts kept at the machine, in this process, on a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from dispatch.database import Database
from dispatch.models.history import Event
from dispatch.models.people import User
from hotline.cli_users import users_app
from hotline.migrations.metadata import metadata
from tests.builders import build_world


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    made = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    metadata.create_all(made.engine())
    build_world(made)
    made.dispose()
    return made


def users(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(users_app, list(words), input=given)


def test_accounts_are_shut_opened_and_given_a_password_at_the_machine(database: Database) -> None:
    listed = users("list", "--role", "union_leader")
    assert listed.output.split("\t")[:3] == ["jinan", "jinan", "工会负责人"]
    assert users("disable", "nobody", "--reason", "x").exit_code == 1
    assert "已停用“lixia”" in users("disable", "lixia", "--reason", "退休").output
    assert users("list", "--disabled").output.startswith("lixia\t")
    assert "已恢复“lixia”" in users("enable", "lixia").output
    assert users("reset", "lixia", "--password-stdin", given="short\n").exit_code == 1
    assert users("reset", "lixia", "--password-stdin", given="long enough 12\n").exit_code == 0
    with database.reading() as session:
        user = session.scalars(select(User).where(User.name == "lixia")).one()
        assert (user.password_temporary, user.disabled_at) == (True, None)
        assert user.password_hash.startswith("$argon2")
        kinds = session.scalars(
            select(Event.kind).where(Event.kind.startswith("User") | Event.kind.startswith("Password"))
        ).all()
    database.dispose()
    assert kinds == ["UserDisabled", "UserEnabled", "PasswordReset"]
