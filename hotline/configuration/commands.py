"""Edit, check, publish, roll back: what an administrator does with a document."""

from __future__ import annotations

from datetime import datetime

import yaml
from sqlalchemy.orm import Session

from dispatch import calendars, configuration, recompute, rule_sets
from dispatch.actors import Actor
from dispatch.errors import Invalid, NotFound, VersionConflict
from dispatch.models.configuration import ConfigVersion
from dispatch.rules.routing_rules import RuleBook
from dispatch.unit_of_work import unit_of_work
from hotline.configuration.build import Built, build
from hotline.configuration.documents import (
    CALENDAR,
    MOST_CHARACTERS,
    ROUTING_RULES,
    SLA,
    label_of,
)
from hotline.configuration.effects import Draft, effects_of, verify
from hotline.configuration.live import Configuration
from hotline.services import Services

FILE_VERSION = 0
"""The number by which the file itself is named."""


def text_of(session: Session, files: Configuration, document: str, number: int | None = None) -> str:
    """Return a version's text, by default of the one in force; 0 is the file. Raises NotFound."""
    known(files, document)
    if number is None:
        number = configuration.number_in_force(session, document)
        stored = rule_sets.book_in_force(session) if document == ROUTING_RULES and not number else None
        if stored is not None and stored.version != _book_of(files.files.built).version:
            # Rules that were stored before there were versions of texts.
            return written(stored)
    if number == FILE_VERSION:
        return files.files.text(document)
    return configuration.version(session, document, number).text


def check(
    services: Services,
    actor: Actor,
    document: str,
    text: str | None,
    *,
    reason: str,
    restores: int | None = None,
    now: datetime,
) -> ConfigVersion:
    """Check a text and keep it as a version that nothing goes by yet; raises ConfigRefused, Invalid, NotAllowed.

    Without a text it is that of the version which it `restores`.
    """
    files = services.configuration
    known(files, document)
    with services.database.reading("report") as session:
        if text is None and restores is None:
            raise Invalid({"text": "没有内容"})
        if text is None:
            text = text_of(session, files, document, restores)
        draft = drafted(services, session, document, plain(text))
        if plain(text) == plain(text_of(session, files, document)):
            raise Invalid({"text": "与现行版本没有区别"})
        verify(session, draft)
        found = effects_of(session, actor, draft, now=now)
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        return configuration.write(
            session,
            actor,
            document,
            plain(text),
            reason=reason,
            effects=found.plain(),
            restores=restores,
            now=now,
        )


def publish(
    services: Services, actor: Actor, document: str, number: int, *, adopt: bool = False, now: datetime
) -> ConfigVersion:
    """Put a checked version into force here at once and in every process within seconds.

    Live clocks are counted anew after a change of calendar, and with `adopt` after one of service levels.
    Raises NotFound, Invalid, NotAllowed, VersionConflict and ConfigRefused.
    """
    files = services.configuration
    known(files, document)
    with services.database.reading() as session:
        made = configuration.version(session, document, number)
        draft = drafted(services, session, document, made.text)
        others = configuration.numbers_in_force(session)
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        if configuration.numbers_in_force(session) != others:
            # Another document was published while this one was read: together they may not go.
            raise VersionConflict(document, made.based_on, made.based_on, {})
        verify(session, draft)
        made = configuration.publish(session, actor, document, number, now=now)
        basis = f"{label_of(document)}第{number}版：{made.reason}"[:200]
        if document == ROUTING_RULES:
            rule_sets.store_rules(session, _book_of(draft.after), by=actor.by, now=now)
        elif document == CALENDAR:
            recompute.begin(session, actor, kind="calendar", reason=basis, now=now)
        elif document == SLA and adopt:
            recompute.begin(session, actor, kind="sla", reason=basis, now=now)
    with services.database.reading() as session:
        files.refresh(session)
    return made


def store_book(
    session: Session, actor: Actor, book: RuleBook, text: str, *, reason: str, now: datetime
) -> bool:
    """Put rules into force that came whole (a file on the command line, another programme), as a version of its own.

    False where they are in force already; raises PolicyError, NotAllowed.
    """
    if not rule_sets.store_rules(session, book, by=actor.by, now=now):
        return False
    made = configuration.write(session, actor, ROUTING_RULES, text, reason=reason, effects={}, now=now)
    configuration.publish(session, actor, ROUTING_RULES, made.number, now=now)
    return True


def drafted(services: Services, session: Session, document: str, text: str | None) -> Draft:
    """Return what would be in force with this text in its document's place; raises ConfigRefused."""
    files = services.configuration
    files.refresh(session)
    before = files.built
    if text is None:
        return Draft(document, "", before, before)
    if len(text) > MOST_CHARACTERS:
        raise Invalid({"text": f"不能超过{MOST_CHARACTERS}字"})
    after = build(files.files, {**files.texts, document: plain(text)})
    calendars.refresh(session, after.policy)
    return Draft(document, plain(text), before, after)


def known(files: Configuration, document: str) -> None:
    """Refuse a document that is not there; raises NotFound."""
    if document not in files.files.paths:
        raise NotFound("document", document)


def plain(text: str) -> str:
    """Return a text with line ends as files have them, ending with one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def written(book: RuleBook) -> str:
    """Return rules as an administrator would write them."""
    rows = []
    for rule in book.rules:
        values = {name: getattr(rule, name) for name in type(rule).__dataclass_fields__}
        rows.append({name: value for name, value in values.items() if value not in ("", None)})
    data = {"dispatch_mode": book.mode.value, "rules": rows}
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)


def _book_of(built: Built) -> RuleBook:
    return RuleBook(built.policy.routing_rules, built.policy.dispatch_mode)
