"""What the administrator decided, as one value that use cases are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.rules.categories import Catalogue, Category
from dispatch.rules.routing_rules import DispatchMode, RoutingRule
from dispatch.rules.sla import SlaPolicy
from dispatch.rules.working_time import SHANGHAI, Calendar

CENTRE_CALENDAR = "centre"
UNION_CALENDAR = "union_default"
ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Policy:
    """Categories, deadlines, calendars and routing in force; `secret` keys query codes and number digests."""

    catalogue: Catalogue
    sla: SlaPolicy
    calendars: Mapping[str, Calendar]
    """By code; `centre`, `union_default` and `always` are always there."""
    routing_rules: tuple[RoutingRule, ...]
    province: str
    secret: bytes = field(repr=False)
    dispatch_mode: DispatchMode = DispatchMode.STEPWISE

    def calendar(self, code: str) -> Calendar:
        """Return a union's calendar; one that was renamed falls back to the unions' own default."""
        return self.calendars.get(code) or self.calendars[UNION_CALENDAR]

    def category(self, code: str | None) -> Category | None:
        """Return the category, or None for none and for one that the catalogue no longer has."""
        return self.catalogue.categories.get(code) if code else None

    def return_call_due(self, now: datetime, *, staffed: bool) -> datetime:
        """Return until when a missed caller is called back: soon when staffed, else the next morning [D]."""
        limits = self.sla.limits
        if staffed:
            return self.calendars[ALWAYS].add(now, limits.return_call_min * 60)
        local = now.astimezone(SHANGHAI)
        hour, minute = divmod(limits.return_call_else_at, 60)
        morning = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if morning <= local:
            return self.calendars[ALWAYS].add(morning, 24 * 3600)
        return self.calendars[ALWAYS].add(morning, 0)
