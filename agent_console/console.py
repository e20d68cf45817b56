"""What the console's own code shares within one process, and how a request finds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.requests import HTTPConnection

from agent_console.passwords import Passwords
from agent_console.slow_reads import SlowReads
from hotline.services import Services

STATIC: Final = Path(__file__).parent / "static"
"""The built pages; made by agent_console/web/build_hook.py."""


@dataclass(frozen=True, slots=True)
class Console:
    """The programme's services, and what only the screens need."""

    services: Services
    passwords: Passwords = field(default_factory=Passwords)
    sandbox: bool = False
    """Whether the test phone is there."""
    static: Path = STATIC
    slow_reads: SlowReads = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slow_reads", SlowReads(self.services.database))

    @property
    def over_tls(self) -> bool:
        """Whether browsers come by https, so that cookies may insist on it."""
        return self.services.public_url.startswith("https://")


def console_of(connection: HTTPConnection) -> Console:
    """Return the console that this request has come to."""
    found: Console = connection.app.state.console
    return found
