"""Every address of the browser's router is one that the server answers with the page, so that a reload finds it."""

from __future__ import annotations

import re

from agent_console.pages import SCREENS
from tests.browser.people import AXE

ROUTER = AXE.parents[2] / "src" / "router.ts"
PATH = re.compile(r"path: '([^']*)'")
OPTIONAL = re.compile(r"/:(\w+)\?")


def addresses(path: str) -> set[str]:
    """Return what a router's path stands for, optional parts left out one after the other."""
    absolute = path if path.startswith("/") else f"/{path}"
    found = {re.sub(r":(\w+)\??", r"{\1}", absolute)}
    while OPTIONAL.search(absolute):
        absolute = absolute[: [*OPTIONAL.finditer(absolute)][-1].start()]
        found.add(re.sub(r":(\w+)\??", r"{\1}", absolute))
    return found


def test_the_server_knows_every_page_of_the_router() -> None:
    paths = [path for path in PATH.findall(ROUTER.read_text(encoding="utf-8")) if "(.*)" not in path]
    known = {each for path in paths for each in addresses(path)}
    # The test phone is there only with the sandbox.
    assert known - {"/phone"} == set(SCREENS)
