"""Real listening servers of the other side: a mail server that speaks SMTP, and robots of WeCom and DingTalk."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class MailServer:
    """One mail server; `answers` are given to RCPT and to the end of DATA, `hang_up` closes without a word."""

    port: int = 0
    received: list[Message] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    rcpt: str = "250 ok"
    data: str | None = "250 kept"
    """None: the connection is closed after the message has come, and nobody knows what became of it."""


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: MailServer = self.server.office  # type: ignore[attr-defined]  # set below
        self._say("220 post.test")
        while line := self.rfile.readline():
            word = line.decode("ascii", "replace").strip().upper()
            if word.startswith(("EHLO", "HELO")):
                self._say("250 post.test")
            elif word.startswith("MAIL FROM"):
                self._say("250 ok")
            elif word.startswith("RCPT TO"):
                server.to.append(line.decode().partition("<")[2].partition(">")[0])
                self._say(server.rcpt)
            elif word == "DATA":
                self._say("354 go on")
                taken = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    taken += part[1:] if part.startswith(b"..") else part
                if server.data is None:
                    return
                if server.data.startswith("250"):
                    server.received.append(message_from_bytes(taken, policy=default))
                self._say(server.data)
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serve mail on a free port of this machine until the context ends."""
    office = MailServer()
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.daemon_threads = True
        server.office = office  # type: ignore[attr-defined]  # what the handler reads
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield office
        server.shutdown()
        thread.join()


@dataclass
class RobotServer:
    """Both makers' robots; `answer` is what they say, a number is a bare HTTP status, None hangs up."""

    url: str = ""
    secret: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] | int | None = field(default_factory=lambda: {"errcode": 0, "errmsg": "ok"})

    @property
    def texts(self) -> list[str]:
        return [str(each["text"]["content"]) for each in self.received]


class _Robot(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        office: RobotServer = self.server.office  # type: ignore[attr-defined]  # set below
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        query = parse_qs(urlsplit(self.path).query)
        if office.answer is None:
            self.close_connection = True
            return
        if isinstance(office.answer, int):
            self.send_response(office.answer)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        answer = office.answer
        if office.secret and not _signed(query, office.secret):
            answer = {"errcode": 310000, "errmsg": "sign not match"}
        elif answer["errcode"] == 0:
            office.received.append(body)
        said = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Say nothing on the console."""


def _signed(query: dict[str, list[str]], secret: str) -> bool:
    stamp = query.get("timestamp", [""])[0]
    wanted = base64.b64encode(
        hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    )
    return stamp.isdecimal() and query.get("sign", [""])[0] == wanted.decode()


@contextmanager
def robot_server() -> Iterator[RobotServer]:
    """Serve robots on a free port of this machine until the context ends."""
    office = RobotServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Robot)
    server.daemon_threads = True
    server.office = office  # type: ignore[attr-defined]  # what the handler reads
    office.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield office
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
