"""The shipped policies, read once: rules are tested on what an administrator really gets."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import config.load
from config.load import load_policy
from dispatch.rules.calendar_policy import CalendarPolicy
from dispatch.rules.categories import Catalogue
from dispatch.rules.routing_rules import RoutingRule, rules_from_mapping
from dispatch.rules.sla import SlaPolicy
from dispatch.rules.working_time import Calendar

CONFIG = Path(config.load.__file__).parent
YEARS = range(2025, 2030)


@cache
def catalogue() -> Catalogue:
    return load_policy(CONFIG / "categories.yaml", Catalogue.from_mapping)


@cache
def sla() -> SlaPolicy:
    return load_policy(CONFIG / "sla.yaml", SlaPolicy.from_mapping)


@cache
def calendars() -> dict[str, Calendar]:
    return load_policy(CONFIG / "calendar.yaml", CalendarPolicy.from_mapping).build(YEARS)


@cache
def routing_rules() -> tuple[RoutingRule, ...]:
    return load_policy(CONFIG / "routing_rules.yaml", rules_from_mapping)
