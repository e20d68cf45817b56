"""Builds the programme's parts from its settings: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

import ivr_flows
from config.load import ConfigError, load_policy, read_csv, read_text
from config.settings import SHIPPED_CONFIG, Settings
from dispatch.calendars import LiveCalendars
from dispatch.database import Database
from dispatch.policy import Policy
from dispatch.regions import COLUMNS as REGION_COLUMNS
from dispatch.rules.articles import KnowledgePolicy
from dispatch.rules.calendar_policy import CalendarPolicy
from dispatch.rules.categories import Catalogue
from dispatch.rules.file_links import FileLinks
from dispatch.rules.notice_policy import NoticePolicy
from dispatch.rules.partner_policy import PartnerPolicy
from dispatch.rules.routing_rules import RuleBook
from dispatch.rules.score_sheets import QualityPolicy
from dispatch.rules.sla import SlaPolicy
from dispatch.unit_of_work import Fact, Publish
from dispatch.vault import Vault
from hotline.calls.access import COUNSELLING
from hotline.calls.called_numbers import CalledNumbers
from hotline.calls.keeping import KeyRing
from hotline.calls.outbound import OutboundPolicy
from hotline.calls.probes import ProbePolicy
from hotline.calls.recording_policy import RecordingPolicy
from hotline.calls.retention import RetentionPolicy
from hotline.calls.talk_policy import TalkPolicy
from hotline.carriers.base import Carrier, NumberHooks
from hotline.carriers.twilio import TwilioAccount, TwilioCarrier
from hotline.channels.base import Channel
from hotline.channels.mail import MailChannel
from hotline.channels.robots import DingtalkChannel, WecomChannel
from hotline.channels.sms import SmsChannel, receipts_url
from hotline.configuration.build import Built, Files
from hotline.configuration.documents import FLOWS, POLICIES
from hotline.configuration.live import Configuration
from hotline.keys import Keys, load_keys
from hotline.line.follow_ups import FollowUpPolicy
from hotline.line.lines import Lines
from hotline.public.policy import PublicPolicy
from hotline.services import Services
from hotline.voice.opening import BLOCKED, FOLLOW_UP, FULL
from hotline.voice.service_policy import Messages, Readings, ServicePolicy
from hotline.voice.twiml import OVERRIDES
from hotline.voice.voices import Voices
from ivr_flows.check import check
from ivr_flows.model import Flow
from ivr_flows.parse import FlowError, load_flow

if TYPE_CHECKING:
    from hotline.bus import Bus

SHIPPED_FLOWS: Final = Path(next(iter(ivr_flows.__path__))) / "flows"
YEARS_BACK: Final = 1
YEARS_AHEAD: Final = 3
"""Calendars are built for these years at once, and grow by themselves beyond."""
_NOT_CHOSEN: Final = frozenset({BLOCKED, FULL, FOLLOW_UP})
"""Flows that the house itself begins."""


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def keys_of(settings: Settings) -> Keys:
    """Return the programme's keys."""
    return load_keys(settings.secret_key.get_secret_value(), settings.data_dir)


def database_of(settings: Settings) -> Database:
    """Return the database with its pools; nothing is opened yet."""
    return Database(settings.effective_database_url)


def policy_of(settings: Settings, keys: Keys) -> Policy:
    """Return the policy that the configuration folder holds; raises ConfigError with file and line."""
    written = load_policy(config_file(settings, "calendar.yaml"), CalendarPolicy.from_mapping)
    book = load_policy(config_file(settings, "routing_rules.yaml"), RuleBook.from_mapping)
    return Policy(
        catalogue=load_policy(config_file(settings, "categories.yaml"), Catalogue.from_mapping),
        sla=load_policy(config_file(settings, "sla.yaml"), SlaPolicy.from_mapping),
        calendars=LiveCalendars(written, _years()),
        routing_rules=book.rules,
        dispatch_mode=book.mode,
        province=settings.province,
        secret=keys.derive("query-codes-and-number-digests"),
    )


def _years() -> range:
    this_year = now().year
    return range(this_year - YEARS_BACK, this_year + YEARS_AHEAD + 1)


def files_of(settings: Settings, keys: Keys) -> Files:
    """Return the files that published versions take the place of, as they are read now; raises ConfigError."""
    policy = policy_of(settings, keys)
    built = Built(
        policy,
        flows_of(settings),
        load_policy(config_file(settings, "messages.yaml"), Messages.from_mapping),
        load_policy(config_file(settings, "readings.yaml"), Readings.from_mapping),
    )
    paths = {name: config_file(settings, name) for name in POLICIES}
    paths |= {FLOWS + path.name: path for path in flow_files(settings)}
    texts = {path: read_text(path) for path in paths.values()}
    for folder in (SHIPPED_FLOWS, settings.config_dir / "flows"):
        for path in sorted((folder / "parts").glob("*.yaml")):
            paths[f"{FLOWS}parts/{path.name}"], texts[path] = path, read_text(path)
    return Files(
        built, paths, texts, _years(), service_of(settings).features, partners_of(settings, policy.catalogue)
    )


def configuration_in_force(settings: Settings, keys: Keys, session: Session) -> Configuration:
    """Return the files with what was published in their place, for a command of its own process."""
    configuration = Configuration(files_of(settings, keys))
    configuration.refresh(session)
    return configuration


def flows_of(settings: Settings) -> dict[str, Flow]:
    """Return the voice flows by id, each proven sound; raises ConfigError for one that is not."""
    service = service_of(settings)
    found: dict[str, Flow] = {}
    for path in flow_files(settings):
        try:
            flow = load_flow(path, features=service.features)
        except FlowError as error:
            first = error.problems[0]
            raise ConfigError(path, first.line, first.reason) from error
        findings = check(flow)
        if findings:
            part = findings[0].part
            raise ConfigError(path.parent / part if part else path, findings[0].line, findings[0].reason)
        found[flow.id] = flow
    unknown = service.features - {feature for flow in found.values() for feature in flow.features}
    if unknown:
        raise ConfigError(
            config_file(settings, "service.yaml"), None, f"没有语音流程认识“{'、'.join(sorted(unknown))}”"
        )
    readings_file = config_file(settings, "readings.yaml")
    missing = load_policy(readings_file, Readings.from_mapping).missing(found.values())
    if missing:
        raise ConfigError(readings_file, None, f"语音流程要播报的内容没有写：{'、'.join(missing)}")
    return found


def flow_files(settings: Settings) -> list[Path]:
    """Return the flow files in force: the centre's own where it has a file of that name, else the shipped ones."""
    own = settings.config_dir / "flows"
    names = {path.name: path for path in sorted(SHIPPED_FLOWS.glob("*.yaml"))}
    names |= {path.name: path for path in sorted(own.glob("*.yaml"))}
    return list(names.values())


def config_file(settings: Settings, name: str) -> Path:
    """Return a configuration file: the centre's own where there is one, else the shipped one."""
    own = settings.config_dir / name
    return own if own.exists() else SHIPPED_CONFIG / name


@dataclass(frozen=True, slots=True)
class Line:
    """The carrier account in force, and where its REST interface is."""

    account: TwilioAccount
    api_base: str | None
    sandboxed: bool


def line_of(settings: Settings, keys: Keys) -> Line:
    """Return the carrier account: the configured one, or for the sandbox one of this programme's own making."""
    if settings.carrier == "twilio":
        account = TwilioAccount(
            settings.twilio_account_sid,
            settings.twilio_auth_token.get_secret_value(),
            settings.twilio_api_key_sid,
            settings.twilio_api_key_secret.get_secret_value(),
            settings.twilio_twiml_app_sid,
        )
        return Line(account, settings.twilio_api_base or None, sandboxed=False)
    # Derived, so that several processes and a restart agree on them without any setting.
    made = {use: keys.derive(f"sandbox-{use}").hex() for use in ("account", "token", "key", "secret")}
    account = TwilioAccount(
        f"AC{made['account'][:32]}",
        made["token"][:32],
        f"SK{made['key'][:32]}",
        made["secret"],
        "AP" + "0" * 32,
    )
    base = settings.twilio_api_base or f"{settings.effective_public_url}/sandbox"
    return Line(account, base, sandboxed=True)


def carrier_of(settings: Settings, line: Line) -> TwilioCarrier:
    """Return the carrier that places calls."""
    return TwilioCarrier(
        line.account,
        api_base=line.api_base,
        expected=dict.fromkeys(settings.numbers, hooks_of(settings)),
        # Twilio itself does not dial out to mainland China; the sandbox and compatible carriers may.
        dials_mainland_china=line.api_base is not None,
    )


def hooks_of(settings: Settings) -> NumberHooks:
    """Return where each of our numbers should lead at the carrier."""
    base = settings.effective_public_url
    return NumberHooks(
        incoming=f"{base}/voice/incoming{OVERRIDES}",
        fallback=settings.fallback_url or f"{base}/voice/fallback.xml",
        status=f"{base}/voice/status{OVERRIDES}",
        messages=f"{base}/messages/incoming",
    )


def services_of(
    settings: Settings,
    keys: Keys,
    *,
    database: Database,
    publish: Publish,
    wake: Callable[[], None],
    carrier: Carrier | None = None,
    clock: Callable[[], datetime] = now,
) -> Services:
    """Return everything that a turn, a command and a job need; raises ConfigError."""
    line = line_of(settings, keys)
    carrier = carrier if carrier is not None else carrier_of(settings, line)
    outbound = load_policy(config_file(settings, "outbound.yaml"), OutboundPolicy.from_mapping)
    notices = load_policy(config_file(settings, "notices.yaml"), NoticePolicy.from_mapping)
    files = files_of(settings, keys)
    return Services(
        database=database,
        carrier=carrier,
        configuration=Configuration(files),
        lines=load_policy(config_file(settings, "lines.yaml"), Lines.from_mapping),
        publish=publish,
        wake=wake,
        now=clock,
        public_url=settings.effective_public_url,
        webhook_secret=line.account.auth_token,
        numbers=settings.numbers,
        data_dir=settings.data_dir,
        recording_keys=ring_of(settings, keys),
        retention=load_policy(config_file(settings, "recordings.yaml"), RetentionPolicy.from_mapping),
        recording=load_policy(config_file(settings, "recordings.yaml"), RecordingPolicy.from_mapping),
        audit_key=keys.derive("audit-seals"),
        vault=Vault(settings.data_dir / "attachments", keys.derive("attachments")),
        voices=load_policy(config_file(settings, "voices.yaml"), Voices.from_mapping),
        # A clock that somebody passes in is the only time there is: tests, demonstrations.
        database_time=clock is now and not database.on_sqlite,
        service=service_of(settings),
        outbound=outbound,
        follow_up=load_policy(config_file(settings, "follow_up.yaml"), FollowUpPolicy.from_mapping),
        public=load_policy(config_file(settings, "public_pages.yaml"), PublicPolicy.from_mapping),
        notices=notices,
        channels=channels_of(settings, carrier, outbound, notices),
        robot_key=keys.derive("robots"),
        talk=load_policy(config_file(settings, "conversation.yaml"), TalkPolicy.from_mapping),
        partners=files.partners,
        file_links=FileLinks(keys.derive("partner-files"), settings.effective_public_url),
        partner_key=keys.derive("partner-secrets"),
        knowledge=load_policy(config_file(settings, "knowledge.yaml"), KnowledgePolicy.from_mapping),
        quality=load_policy(config_file(settings, "quality.yaml"), QualityPolicy.from_mapping),
        probe=load_policy(config_file(settings, "probe.yaml"), ProbePolicy.from_mapping),
        called=called_numbers_of(settings, files.built.flows),
    )


def called_numbers_of(settings: Settings, flows: Collection[str]) -> CalledNumbers:
    """Return what follows from each number; raises ConfigError, also for a flow or line that is not there."""
    lines = load_policy(config_file(settings, "lines.yaml"), Lines.from_mapping)

    def checked(data: Mapping[str, object]) -> CalledNumbers:
        found = CalledNumbers.from_mapping(data)
        found.check(
            flows=set(flows) - _NOT_CHOSEN, lines={each.code: COUNSELLING in each.skills for each in lines}
        )
        return found

    return load_policy(config_file(settings, "called_numbers.yaml"), checked)


def check_called_numbers(settings: Settings, flows: Collection[str]) -> None:
    """Read the file with everything it names, regions included, for its errors alone; raises ConfigError."""
    regions = {row.values["code"] for row in read_csv(config_file(settings, "regions.csv"), REGION_COLUMNS)}

    def checked(data: Mapping[str, object]) -> None:
        CalledNumbers.from_mapping(data).check_regions(regions)

    called_numbers_of(settings, flows)
    load_policy(config_file(settings, "called_numbers.yaml"), checked)


def channels_of(
    settings: Settings, carrier: Carrier, outbound: OutboundPolicy, notices: NoticePolicy
) -> dict[str, Channel]:
    """Return the ways to unions' people that this centre has."""
    found: dict[str, Channel] = {
        "wecom": WecomChannel(notices.robot_origins["wecom"]),
        "dingtalk": DingtalkChannel(notices.robot_origins["dingtalk"]),
        "sms": SmsChannel(
            carrier, settings.numbers[0], outbound, receipts_url(settings.effective_public_url)
        ),
    }
    if settings.smtp_host:
        found["email"] = MailChannel(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_from,
            settings.smtp_security,
            settings.smtp_user,
            settings.smtp_password.get_secret_value(),
        )
    return found


def ring_of(settings: Settings, keys: Keys) -> KeyRing:
    """Return the keys of recordings: those that were given, and the programme's own."""
    return KeyRing.of(settings.recording_keys.get_secret_value(), keys.derive("recordings"))


def partners_of(settings: Settings, catalogue: Catalogue) -> PartnerPolicy:
    """Return what the centre decided about partners; raises ConfigError, also for a map to no category."""

    def checked(data: object) -> PartnerPolicy:
        policy = PartnerPolicy.from_mapping(data)
        policy.check_categories(catalogue.categories)
        return policy

    return load_policy(config_file(settings, "partners.yaml"), checked)


def bus_of(settings: Settings) -> Bus | None:
    """Return the way to the other processes; None where there is only this one."""
    if not settings.redis_url:
        return None
    # Here: a start without Redis is spared loading its client.
    from hotline.bus import Bus

    return Bus(settings.redis_url)


def both(one: Publish, other: Publish) -> Publish:
    """Return a way to publish here and there."""

    def publish(facts: Sequence[Fact]) -> None:
        one(facts)
        other(facts)

    return publish


def each_of(*acts: Callable[[], None]) -> Callable[[], None]:
    """Return an act that does each of them."""

    def act() -> None:
        for each in acts:
            each()

    return act


def read_telephone_policies(settings: Settings) -> None:
    """Read every file that the telephone goes by, for its errors alone; raises ConfigError."""
    load_policy(config_file(settings, "lines.yaml"), Lines.from_mapping)
    load_policy(config_file(settings, "voices.yaml"), Voices.from_mapping)
    load_policy(config_file(settings, "messages.yaml"), Messages.from_mapping)
    load_policy(config_file(settings, "outbound.yaml"), OutboundPolicy.from_mapping)
    load_policy(config_file(settings, "follow_up.yaml"), FollowUpPolicy.from_mapping)
    load_policy(config_file(settings, "public_pages.yaml"), PublicPolicy.from_mapping)
    load_policy(config_file(settings, "notices.yaml"), NoticePolicy.from_mapping)
    load_policy(config_file(settings, "conversation.yaml"), TalkPolicy.from_mapping)
    load_policy(config_file(settings, "recordings.yaml"), RetentionPolicy.from_mapping)
    load_policy(config_file(settings, "recordings.yaml"), RecordingPolicy.from_mapping)


def read_desk_policies(settings: Settings) -> None:
    """Read the files of the knowledge base and of quality checks, for their errors alone; raises ConfigError."""
    load_policy(config_file(settings, "knowledge.yaml"), KnowledgePolicy.from_mapping)
    load_policy(config_file(settings, "quality.yaml"), QualityPolicy.from_mapping)


def service_of(settings: Settings) -> ServicePolicy:
    """Return how the centre is staffed; raises ConfigError."""
    return load_policy(config_file(settings, "service.yaml"), ServicePolicy.from_mapping)
