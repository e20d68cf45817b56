"""What is in force in this process: the files, with the newest published text of each document in its place."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

import structlog
from sqlalchemy.orm import Session

from dispatch import calendars, configuration
from dispatch.policy import Policy
from hotline.configuration.build import Built, Files, build
from hotline.configuration.documents import ConfigRefused
from ivr_flows.model import Flow

FLOWS_KEPT: Final = 32
"""Versions of flows that calls under way may still be in."""

logger = structlog.get_logger(__name__)


class Configuration:
    """Shared by every thread of a process; `refresh` takes over what was published meanwhile."""

    def __init__(self, files: Files) -> None:
        self.files: Final = files
        self._refreshing = threading.Lock()
        self._built = files.built
        self._texts: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._refused: dict[str, int] = {}
        self._flows: dict[tuple[str, str], Flow] = {}
        self._remember(files.built.flows)

    @property
    def built(self) -> Built:
        """What is in force now."""
        return self._built

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self._built.policy

    @property
    def texts(self) -> Mapping[str, str]:
        """The published texts in force, by document; what is not here is as its file has it."""
        return self._texts

    @property
    def numbers(self) -> Mapping[str, int]:
        """The number of each published version in force here."""
        return self._numbers

    def flow(self, flow_id: str, version: str) -> Flow | None:
        """Return the flow in the version that a call began with, where this process has known it, else today's."""
        return self._flows.get((flow_id, version)) or self._built.flows.get(flow_id)

    def refresh(self, session: Session) -> bool:
        """Take over newer versions and days; return whether there were any."""
        numbers = configuration.numbers_in_force(session)
        changed = False
        if numbers != self._numbers and numbers != self._refused:
            with self._refreshing:
                changed = self._take(session)
        return calendars.refresh(session, self._built.policy) or changed

    def _take(self, session: Session) -> bool:
        versions = configuration.in_force(session)
        numbers = {document: each.number for document, each in versions.items()}
        if numbers == self._numbers:
            return False
        texts = {document: each.text for document, each in versions.items()}
        try:
            built = build(self.files, texts)
        except ConfigRefused as refused:
            # A loader grew stricter since it was published: what was in force stays, and the check says it.
            logger.exception("a published version cannot be read", findings=str(refused))
            self._refused = numbers
            return False
        # Days that were changed one by one count before anybody sees the calendars.
        calendars.refresh(session, built.policy)
        self._remember(built.flows)
        self._built, self._texts, self._numbers, self._refused = built, texts, numbers, {}
        return True

    def _remember(self, flows: Mapping[str, Flow]) -> None:
        for flow in flows.values():
            self._flows[(flow.id, flow.version[:32])] = flow
        for oldest in list(self._flows)[:-FLOWS_KEPT]:
            del self._flows[oldest]
