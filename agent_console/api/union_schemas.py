"""What the API of the union tree takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from agent_console.api.schemas import Code, Given, Line, Taken, Text, UnionOut


class PointOut(Given):
    id: int
    code: str
    name: str
    kind: str
    kind_label: str
    union_id: int
    union_name: str
    region_code: str
    address: str | None
    phone: str | None
    skills: list[str]
    facilities: list[str]
    services: list[str]
    open_now: bool
    opens_at: datetime | None
    reasons: list[str]


class PostOut(Given):
    code: str
    name: str
    holder: str | None
    deputy: str | None


class UnionPageOut(UnionOut):
    kind_label: str
    group_code: str | None
    industry: str | None
    phone: str | None
    calendar: str
    can_receive: bool
    version: int
    closed: bool
    line: list[UnionOut]
    below: int
    working_now: bool
    opens_at: datetime | None
    on_duty: list[str]
    posts: list[PostOut]
    points: list[PointOut]


class UnionPageIn(Taken):
    """Changes by hand; what is not given stays as it is."""

    version: int
    name: Annotated[str, StringConstraints(max_length=120, strip_whitespace=True)] | None = None
    phone: Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)] | None = None
    calendar: Code | None = None
    can_receive: bool | None = None
    closed: bool | None = None


class DistrictOut(Given):
    code: str
    name: str
    court: str
    phone: str | None
    union_id: int
    union_name: str
    regions: list[str]


class ImportOut(Given):
    """What an import did, or with `dry_run` would do."""

    created: int
    updated: int
    unchanged: int
    dry_run: bool


class RoutingRuleItem(Taken):
    """A rule as it is written and as it is read."""

    code: Line
    union_code: Code
    valid_from: date
    source: Line
    category_prefix: Line = ""
    region_prefix: Code = ""
    industry: Code = ""
    uscc: Code = ""
    valid_to: date | None = None
    otherwise: Line = ""


class RoutingRules(Taken):
    """A whole book of rules: it comes into force as one version."""

    dispatch_mode: Literal["stepwise", "direct"] = "stepwise"
    rules: list[RoutingRuleItem]


class RuleSetOut(Given):
    version: str
    dispatch_mode: str
    stored_at: datetime
    rules: int


class RoutingRulesOut(RoutingRules):
    version: str
    versions: list[RuleSetOut]


class ConsentIn(Taken):
    """The caller's word that his employer's own union may see the case, or that it may not any more."""

    version: int
    waives: bool
    means: Literal["recording", "paper", "message"]
    words: Text
