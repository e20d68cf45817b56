"""A country's unions for rehearsals: the real divisions, and enterprises below them up to the wanted number."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from dispatch.employers import name_key
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.roles import CENTRE_ROLES, Role
from dispatch.rules.uscc import check_character

NATIONAL: Final = "00"
TRADES: Final = (
    "机械",
    "纺织",
    "电子",
    "食品",
    "建材",
    "物流",
    "餐饮",
    "物业",
    "家政",
    "化工",
    "服装",
    "零售",
)
CENTRE_STAFF: Final[Mapping[Role, int]] = {
    Role.OPERATOR: 40,
    Role.DISPATCHER: 6,
    Role.CALLBACK_OPERATOR: 6,
    Role.SUPERVISOR: 4,
    Role.DUTY_LEADER: 2,
    Role.COUNSELLOR: 2,
    Role.LAWYER: 2,
    Role.INSPECTOR: 2,
    Role.AUDITOR: 1,
}
_HANDLING: Final = (Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWN)
"""Levels whose unions have people who sign for tickets."""


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """One union, with its people by post: `a` handler, `b` deputy, `l` leader."""

    id: int
    code: str
    name: str
    level: Level
    region_code: str | None
    parent: Node | None
    people: dict[str, int] = field(default_factory=dict)
    employers: list[tuple[int, str]] = field(default_factory=list)
    """Employers with a union of their own directly below, by id and name."""
    line: tuple[Node, ...] = ()
    """The unions from the root down to this one."""

    def __post_init__(self) -> None:
        self.line = (*(self.parent.line if self.parent is not None else ()), self)


@dataclass(frozen=True, slots=True)
class Country:
    """The whole tree; `centre` lists the centre's people by role, `rows` what is to be written of it by table."""

    nodes: list[Node]
    centre: dict[Role, list[int]]
    rows: dict[str, list[dict[str, Any]]]

    def node(self, union_id: int) -> Node:
        """Return a union by its id."""
        return self.nodes[union_id - 1]

    def at(self, level: Level) -> list[Node]:
        """Return the unions of a level that have people."""
        return [node for node in self.nodes if node.level is level and node.people]


def plan_country(
    regions: Iterable[Mapping[str, str]], unions: int, *, password_hash: str, now: datetime, seed: int
) -> Country:
    """Return `unions` unions with employers and accounts; the divisions alone are about five thousand."""
    chance = random.Random(seed)  # noqa: S311  # a rehearsal must be repeatable
    divisions = _divisions(list(regions), unions)
    country = Country(divisions, {role: [] for role in CENTRE_ROLES}, {})
    enterprises = _enterprises(divisions, unions - len(divisions), chance)
    country.nodes.extend(node for node, _ in enterprises)
    country.rows["union_org"] = [_union_row(node) for node in country.nodes]
    country.rows["union_closure"] = [
        {"ancestor_id": above.id, "descendant_id": node.id, "depth": depth}
        for node in country.nodes
        for depth, above in enumerate(reversed(node.line))
    ]
    country.rows["employer"] = [
        _employer_row(number, node, trade, now) for number, (node, trade) in enumerate(enterprises, start=1)
    ]
    for row, (node, _) in zip(country.rows["employer"], enterprises, strict=True):
        if node.parent is not None:
            node.parent.employers.append((row["id"], row["name"]))
    country.rows["user_account"] = list(_accounts(country, password_hash, now))
    return country


def _divisions(rows: Sequence[Mapping[str, str]], unions: int) -> list[Node]:
    root = Node(1, NATIONAL, "全国总工会", Level.NATIONAL, None, None)
    found = {NATIONAL: root}
    parents = {row["code"]: row["parent"] for row in rows}
    pseudo = {row["code"] for row in rows if row["pseudo"] == "1"}
    for row in sorted(rows, key=lambda each: (len(each["code"]), each["code"])):
        if row["code"] in pseudo or len(found) >= unions:
            continue
        above = row["parent"]
        while above in pseudo:
            above = parents[above]
        parent = found.get(above or NATIONAL)
        if parent is None:
            continue
        level = Level(row["level"])
        node = Node(len(found) + 1, row["code"], f"{row['name']}总工会", level, row["code"], parent)
        found[row["code"]] = node
    return list(found.values())


def _enterprises(divisions: Sequence[Node], wanted: int, chance: random.Random) -> list[tuple[Node, str]]:
    towned = {node.parent.id for node in divisions if node.level is Level.TOWN and node.parent is not None}
    hosts = [
        node
        for node in divisions
        if node.level is Level.TOWN or (node.level is Level.COUNTY and node.id not in towned)
    ]
    found = []
    for number in range(max(0, wanted)):
        host, trade = hosts[number % len(hosts)], chance.choice(TRADES)
        ordinal = number // len(hosts) + 1
        name = f"{host.name.removesuffix('总工会')}{trade}{ordinal:03d}厂工会"
        code = f"{host.code}E{ordinal:05d}"
        node = Node(len(divisions) + number + 1, code, name, Level.ENTERPRISE, host.region_code, host)
        found.append((node, trade))
    return found


def _union_row(node: Node) -> dict[str, Any]:
    enterprise = node.level is Level.ENTERPRISE
    return {
        "id": node.id,
        "code": node.code,
        "name": node.name,
        "level": node.level.value,
        "kind": (UnionKind.ENTERPRISE if enterprise else UnionKind.TERRITORY).value,
        "parent_id": node.parent.id if node.parent is not None else None,
        "path": "/" + "/".join(str(each.id) for each in node.line) + "/",
        "region_code": node.region_code,
        "calendar": "union_default",
        "can_receive": True,
        "leader_signs": False,
        "version": 1,
    }


def _employer_row(number: int, node: Node, trade: str, now: datetime) -> dict[str, Any]:
    name = f"{node.name.removesuffix('工会')}有限公司"
    region = node.region_code or "000000"
    body = f"91{region[:6]}MA{number:07d}"
    return {
        "id": number,
        "name": name,
        "name_key": name_key(name),
        "uscc": body + check_character(body),
        "region_code": node.region_code,
        "union_id": node.id,
        "industry": trade,
        "created_at": now,
    }


def _accounts(country: Country, password_hash: str, now: datetime) -> Iterable[dict[str, Any]]:
    def account(name: str, shown: str, role: Role, union: Node | None) -> dict[str, Any]:
        return {
            "id": len(made) + 1,
            "name": name,
            "display_name": shown,
            "password_hash": password_hash,
            "role": role.value,
            "union_id": union.id if union is not None else None,
            "skills": [],
            "created_at": now,
            "authority_version": 1,
            "password_temporary": False,
        }

    made: list[dict[str, Any]] = []
    for role, count in CENTRE_STAFF.items():
        for number in range(1, count + 1):
            made.append(account(f"{role.value}{number}", f"{role.label}{number:02d}", role, None))
            country.centre[role].append(len(made))
    posts = (
        ("a", "A岗", Role.UNION_HANDLER),
        ("b", "B岗", Role.UNION_HANDLER),
        ("l", "负责人", Role.UNION_LEADER),
    )
    for node in country.nodes:
        if node.level not in _HANDLING:
            continue
        for post, shown, role in posts:
            made.append(account(f"{node.code}{post}", f"{node.name}{shown}", role, node))
            node.people[post] = len(made)
    return made
