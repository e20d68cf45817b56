"""A real browser: Debian's Chromium, driven by Playwright, against a running programme."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from agent_console.console import STATIC
from tests.browser.people import Screen
from tests.browser.steps import PATIENCE_MS
from tests.processes import Server, eventually, running

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that beeps once a second; who may use it is each story's own matter.
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
]
SPEED = 4.0
"""Telephones faster than people, but slow enough for a busy machine to press a key in time."""


class SitDown(Protocol):
    def __call__(self, *, width: int = 1366, height: int = 768, language: str = "zh-CN") -> Screen: ...


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # Its driver holds this thread's event loop: it ends with the package, before other tests want theirs.
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: apt-get install chromium fonts-wqy-zenhei")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not (STATIC / "index.html").exists():
        pytest.skip("the console is not built: make console")
    data_dir: Path = tmp_path_factory.mktemp("browser")
    with running(data_dir, speed=SPEED) as server:
        yield server


@pytest.fixture
def sit_down(chromium: Browser, served: Server) -> Iterator[SitDown]:
    """Give people screens. Afterwards no page has complained, and nobody is left at a desk for the next story."""
    screens: list[Screen] = []

    def sit_down(*, width: int = 1366, height: int = 768, language: str = "zh-CN") -> Screen:
        screens.append(Screen(chromium, served, width=width, height=height, language=language))
        return screens[-1]

    yield sit_down
    for screen in screens:
        screen.close()
    present = {screen.account for screen in screens}
    for account in ("operator", "operator2", "supervisor"):
        if account in present:
            leave_desk(served, account)
    assert [fault for screen in screens for fault in screen.faults] == []


def leave_desk(server: Server, account: str) -> None:
    browser = server.browser(account)
    eventually(
        lambda: browser.put("/api/presence", json={"state": "offline"}).status_code == 200,
        f"{account} should be able to go home",
    )
