"""Fills an empty database for a rehearsal at full size: a country of unions, and tickets in every state of their life."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, func, insert, select, update

from dispatch import search
from dispatch.database import Database
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.base import Base
from dispatch.models.history import Notice
from dispatch.models.tickets import Ticket, TicketSequence
from dispatch.policy import Policy
from dispatch.regions import bring_regions
from dispatch.rules.levels import Level
from dispatch.rules.roles import Role
from dispatch.rules.working_time import SHANGHAI
from dispatch.tickets import phone_key
from hotline.first_articles import load_articles
from hotline.rehearsal.bulk import Bulk, Row, bulk, literal_of
from hotline.rehearsal.lives import Model, live_all
from hotline.rehearsal.mould import Copy, Mould, number_of, tables_of_tickets, words_of
from hotline.rehearsal.tree import Country, Node, plan_country
from hotline.rehearsal.words import story

MUST_BE_EMPTY: Final = ("union_org", "user_account", "employer", "ticket", "call")
AT_ONCE: Final = 10_000
"""Tickets that are put together before they are written."""
WEEKS_BACK: Final = 100
MODELS_EACH: Final = 8
PHONES: Final = 300_000


AFTERWARDS: Final[tuple[Callable[[Database], Iterator[int]], ...]] = (search.fill,)
"""What is derived from the tickets' own words, such as a search index, yields how many are done."""


class NotEmpty(ValueError):
    """The database holds something already: a rehearsal never writes beside real data."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written, rows by table."""

    unions: int
    tickets: int
    rows: Mapping[str, int]


def seed_database(
    database: Database,
    *,
    unions: int,
    tickets: int,
    regions: Sequence[Mapping[str, str]],
    policy: Policy,
    now: datetime,
    password_hash: str = "!",  # noqa: S107  # no password has this hash: nobody signs in
    say: Callable[[str], None] = lambda _: None,
    seed: int = 12351,
) -> Seeded:
    """Fill the empty database; raises NotEmpty. The same arguments give the same rehearsal, salts apart."""
    _require_empty(database)
    country = plan_country(regions, unions, password_hash=password_hash, now=now, seed=seed)
    with database.writing() as session:
        bring_regions(session, regions)
        load_articles(session, now=now)
        payload = {"unions": unions, "tickets": tickets}
        record(session, "RehearsalSeeded", stream=ADMINISTRATION, by=By("machine"), now=now, payload=payload)
    with bulk(database) as out:
        for name, planned in country.rows.items():
            _write_dicts(database, out, Base.metadata.tables[name], planned)
        out.finish([Base.metadata.tables[name] for name in country.rows])
    say(f"工会{len(country.nodes)}个")
    models = _models(database, country, policy=policy, now=now, tickets=tickets, seed=seed)
    say(f"样单{len(models)}件")
    if not models:
        return Seeded(len(country.nodes), 0, {})
    written = _Casting(database, country, policy, models, say).cast(tickets - len(models), seed)
    for derive in AFTERWARDS:
        for done in derive(database):
            say(f"{derive.__name__}：{done}件")
    return Seeded(len(country.nodes), max(tickets, len(models)), written)


def _require_empty(database: Database) -> None:
    with database.reading() as session:
        for name in MUST_BE_EMPTY:
            table = Base.metadata.tables[name]
            if session.execute(select(table).limit(1)).first() is not None:
                raise NotEmpty(name)


def _models(
    database: Database, country: Country, *, policy: Policy, now: datetime, tickets: int, seed: int
) -> list[Model]:
    if not tickets:
        return []
    each = max(1, min(MODELS_EACH, tickets // 400))
    with database.writing() as session:
        models = list(live_all(session, country, policy=policy, now=now, each=each, seed=seed))
        # A rehearsal's people are told nothing: neither of the models nor of their copies.
        session.execute(update(Notice).values(planned_at=Notice.at))
        return models


def _write_dicts(database: Database, out: Bulk, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = [(column.name, literal_of(database, column.type)) for column in table.columns]
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        out.write(table, [[literal(row.get(name)) for name, literal in columns] for row in part])


class _Casting:
    """One run of copying: which model, where, when and for whom each copy is."""

    def __init__(
        self,
        database: Database,
        country: Country,
        policy: Policy,
        models: Sequence[Model],
        say: Callable[[str], None],
    ) -> None:
        self._database = database
        self._country = country
        self._policy = policy
        self._models = models
        self._say = say
        self._places = country.at(Level.COUNTY)
        self._towns = _by_parent(country.at(Level.TOWN))
        self._sequences: dict[str, int] = {}
        self._next: dict[str, int] = {}
        self._keys: dict[int, str] = {}
        self._posts = {
            user: (role, None, "") for role, people in country.centre.items() for user in people
        } | {
            user: (Role.UNION_HANDLER, node, post)
            for node in country.nodes
            for post, user in node.people.items()
        }

    def cast(self, count: int, seed: int) -> dict[str, int]:
        """Write `count` copies and return how many rows each table got."""
        chance = random.Random(seed)  # noqa: S311  # a rehearsal must be repeatable
        tables = tables_of_tickets()
        order = [*tables, *(Base.metadata.tables[name] for name in ("stream_head", "event", "ticket_scope"))]
        written: dict[str, int] = defaultdict(int)
        moulds, created = self._moulds(tables)
        weights = [mould.model.life.share / self._many(mould.model) for mould in moulds]
        with bulk(self._database) as out:
            for start in range(0, count, AT_ONCE):
                rows: dict[str, list[Row]] = defaultdict(list)
                for mould in chance.choices(moulds, weights, k=min(AT_ONCE, count - start)):
                    copy = self._copy(mould, created[mould.model.ticket_id], chance)
                    mould.cast(copy, rows)
                for table in order:
                    if rows[table.name]:
                        out.write(table, rows[table.name])
                        written[table.name] += len(rows[table.name])
                self._say(f"工单{min(start + AT_ONCE, count)}件")
            self._finish(out, order)
        return dict(written)

    def _moulds(self, tables: Sequence[Table]) -> tuple[list[Mould], dict[int, datetime]]:
        def literal(kind: Any) -> Callable[[Any], Any]:
            return literal_of(self._database, kind)

        with self._database.reading("report") as session:
            found = [Mould(session, model, tables, literal) for model in self._models]
            rows = session.execute(select(TicketSequence.day, TicketSequence.last)).all()
            self._sequences = {row[0]: row[1] for row in rows}
            for name in {name for mould in found for name in mould.counts}:
                table = Base.metadata.tables[name]
                if "id" in table.columns:
                    self._next[name] = (session.scalar(select(func.max(table.c.id))) or 0) + 1
            created = session.execute(select(Ticket.id, Ticket.created_at)).all()
        return found, {row[0]: row[1] for row in created}

    def _many(self, model: Model) -> int:
        return sum(1 for each in self._models if each.life == model.life)

    def _copy(self, mould: Mould, created: datetime, chance: random.Random) -> Copy:
        model = mould.model
        place, handler = self._place(model, chance)
        weeks = chance.randrange(WEEKS_BACK) if model.life.is_over else 0
        shift = timedelta(weeks=-weeks, seconds=-chance.randrange(600))
        day = f"{(created + shift).astimezone(SHANGHAI):%Y%m%d}"
        sequence = self._sequences[day] = self._sequences.get(day, 0) + 1
        number = number_of((place.region_code or self._policy.province)[:2], day, sequence)
        caller = chance.randrange(1, PHONES)
        phone = f"+86138{caller:08d}"
        key = self._keys.get(caller)
        if key is None:
            key = self._keys[caller] = phone_key(self._policy.secret, phone)
        employers = (handler or place).employers or place.employers
        copy = Copy(
            number=number,
            day=day,
            sequence=sequence,
            shift=shift,
            place=place,
            handler=handler,
            unions=self._unions(model, place),
            people=self._people(mould, place, chance),
            words=words_of(mould.levels, place, number),
            phone=phone,
            phone_key=key,
            employer=chance.choice(employers) if employers else None,
            text=story(chance),
        )
        for name, many in mould.counts.items():
            if name in self._next:
                copy.bases[name] = self._next[name]
                self._next[name] += many
        return copy

    def _place(self, model: Model, chance: random.Random) -> tuple[Node, Node | None]:
        """Return a place that has a union of every level the model has had to do with."""
        while True:
            place = chance.choice(self._places)
            if model.place.level is Level.TOWN and place.id in self._towns:
                place = chance.choice(self._towns[place.id])
            if model.handler is None:
                return place, None
            for node in place.line:
                if node.level is model.handler.level:
                    return place, node

    def _unions(self, model: Model, place: Node) -> dict[int, int]:
        levels = {node.level: node.id for node in place.line}
        return {node.id: levels.get(node.level, place.id) for node in model.place.line}

    def _people(self, mould: Mould, place: Node, chance: random.Random) -> dict[int, int]:
        found = {}
        line = {node.level: node for node in place.line}
        for user in mould.people:
            role, home, post = self._posts[user]
            if home is None:
                found[user] = chance.choice(self._country.centre[role])
            else:
                found[user] = line.get(home.level, place).people[post]
        return found

    def _finish(self, out: Bulk, tables: Sequence[Table]) -> None:
        known = {day for (day,) in out.connection.execute(select(TicketSequence.day))}
        for day, last in self._sequences.items():
            if day in known:
                moved = update(TicketSequence).where(TicketSequence.day == day).values(last=last)
                out.connection.execute(moved)
        fresh = [{"day": day, "last": last} for day, last in self._sequences.items() if day not in known]
        if fresh:
            out.connection.execute(insert(TicketSequence), fresh)
        out.finish(tables)


def _by_parent(nodes: Sequence[Node]) -> dict[int, list[Node]]:
    found: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.parent is not None:
            found[node.parent.id].append(node)
    return found
