"""Our top-level names are generic: make sure that the packages which load are ours."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["hotline", "ivr_flows", "dispatch", "agent_console", "config"])
def test_the_package_that_loads_is_ours(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve() == ROOT / name / "__init__.py"


def test_the_python_lock_names_no_host() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_console_lock_names_no_place_to_fetch_from() -> None:
    lock = json.loads((ROOT / "agent_console/web/package-lock.json").read_text(encoding="utf-8"))
    assert len(lock["packages"]) > 50
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_every_pinned_package_has_a_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = [entry for entry in text.replace("\\\n", " ").splitlines() if "==" in entry]
    assert len(pins) > 50
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []
