"""Text messages through the carrier."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.calls.outbound import OutboundPolicy
from hotline.carriers.base import Carrier
from hotline.channels.base import Address, ChannelError, Message


def receipts_url(public_url: str) -> str:
    """Return where the carrier says what became of a message."""
    return f"{public_url}/messages/status"


@dataclass(frozen=True, slots=True)
class SmsChannel:
    """The carrier's messages, to numbers that the outbound policy allows."""

    carrier: Carrier
    number: str
    outbound: OutboundPolicy
    receipts_url: str
    """Where the carrier says what became of a message."""

    def send(self, address: Address, message: Message) -> str | None:
        """Send one text message and return the carrier's id of it."""
        if not self.carrier.capabilities.sends_sms:
            raise ChannelError("this carrier sends no messages")
        refusal = self.outbound.why_refused(address.to)
        if refusal is not None:
            raise ChannelError(refusal)
        return self.carrier.send_sms(
            address.to, from_=self.number, body=message.text, status_callback=self.receipts_url
        )
