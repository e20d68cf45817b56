"""The synthetic call's two ends at our doors: the calling end sends keys, the answering end must hear them."""

from __future__ import annotations

from dataclasses import dataclass

from twilio.twiml.voice_response import Gather, VoiceResponse

from dispatch.unit_of_work import unit_of_work
from hotline.calls import probes
from hotline.calls.probe_models import LineProbe
from hotline.services import Services
from hotline.voice.twiml import OVERRIDES, hang_up_document

WAIT_S = 20
FAILED = {"busy": "忙", "failed": "失败", "no-answer": "无人接听", "canceled": "取消"}


@dataclass(frozen=True, slots=True)
class ProbeAddresses:
    """Our own URLs of one synthetic call, as the carrier must call them."""

    public_url: str

    def calling(self, probe_id: int) -> str:
        return f"{self.public_url}/voice/probe/{probe_id}{OVERRIDES}"

    def heard(self, probe_id: int) -> str:
        return f"{self.public_url}/voice/probe/{probe_id}/heard{OVERRIDES}"

    def status(self, probe_id: int) -> str:
        return f"{self.public_url}/voice/probe/{probe_id}/status{OVERRIDES}"


def answering_document(probe_id: int, addresses: ProbeAddresses) -> str:
    """Wait for the keys of the calling end."""
    response = VoiceResponse()
    response.append(
        Gather(
            action=addresses.heard(probe_id),
            method="POST",
            input="dtmf",
            num_digits=probes.DIGITS,
            finish_on_key="",
            timeout=WAIT_S,
        )
    )
    response.hangup()
    return str(response)


def calling_document(code: str) -> str:
    """Send the keys once the other end listens, and give them time to arrive."""
    response = VoiceResponse()
    response.pause(length=1)
    response.play(digits=f"ww{code}")
    response.pause(length=3)
    response.hangup()
    return str(response)


def answer_probe(services: Services, *, to: str, sid: str) -> str | None:
    """Return what our own synthetic call is to hear; None where none is under way to this number."""
    with unit_of_work(services.database, publish=services.publish, purpose="webhook") as session:
        probe = probes.answered(session, to, sid, within=services.probe.within, now=services.now())
        if probe is None:
            return None
        return answering_document(probe.id, ProbeAddresses(services.public_url))


def is_probe(services: Services, sid: str) -> bool:
    """Whether a status report is of a synthetic call, which is no caller's."""
    with services.database.reading("webhook") as session:
        return probes.is_probe(session, sid)


def keys_of(services: Services, probe_id: int) -> str:
    """Return what the calling end sends."""
    with services.database.reading("webhook") as session:
        probe = session.get(LineProbe, probe_id)
        return calling_document(probe.code) if probe is not None else hang_up_document()


def take_heard(services: Services, probe_id: int, *, sid: str, keys: str) -> None:
    """Take in what the answering end heard."""
    with unit_of_work(services.database, publish=services.publish, purpose="webhook") as session:
        probes.heard(session, probe_id, sid, keys, now=services.now())


def take_status(services: Services, probe_id: int, status: str) -> None:
    """A synthetic call that nobody took has failed at once."""
    if status not in FAILED:
        return
    with unit_of_work(services.database, publish=services.publish, purpose="webhook") as session:
        probes.fail(session, probe_id, f"呼叫结果：{FAILED[status]}", now=services.now())
