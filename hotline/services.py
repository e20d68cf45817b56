"""What a caller's turn, a command and a job need to do their work; built once in `hotline.wiring`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatch.database import Database
from dispatch.policy import Policy
from dispatch.rules.articles import KnowledgePolicy
from dispatch.rules.file_links import FileLinks
from dispatch.rules.notice_policy import NoticePolicy
from dispatch.rules.partner_policy import PartnerPolicy
from dispatch.rules.score_sheets import QualityPolicy
from dispatch.unit_of_work import Publish
from dispatch.vault import Vault
from hotline.calls.called_numbers import CalledNumbers
from hotline.calls.keeping import KeyRing
from hotline.calls.outbound import OutboundPolicy
from hotline.calls.probes import ProbePolicy
from hotline.calls.recording_policy import RecordingPolicy
from hotline.calls.retention import RetentionPolicy
from hotline.calls.talk_policy import TalkPolicy
from hotline.carriers.base import Carrier
from hotline.channels.base import Channel
from hotline.configuration.live import Configuration
from hotline.line.follow_ups import FollowUpPolicy
from hotline.line.lines import Lines
from hotline.public.policy import PublicPolicy
from hotline.voice.service_policy import Messages, Readings, ServicePolicy
from hotline.voice.voices import Voices
from ivr_flows.model import Flow


@dataclass(frozen=True, slots=True)
class Services:
    """The programme's moving parts, passed as one argument."""

    database: Database
    carrier: Carrier
    configuration: Configuration
    """What an administrator decided, in the newest published versions: policy, flows, texts."""
    lines: Lines
    publish: Publish
    wake: Callable[[], None]
    """Look at the outbox now."""
    now: Callable[[], datetime]
    public_url: str
    """Without a trailing slash; what signatures cover and carriers call."""
    webhook_secret: str
    """The key of webhook signatures (the carrier account's auth token)."""
    numbers: tuple[str, ...]
    """The centre's own; the first is shown on outbound calls."""
    data_dir: Path
    recording_keys: KeyRing
    """Recordings lie on the disk sealed under the current one."""
    retention: RetentionPolicy
    recording: RecordingPolicy
    audit_key: bytes
    """32 bytes; the clock signs the history with it."""
    vault: Vault
    """Where files on tickets lie."""
    voices: Voices
    service: ServicePolicy
    outbound: OutboundPolicy
    follow_up: FollowUpPolicy
    public: PublicPolicy
    notices: NoticePolicy
    channels: Mapping[str, Channel]
    """By kind: sms, and email where there is a mail server, wecom and dingtalk."""
    robot_key: bytes
    """32 bytes; robots' addresses lie encrypted with it."""
    talk: TalkPolicy
    partners: PartnerPolicy
    file_links: FileLinks
    partner_key: bytes
    """32 bytes; the secrets shared with partners lie in the database encrypted with it."""
    knowledge: KnowledgePolicy
    quality: QualityPolicy
    probe: ProbePolicy
    called: CalledNumbers
    """What follows from the number that somebody called."""
    database_time: bool = False
    """Whether deadlines are measured by the database's clock and not by this machine's."""

    @property
    def policy(self) -> Policy:
        """Categories, deadlines, calendars and routing in force now; take it once for one piece of work."""
        return self.configuration.built.policy

    @property
    def flows(self) -> Mapping[str, Flow]:
        """By flow id; `day` is the daytime menu (`hotline.voice.opening` says when another is taken)."""
        return self.configuration.built.flows

    @property
    def messages(self) -> Messages:
        """What the centre writes and says by itself."""
        return self.configuration.built.messages

    @property
    def readings(self) -> Readings:
        """What flows read aloud beside their prompts."""
        return self.configuration.built.readings
