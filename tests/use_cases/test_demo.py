"""The demonstration loads once, with random passwords that only its owner can read."""

from __future__ import annotations

import stat
from pathlib import Path

from pwdlib import PasswordHash
from sqlalchemy import func, select

from dispatch.database import Database
from dispatch.models.people import User
from dispatch.models.unions import Employer, Union, UnionClosure
from hotline.demo import ACCOUNTS, ACCOUNTS_FILE, load_demo, read_accounts
from tests.builders import NOW


def test_the_demonstration_loads_once_with_its_tree_and_accounts(database: Database, tmp_path: Path) -> None:
    assert load_demo(database, data_dir=tmp_path, now=NOW)
    accounts = read_accounts(tmp_path)
    assert [name for name, _, _ in accounts] == list(ACCOUNTS)
    assert len({password for _, password, _ in accounts}) == len(accounts)
    assert stat.S_IMODE((tmp_path / ACCOUNTS_FILE).stat().st_mode) == 0o600
    assert not load_demo(database, data_dir=tmp_path, now=NOW)
    assert read_accounts(tmp_path) == accounts
    with database.reading() as session:
        operator = session.scalars(select(User).where(User.name == "operator")).one()
        assert PasswordHash.recommended().verify(
            {n: p for n, p, _ in accounts}["operator"], operator.password_hash
        )
        cities = session.scalar(select(func.count()).where(Union.level == "city"))
        assert cities == 16
        assert session.scalar(select(func.count()).select_from(Employer))
        lixia = session.scalars(select(Union).where(Union.code == "370102")).one()
        above = session.scalars(
            select(UnionClosure.ancestor_id).where(UnionClosure.descendant_id == lixia.id)
        ).all()
        assert set(above) == set(lixia.ancestor_ids())
        assert len(lixia.ancestor_ids()) == 3
        # 市辖区 is a prefix of codes, never a union.
        assert session.scalar(select(func.count()).where(Union.name.contains("市辖区"))) == 0
