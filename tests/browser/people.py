"""People at their screens: each in a browser context of their own, with everything that went wrong there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.processes import Server

AXE = Path(__file__).parents[2] / "agent_console" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")


class Screen:
    """One person's page; `faults` holds what the page itself complained of."""

    def __init__(self, browser: Browser, server: Server, *, width: int = 1366, height: int = 768) -> None:
        self.server = server
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="UTC"
        )
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console", lambda said: self.faults.append(said.text) if "Content Security" in said.text else None
        )

    def sign_in(self, account: str, *, at: str = "/") -> Page:
        """Sign in as a demonstration account and return the page."""
        page = self.page
        page.goto(self.server.url + at)
        page.get_by_test_id("sign-in-name").fill(account)
        page.get_by_test_id("sign-in-password").fill(self.server.password(account))
        page.get_by_test_id("sign-in-submit").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

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

    def scrolls_sideways(self) -> bool:
        """Return whether the page is wider than the screen."""
        width = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return int(width) > 0

    def close(self) -> None:
        self.context.close()
