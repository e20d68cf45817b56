"""A partner's own server: takes Standard Webhooks, checks their signatures, and may be told to refuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook


@dataclass
class Receiver:
    """What has come, and what is answered next."""

    url: str = ""
    secrets: list[str] = field(default_factory=list)
    refuse_with: list[int] = field(default_factory=list)
    """Statuses for the next requests, before 200 again."""
    taken: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    refused: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [each["type"] for each in self.taken]

    def last(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in reversed(self.taken) if each["type"] == kind)["data"]
        return found

    def is_signed(self, headers: Any, body: bytes) -> bool:
        uid, at = headers["webhook-id"], datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        given = headers["webhook-signature"].split(" ")
        return any(Webhook(secret).sign(uid, at, body.decode()) in given for secret in self.secrets)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve until the context ends."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.raw.append(body.decode())
            status = state.refuse_with.pop(0) if state.refuse_with else 200
            if status == 200 and not state.is_signed(self.headers, body):
                status = 401
            if status == 200:
                state.taken.append(json.loads(body))
                state.ids.append(self.headers["webhook-id"])
            else:
                state.refused += 1
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", f"{state.url}/a")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = state.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
