"""The web process of the push benchmark: the whole programme, and beside it the least that a broadcast can be.

Started as `python -m tests.bench.pushing DATA_DIR PORT`. Every message carries the monotonic nanosecond at which it
was handed over; Linux gives all processes the same.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from config.settings import Settings
from dispatch.unit_of_work import Fact
from hotline.app import build
from hotline.running import allow_many_files, uvicorn_config
from hotline.services import Services
from hotline.wiring import now

BARE = "/bench/bare"
KINDS = {"line": ("line", "centre"), "ticket": ("ticket", "centre")}


class Bench:
    """Answers `/bench/...` itself and passes everything else on."""

    def __init__(self, services: Services, asgi: ASGIApp) -> None:
        self._services, self._asgi = services, asgi
        self._bare: set[WebSocket] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "websocket" and path == BARE:
            await self._keep(WebSocket(scope, receive, send))
        elif scope["type"] == "http" and path.startswith("/bench/push/"):
            await self._push(*path.removeprefix("/bench/push/").split("/"))
            await Response(status_code=204)(scope, receive, send)
        else:
            await self._asgi(scope, receive, send)

    async def _keep(self, socket: WebSocket) -> None:
        await socket.accept()
        self._bare.add(socket)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            self._bare.discard(socket)

    async def _push(self, kind: str, ident: str = "") -> None:
        moment = time.monotonic_ns()
        if kind == "bare":
            fact = {"kind": "line", "id": "line", "version": moment, "at": now().isoformat()}
            text = "42" + json.dumps(["fact", fact])
            for socket in list(self._bare):
                await socket.send_text(text)
            return
        what, room = KINDS[kind]
        # From a thread, as every command does.
        fact_of = Fact(what, ident or "line", moment, now(), (room,))
        await asyncio.to_thread(self._services.publish, [fact_of])


def main(data_dir: str, port: str) -> None:
    """Serve until told to stop."""
    allow_many_files()
    settings = Settings(data_dir=Path(data_dir), port=int(port))
    programme = build(settings, deliver=False, clock=False)
    uvicorn.Server(uvicorn_config(settings, Bench(programme.services, programme.asgi))).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
