"""Twilio's own library in a real browser: loaded late, under our security policy, registered with our token."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jwt
from playwright.sync_api import Browser, WebSocketRoute, expect

from agent_console.console import STATIC
from tests.browser.people import Screen
from tests.browser.steps import go_ready
from tests.processes import running

SECRET = "d" * 32
ACCOUNT = {
    "HOTLINE_CARRIER": "twilio",
    "HOTLINE_TWILIO_ACCOUNT_SID": "AC" + "a" * 32,
    "HOTLINE_TWILIO_AUTH_TOKEN": "b" * 32,
    "HOTLINE_TWILIO_API_KEY_SID": "SK" + "c" * 32,
    "HOTLINE_TWILIO_API_KEY_SECRET": SECRET,
}
SIGNALLING = "wss://voice-js.roaming.twilio.com/signal"


class Signalling:
    """The carrier's end of the telephone's line, as far as registering goes; nothing leaves this machine."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.registered = False

    def take(self, line: WebSocketRoute) -> None:
        line.on_message(lambda text: self._hear(line, text))

    def _hear(self, line: WebSocketRoute, text: str | bytes) -> None:
        if not str(text).strip():
            line.send(str(text))
            return
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "listen":
            self.tokens.append(message["payload"]["token"])
            told = {"token": message["payload"]["token"], "region": "US_EAST_VIRGINIA", "edge": "ashburn"}
            line.send(json.dumps({"type": "connected", "version": "1.6", "payload": told}))
        elif message["type"] == "register":
            self.registered = True
            line.send(json.dumps({"type": "ready", "version": "1.6", "payload": {}}))


def test_an_operators_browser_registers_with_the_carrier(chromium: Browser, tmp_path: Path) -> None:
    assert (STATIC / "index.html").exists()
    signalling = Signalling()
    with running(tmp_path, more=ACCOUNT) as server:
        desk = Screen(chromium, server)
        desk.page.route_web_socket(SIGNALLING, signalling.take)
        scripts: list[str] = []
        desk.page.on("request", lambda request: scripts.append(request.url))
        operator = desk.sign_in("operator")
        expect(operator.get_by_test_id("workbench")).to_be_visible()
        assert not [url for url in scripts if "/assets/twilio" in url], "nobody needs it yet"
        go_ready(operator)
        operator.wait_for_timeout(200)
        for _ in range(600):
            if signalling.registered:
                break
            operator.wait_for_timeout(100)
        assert signalling.registered
        claims = jwt.decode(signalling.tokens[0], SECRET, algorithms=["HS256"])
        user = server.browser("operator").get("/api/session").json()["user"]
        assert claims["grants"]["identity"] == f"operator_{user['id']}"
        assert 0 < claims["exp"] - time.time() <= 600
        assert server.browser("operator").get("/phone").status_code == 404
        refused = [
            fault for fault in desk.faults if "Content Security Policy" in fault or "violates" in fault
        ]
        assert refused == []
        desk.close()
