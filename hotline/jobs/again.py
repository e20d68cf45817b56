"""What a delivery says when it did not go out: try again after a while, wait for its turn, or never by itself."""

from __future__ import annotations

from datetime import timedelta


class Again(Exception):
    """Not now: try again after `after`; the reason is kept where a person sees it."""

    def __init__(self, reason: str, *, after: timedelta) -> None:
        super().__init__(reason)
        self.after = after


class OutOfTurn(Exception):
    """Something before it has not gone out yet: look again after `after`; this was no attempt."""

    def __init__(self, *, after: timedelta) -> None:
        super().__init__("out of turn")
        self.after = after


class GivenUp(Exception):
    """It will not go out by itself: a person decides. The message is the reason."""
