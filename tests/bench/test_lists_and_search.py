"""How fast lists and searches are at N tickets, each beside the bare statement in the same run, on both engines.

`HOTLINE_BENCH_TICKETS` (20,000 unless told) sets N; `HOTLINE_BENCH_SEEDED=URL` uses a database that is filled already.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.models.tickets import CentreList, Handling, Ticket, TicketScope
from dispatch.models.unions import Union
from dispatch.queries import list_tickets
from dispatch.rules.bigrams import terms_of
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.roles import Role
from dispatch.search import candidates, write_all
from dispatch.ticket_counts import count_tickets
from dispatch.ticket_filters import TicketFilter
from tests.builders import NOW, World, build_world

TICKETS = int(os.environ.get("HOTLINE_BENCH_TICKETS", "20000"))
ROUNDS = int(os.environ.get("HOTLINE_BENCH_ROUNDS", "40"))
SIGNS = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下"
"""The commonest signs: their pairs are common, too, so that the index is as long as a real one."""
COMMON = {"common 2": "拖欠", "common 4": "拖欠工资"}
RARE = {"rare 2": "麒麟", "rare 4": "麒麟凤凰"}
MIDDLING = {"middling 2": "粉尘", "middling 4": "粉尘超标"}

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]


def story(chance: random.Random, n: int) -> str:
    """A hundred signs; every third one is about wages, one in a hundred about dust, one in twenty thousand is odd."""
    words = ["".join(chance.choices(SIGNS, k=chance.randint(4, 12))) for _ in range(10)]
    if n % 3 == 0:
        words[3] = "老板拖欠工资不给"
    if n % 100 == 7:
        words[5] = "车间粉尘超标"
    if n % 20_000 == 11:
        words[7] = "厂名麒麟凤凰"
    return "，".join(words)


def fill(world: World) -> None:
    """Write N tickets with their list rows and their words, a tenth of them open, most of them in cities."""
    chance = random.Random(12351)
    with world.database.writing() as session:
        unions = {union.id: union.ancestor_ids() for union in session.scalars(select(Union))}
    ids = sorted(unions)
    for start in range(0, TICKETS, 2_000):
        tickets, handlings, scopes, centre = [], [], [], []
        words: list[tuple[int, str, str]] = []
        for n in range(start + 1, min(start + 2_000, TICKETS) + 1):
            moment = NOW - timedelta(minutes=TICKETS - n)
            number = TicketNumber.issue("37", n % 999_999 + 1, now=moment)
            day = f"{number.day:%Y%m%d}"
            is_open, union = n % 10 == 0, chance.choice(ids)
            told = story(chance, n)
            bucket = "open" if is_open else "closed"
            key = int(moment.timestamp() * 1000) * (1 if is_open else -1)
            tickets.append(
                {
                    "id": n,
                    "number": f"37-{day}-{n:09d}",
                    "day": day,
                    "sequence": n,
                    "version": 1,
                    "state": "in_progress" if is_open else "closed",
                    "channel": "phone",
                    "created_at": moment,
                    "category": "wage_arrears" if n % 3 == 0 else "joining",
                    "urgency": "P2",
                    "wish": "请工会帮忙",
                    "text": told,
                    "lead_union_id": union,
                    "rights_defence": True,
                }
            )
            handlings.append(
                {"ticket_id": n, "union_id": union, "state": "signed", "dispatched_at": moment, "reasons": []}
            )
            centre.append({"ticket_id": n, "bucket": bucket, "sort_key": key})
            scopes += [
                {"ticket_id": n, "union_id": each, "role": "handler", "bucket": bucket, "sort_key": key}
                for each in unions[union]
            ]
            words.append((n, "请工会帮忙", told))
        with world.database.writing() as session:
            session.execute(insert(Ticket), tickets)
            session.execute(insert(Handling), handlings)
            session.execute(insert(CentreList), centre)
            session.execute(insert(TicketScope), scopes)
            write_all(session, words)
    with world.database.engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """Give a filled world on each engine; the one of `HOTLINE_BENCH_SEEDED` only once."""
    from hotline.migrations.run import migrate

    seeded = os.environ.get("HOTLINE_BENCH_SEEDED")
    if seeded and not seeded.startswith(database_url.split(":")[0].split("+")[0]):
        pytest.skip("the filled database is of the other engine")
    database = Database(seeded or database_url)
    migrate(database)
    with database.reading() as session:
        is_empty = not session.scalar(select(func.count()).select_from(Union))
    if is_empty:
        world = build_world(database)
        began = time.perf_counter()
        fill(world)
        print(
            f"\n{engine_of(database):<11}filled with {TICKETS} tickets in {time.perf_counter() - began:.0f} s",
            end="",
        )
    else:
        from tests.builders import make_policy

        world = World(database, make_policy())
    yield world
    database.dispose()


def engine_of(database: Database) -> str:
    return "sqlite" if database.on_sqlite else "postgresql"


def timed(database: Database, work: Callable[[Session], object]) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds, each round in a transaction of its own."""
    times = []
    for n in range(ROUNDS + 5):
        with database.reading() as session:
            began = time.perf_counter()
            work(session)
            if n >= 5:
                times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def report(database: Database, name: str, real: tuple[float, float], bare: tuple[float, float]) -> None:
    print(
        f"\n{engine_of(database):<11}{name:<34}p50 {real[0]:7.2f} ms  p99 {real[1]:7.2f} ms"
        f"  bare p50 {bare[0]:7.2f} ms  ratio {real[0] / bare[0]:6.2f}",
        end="",
    )


def at_each_level(database: Database) -> dict[str, Actor]:
    """Return somebody of the centre, and of the union of each level that has the most tickets."""
    found = {"centre": Actor(Role.DISPATCHER, 1, None, "", NOW)}
    with database.reading() as session:
        rows = session.execute(
            select(Union.level, Union.id, func.count())
            .join(TicketScope, TicketScope.union_id == Union.id)
            .group_by(Union.level, Union.id)
            .order_by(func.count())
        )
        for level, union, _ in rows:
            found[level] = Actor(Role.UNION_LEADER, 2, union, "", NOW)
    return found


BARE_LIST = (
    "SELECT t.id, t.number, t.state, t.wish, s.sort_key FROM {listing} s JOIN ticket t ON t.id = s.ticket_id"
    " WHERE s.bucket = 'open' {union} ORDER BY s.sort_key, s.ticket_id LIMIT 50"
)


def bare_list(actor: Actor) -> Callable[[Session], object]:
    if actor.of_union:
        statement = text(BARE_LIST.format(listing="ticket_scope", union=f"AND s.union_id = {actor.union_id}"))
    else:
        statement = text(BARE_LIST.format(listing="centre_list", union=""))
    return lambda session: session.execute(statement).all()


def test_lists_and_counters_at_each_level(world: World) -> None:
    database = world.database
    for level, actor in at_each_level(database).items():

        def listed(session: Session, actor: Actor = actor) -> object:
            return list_tickets(session, actor, TicketFilter(), policy=world.policy, now=NOW)

        def counted(session: Session, actor: Actor = actor) -> object:
            return count_tickets(session, actor, now=NOW)

        bare = timed(database, bare_list(actor))
        report(database, f"list, {level}", timed(database, listed), bare)
        report(database, f"counters, {level}", timed(database, counted), bare)
    print()


def test_search_by_word_class_at_each_level(world: World) -> None:
    database = world.database
    for level, actor in at_each_level(database).items():
        if level not in ("centre", "province", "county"):
            continue
        for kind, word in {**COMMON, **MIDDLING, **RARE}.items():

            def searched(session: Session, actor: Actor = actor, word: str = word) -> object:
                wanted = TicketFilter(bucket="all", q=word)
                return list_tickets(session, actor, wanted, policy=world.policy, now=NOW)

            def bare(session: Session, word: str = word) -> object:
                return candidates(session, terms_of(word), limit=50)

            report(database, f"search {kind}, {level}", timed(database, searched), timed(database, bare))
    print()
