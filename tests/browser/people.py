"""People at their screens: each in a browser context of their own, with everything that went wrong there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.processes import Server

AXE = Path(__file__).parents[2] / "agent_console" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
TOUCH_PX = 44
"""docs/quality.md, "In a real browser", 9."""

SMALL_TARGETS = """least => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .map(each => /radio|checkbox/.test(each.type ?? '') ? each.closest('label') ?? each : each)
  .filter(each => each.checkVisibility() && !each.matches('.skip') && each.getBoundingClientRect().height > 1)
  .map(each => [each.getBoundingClientRect(), each.outerHTML.slice(0, 120)])
  .filter(([box]) => Math.round(box.height) < least || Math.round(box.width) < least)
  .map(([box, html]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""

SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll('body *')]
  .filter(each => each.scrollWidth > each.clientWidth + 1)
  .filter(each => each === document.documentElement || /auto|scroll/.test(getComputedStyle(each).overflowX))
  .map(each => `${each.tagName}.${each.className} ${each.scrollWidth} > ${each.clientWidth}`)"""

NOWHERE = "/nowhere"
"""An address without a page."""

FOCUSED = "document.activeElement?.closest('[data-test]')?.dataset.test ?? ''"


class Screen:
    """One person's page; `faults` holds what the page itself complained of."""

    def __init__(
        self,
        browser: Browser,
        server: Server,
        *,
        width: int = 1366,
        height: int = 768,
        language: str = "zh-CN",
    ) -> None:
        self.server = server
        self.account: str | None = None
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="UTC"
        )
        self.context.add_init_script(f"localStorage.setItem('hotline.language', '{language}')")
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)

    def sign_in(self, account: str, *, at: str = "/") -> Page:
        """Sign in as a demonstration account and return the page."""
        page = self.page
        page.goto(self.server.url + at)
        page.get_by_test_id("sign-in-name").fill(account)
        page.get_by_test_id("sign-in-password").fill(self.server.password(account))
        page.get_by_test_id("sign-in-submit").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        self.account = account
        return page

    def go_to(self, path: str) -> Page:
        """Open a page of the console by its address."""
        self.page.goto(self.server.url + path)
        return self.page

    def unreadable(self) -> list[str]:
        """Return the serious faults that axe finds on the page as it is now."""
        # Evaluated by the debugger, not by the page: its content security policy stays in force.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("axe.run()")
        return [
            f"{each['id']}: {node['html'][:120]}"
            for each in found["violations"]
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]

    def sideways(self) -> list[str]:
        """Return what would have to be scrolled sideways to be read."""
        found: list[str] = self.page.evaluate(SIDEWAYS)
        return found

    def small_targets(self) -> list[str]:
        """Return what a thumb would miss: controls under 44 px, a box to tick counted with its label."""
        found: list[str] = self.page.evaluate(SMALL_TARGETS, TOUCH_PX)
        return found

    def focused(self) -> str:
        """Return the test name of what has the keyboard's focus, or of what surrounds it."""
        name: str = self.page.evaluate(FOCUSED)
        return name

    def tab_to(self, name: str, *, presses: int = 40) -> None:
        """Press Tab until the focus is there."""
        for _ in range(presses):
            self.page.keyboard.press("Tab")
            if self.focused() == name:
                return
        raise AssertionError(f"Tab does not reach {name}; the focus is at {self.focused()}")

    def close(self) -> None:
        self.context.close()

    def _heard(self, said: ConsoleMessage) -> None:
        # Whoever is not signed in asks who he is and is told 401; browsers write that into the console by themselves.
        unknown_yet = said.location["url"].endswith("/api/session") and "401" in said.text
        # An address that nobody has is answered 404, which browsers write there too.
        nowhere = said.location["url"].endswith(NOWHERE) and "404" in said.text
        # So is a file that no ticket takes.
        refused = said.location["url"].endswith("/attachments") and "422" in said.text
        # So is whoever opens a ticket that he may not see, or writes on top of what another has just changed.
        ticket = "/api/tickets/" in said.location["url"] and ("404" in said.text or "409" in said.text)
        # So is whoever has opened no ticket and begun no form, and who mistypes a number or a code.
        url, public = said.location["url"], ("401", "403", "404", "422", "429")
        stranger = "/api/public/" in url and any(f"status of {code}" in said.text for code in public)
        if said.type == "error" and not (unknown_yet or nowhere or refused or ticket or stranger):
            self.faults.append(f"{said.text} ({said.location['url']})")
