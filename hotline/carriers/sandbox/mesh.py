"""Who carries whose voice: browsers of one conversation send it to each other; the exchange only says to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hotline.carriers.sandbox.conferences import Conference

MOST: Final = 4
"""Telephones with sound in one conversation; whoever comes later reads the captions."""


def tell(conference: Conference, tell: Callable[..., None]) -> None:
    """Tell each telephone of its peers, where anything has changed for it.

    `send`: its voice may reach that peer. `offers`: it begins the connection. Hold, mute and whisper are nothing but
    a voice that is not sent.
    """
    members = list(conference.members.values())[:MOST]
    for member in members:
        peers = [
            {
                "id": other.leg.sid,
                "who": other.leg.who,
                "send": conference.reaches(member, other),
                "offers": member.leg.sid < other.leg.sid,
            }
            for other in members
            if other is not member
        ]
        if peers != member.leg.peers:
            member.leg.peers = peers
            tell(member.leg, "media", peers=peers)
