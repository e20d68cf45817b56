"""What the checker says about a flow: where, in which node, by which code, and why in a Chinese sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to publish a flow."""

    line: int
    node: str
    code: str
    reason: str
    """A Chinese sentence."""
    part: str = ""
    """The included file that the line is of; empty for the flow's own."""
