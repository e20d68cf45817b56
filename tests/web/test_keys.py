"""Secrets are made once, kept to the owner, and every use has its own."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hotline.keys import SECRET_FILE, load_keys


def test_the_first_start_makes_a_secret_that_only_the_owner_reads(tmp_path: Path) -> None:
    first = load_keys("", tmp_path / "data")
    path = tmp_path / "data" / SECRET_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first.master) >= 32
    assert load_keys("", tmp_path / "data") == first


def test_first_starts_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: load_keys("", tmp_path).master, range(8)))
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_a_given_secret_wins_and_writes_nothing(tmp_path: Path) -> None:
    keys = load_keys("x" * 32, tmp_path / "data")
    assert keys.master == b"x" * 32
    assert not (tmp_path / "data").exists()


def test_each_use_has_a_key_of_its_own(tmp_path: Path) -> None:
    keys = load_keys("", tmp_path)
    assert keys.derive("query-code") == keys.derive("query-code")
    assert keys.derive("query-code") != keys.derive("phone-key")
    assert len(keys.derive("phone-key")) == 32
