"""Builds the programme's parts from its settings: the one place that knows them all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import ivr_flows
from config.load import ConfigError, load_policy
from config.settings import SHIPPED_CONFIG, Settings
from dispatch.database import Database
from dispatch.policy import Policy
from dispatch.rules.calendar_policy import CalendarPolicy
from dispatch.rules.categories import Catalogue
from dispatch.rules.routing_rules import rules_from_mapping
from dispatch.rules.sla import SlaPolicy
from dispatch.rules.working_time import Calendar
from hotline.keys import Keys, load_keys
from ivr_flows.check import check
from ivr_flows.model import Flow
from ivr_flows.parse import FlowError, load_flow

SHIPPED_FLOWS: Final = Path(next(iter(ivr_flows.__path__))) / "flows"
YEARS_BACK: Final = 1
YEARS_AHEAD: Final = 3
"""Calendars are built for these years at once, and grow by themselves beyond."""


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
    this_year = now().year
    years = range(this_year - YEARS_BACK, this_year + YEARS_AHEAD + 1)
    calendars = load_policy(config_file(settings, "calendar.yaml"), CalendarPolicy.from_mapping).build(years)
    return Policy(
        catalogue=load_policy(config_file(settings, "categories.yaml"), Catalogue.from_mapping),
        sla=load_policy(config_file(settings, "sla.yaml"), SlaPolicy.from_mapping),
        calendars={**calendars, "always": Calendar.always(years)},
        routing_rules=load_policy(config_file(settings, "routing_rules.yaml"), rules_from_mapping),
        province=settings.province,
        secret=keys.derive("query-codes-and-number-digests"),
    )


def flows_of(settings: Settings) -> dict[str, Flow]:
    """Return the voice flows by id, each proven sound; raises ConfigError for one that is not."""
    found: dict[str, Flow] = {}
    for path in flow_files(settings):
        try:
            flow = load_flow(path)
        except FlowError as error:
            first = error.problems[0]
            raise ConfigError(path, first.line, first.reason) from error
        findings = check(flow)
        if findings:
            raise ConfigError(path, findings[0].line, findings[0].reason)
        found[flow.id] = flow
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
