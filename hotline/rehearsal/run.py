"""Runs a rehearsal's filling with the settings in force, and keeps the one password of its accounts."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pwdlib import PasswordHash

from config.load import read_csv
from config.settings import SHIPPED_CONFIG, Settings
from dispatch.regions import COLUMNS as REGION_COLUMNS
from hotline.migrations.run import migrate
from hotline.rehearsal.seed import NotEmpty, Seeded, seed_database
from hotline.wiring import database_of, keys_of, now, policy_of

__all__ = ["LEAST_UNIONS", "PASSWORD_FILE", "NotEmpty", "rehearse"]

LEAST_UNIONS: Final = 5_300
"""The administrative divisions have a union each, some five thousand two hundred."""
PASSWORD_FILE: Final = "rehearsal-password.txt"  # noqa: S105  # a file's name


def rehearse(
    settings: Settings, *, unions: int, tickets: int, say: Callable[[str], None]
) -> tuple[Seeded, Path]:
    """Fill the empty database of these settings; return what was written and where the password lies.

    Raises NotEmpty. Each account, `operator1` or `370102a`, has the same random password.
    """
    password = secrets.token_urlsafe(12)
    database = database_of(settings)
    try:
        migrate(database)
        done = seed_database(
            database,
            unions=unions,
            tickets=tickets,
            regions=[row.values for row in read_csv(SHIPPED_CONFIG / "regions.csv", REGION_COLUMNS)],
            policy=policy_of(settings, keys_of(settings)),
            now=now(),
            password_hash=PasswordHash.recommended().hash(password),
            say=say,
        )
    finally:
        database.dispose()
    path = settings.data_dir / PASSWORD_FILE
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123  # the mode must be right from the start
        file.write(password + "\n")
    return done, path
