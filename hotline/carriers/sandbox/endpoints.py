"""The ends of a line: test handsets with a number, and operators' registered browser telephones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotline.carriers.sandbox.legs import Leg

Event = dict[str, Any]
Listener = Callable[[Event], None]


class Endpoint:
    """One telephone: a handset (`+86…`) or one registered tab of a device (`client:NAME`)."""

    def __init__(self, address: str, listener: Listener, *, auto_answer: bool = False) -> None:
        self.address = address
        self.auto_answer = auto_answer
        self.leg: Leg | None = None
        self.incoming: list[Leg] = []
        self.muted = False
        self.is_machine = False
        self._listener = listener

    @property
    def is_device(self) -> bool:
        return self.address.startswith("client:")

    def tell(self, event: str, at: str, **details: Any) -> None:
        """Show one event to whoever holds this telephone."""
        self._listener({"event": event, "at": at, **details})


class Switchboard:
    """Which telephones can be rung at which address."""

    def __init__(self) -> None:
        self._plugged: dict[str, list[Endpoint]] = {}

    def plug_in(self, endpoint: Endpoint) -> None:
        """Make this telephone ring for calls to its address; a device may have several tabs."""
        self._plugged.setdefault(endpoint.address, []).append(endpoint)

    def unplug(self, endpoint: Endpoint) -> None:
        plugged = self._plugged.get(endpoint.address, [])
        if endpoint in plugged:
            plugged.remove(endpoint)
        if not plugged:
            self._plugged.pop(endpoint.address, None)

    def at(self, address: str) -> tuple[Endpoint, ...]:
        return tuple(self._plugged.get(address, ()))
