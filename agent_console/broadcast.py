"""Tells many sockets one thing: encoded once, and handed to each without a task of its own."""

from __future__ import annotations

from typing import Any, Final

import socketio
from engineio import packet as engine

MESSAGE: Final = engine.MESSAGE


class _Encoded(engine.Packet):  # type: ignore[misc]  # it ships no types
    """A packet whose text is made once, however many sockets send it."""

    def __init__(self, text: str) -> None:
        super().__init__(MESSAGE, text)
        self._text: Final = super().encode()

    def encode(self, *_: object, **__: object) -> Any:
        """Return the text; facts are never binary, so that polling and websockets send the same."""
        return self._text


class Broadcast(socketio.AsyncManager):  # type: ignore[misc]  # the same
    """Socket.IO's own manager, but for what is said to rooms without waiting for answers."""

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **more: Any,
    ) -> None:
        """Queue one event for every socket of the rooms; the writer of each sends it when its client takes it."""
        rooms = to or room
        if callback is not None:
            await super().emit(event, data, namespace, rooms, skip_sid, callback, **more)
            return
        if namespace not in self.rooms:
            return
        skipped = {skip_sid} if skip_sid is None or isinstance(skip_sid, str) else set(skip_sid)
        said = [event, *data] if isinstance(data, tuple) else [event] if data is None else [event, data]
        encoded = self.server.packet_class(socketio.packet.EVENT, namespace=namespace, data=said).encode()
        packets = [_Encoded(text) for text in (encoded if isinstance(encoded, list) else [encoded])]
        sockets = self.server.eio.sockets
        for sid, engine_sid in self.get_participants(namespace, rooms):
            socket = sockets.get(engine_sid)
            if sid in skipped or socket is None or socket.closed:
                continue
            for packet in packets:
                socket.queue.put_nowait(packet)
