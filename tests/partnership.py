"""A running house with partners: each with its client, and with a server of its own where it is told things."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from dispatch.events import By
from dispatch.partners import PartnerDetails, add_partner, set_secret
from dispatch.rules.partner_terms import PartnerKind, Speaks
from hotline.jobs.loop import Deliveries
from hotline.services import Services
from tests.partner_client import PartnerClient
from tests.partner_receiver import Receiver
from tests.web.house import House

MACHINE = By("machine")
LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass(frozen=True)
class Partnership:
    """The house, and what it sends out when the test says so."""

    house: House

    @property
    def services(self) -> Services:
        """The house's own, allowed to speak to this machine."""
        services = self.house.services
        return replace(services, partners=replace(services.partners, allowed_networks=LOOPBACK))

    def add(
        self,
        code: str,
        kind: PartnerKind = PartnerKind.LINE_12345,
        *,
        receiver: Receiver | None = None,
        **more: Any,
    ) -> PartnerClient:
        """Add a partner and return its client."""
        services, now = self.services, self.house.clock()
        details = PartnerDetails(code=code, name=f"协作{code}", kind=kind, **more)
        if receiver is not None:
            details = replace(details, speaks=Speaks.EVENTS, endpoint=f"{receiver.url}/hook")
        with self.house.database.writing() as session:
            partner = add_partner(session, details, by=MACHINE, now=now)
            secret, ours = (
                set_secret(
                    session, partner, use, key=services.partner_key, by=MACHINE, now=now, overlap=timedelta()
                )
                for use in ("inbound", "outbound")
            )
        if receiver is not None:
            receiver.secrets.append(ours)
        return PartnerClient.at(self.house.browser(), code, secret, self.house.clock)

    def deliver(self) -> int:
        """Carry out what is due now."""
        return Deliveries(self.services, queues=("slow",)).run_once()

    def people(self, browser: Any) -> dict[str, int]:
        """Return a handler and a deputy as the browser's union has them."""
        ids = [each["id"] for each in browser.get("/api/users").json()]
        return {"handler_id": ids[0], "deputy_id": ids[1]}
