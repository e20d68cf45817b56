"""Fills an empty database for a demonstration: Shandong's regions and unions, plain employers, accounts named by post."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from pwdlib import PasswordHash
from sqlalchemy import func, select

from config.load import read_csv
from config.settings import SHIPPED_CONFIG
from dispatch.database import Database
from dispatch.employers import import_employers
from dispatch.events import By
from dispatch.models.people import User
from dispatch.models.unions import Union
from dispatch.regions import COLUMNS as REGION_COLUMNS
from dispatch.regions import bring_regions
from dispatch.rules.roles import Role
from dispatch.unions import import_unions
from hotline.first_articles import load_articles

ACCOUNTS_FILE: Final = "demo-accounts.txt"

ACCOUNTS: Final[Mapping[str, tuple[str, Role, str | None]]] = {
    "operator": ("话务员1001", Role.OPERATOR, None),
    "operator2": ("话务员1002", Role.OPERATOR, None),
    "callback": ("回访员", Role.CALLBACK_OPERATOR, None),
    "dispatcher": ("派单员", Role.DISPATCHER, None),
    "supervisor": ("值班长", Role.SUPERVISOR, None),
    "shandong": ("省总经办", Role.UNION_HANDLER, "37"),
    "jinan": ("济南市总负责人", Role.UNION_LEADER, "3701"),
    "jinan-lixia": ("历下区总A岗", Role.UNION_HANDLER, "370102"),
    "jinan-lixia-b": ("历下区总B岗", Role.UNION_HANDLER, "370102"),
    "jinan-shizhong": ("市中区总A岗", Role.UNION_HANDLER, "370103"),
    "qingdao": ("青岛市总经办", Role.UNION_HANDLER, "3702"),
    "jinan-admin": ("济南市总管理员", Role.UNION_ADMINISTRATOR, "3701"),
    "administrator": ("系统管理员", Role.ADMINISTRATOR, None),
    "inspector": ("质检员", Role.INSPECTOR, None),
}
"""Account → name on the screen, role, union code."""

PHONES: Mapping[str, str] = {"jinan-lixia": "+8613800000061", "jinan-lixia-b": "+8613800000062"}
"""Numbers at which the test phone can be one of the cadres: messages, calls about urgent tickets, relay calls."""


def load_demo(database: Database, *, data_dir: Path, now: datetime) -> bool:
    """Load the demonstration into a database without unions; return whether anything was loaded.

    Passwords are random and kept in `data_dir` (mode 0600); they are never printed to a log.
    """
    with database.reading() as session:
        if session.scalar(select(func.count()).select_from(Union)):
            return False
    # Hashing takes a tenth of a second each: before the transaction, not inside it.
    passwords = {name: secrets.token_urlsafe(9) for name in ACCOUNTS}
    hasher = PasswordHash.recommended()
    hashes = {name: hasher.hash(password) for name, password in passwords.items()}
    regions = read_csv(SHIPPED_CONFIG / "regions.csv", REGION_COLUMNS)
    demo = SHIPPED_CONFIG / "demo"
    unions_csv, employers_csv = (demo / "unions.csv").read_bytes(), (demo / "employers.csv").read_bytes()
    write_accounts(data_dir, passwords)
    with database.writing() as session:
        bring_regions(session, (row.values for row in regions))
        import_unions(session, unions_csv, by=By("machine"), now=now)
        import_employers(session, employers_csv, now=now)
        load_articles(session, now=now)
        unions = dict(session.execute(select(Union.code, Union.id)).all())
        for number, (name, (shown, role, union)) in enumerate(ACCOUNTS.items(), start=1001):
            session.add(
                User(
                    name=name,
                    display_name=shown,
                    password_hash=hashes[name],
                    role=role.value,
                    union_id=unions[union] if union is not None else None,
                    extension=str(number),
                    phone=PHONES.get(name),
                    skills=["rights", "legal", "mutual_aid", "counselling"] if role is Role.OPERATOR else [],
                    created_at=now,
                )
            )
    return True


def write_accounts(data_dir: Path, passwords: Mapping[str, str]) -> None:
    """Keep the demonstration passwords where only the owner reads them."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / ACCOUNTS_FILE
    lines = [f"{name}\t{password}\t{ACCOUNTS[name][0]}" for name, password in passwords.items()]
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123  # the mode must be right from the start
        file.write("\n".join(lines) + "\n")


def read_accounts(data_dir: Path) -> list[tuple[str, str, str]]:
    """Return (account, password, name on the screen) of the demonstration; empty where there is none."""
    path = data_dir / ACCOUNTS_FILE
    if not path.exists():
        return []
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3]
