"""Evidence on tickets: taking files in, who may open which, and that each opening is on record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.access import DISCLOSED, find_ticket, withheld
from dispatch.actors import Actor
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, WrongState
from dispatch.events import By
from dispatch.models.attachments import Attachment
from dispatch.models.tickets import Ticket
from dispatch.rules.files import Taken
from dispatch.rules.roles import CENTRE_ROLES, Role
from dispatch.rules.ticket_state import OPEN_STATES, State
from dispatch.tickets import log
from dispatch.vault import Vault

PER_TICKET: Final = 60
FROM_CALLER: Final = 20
"""How many files one ticket holds, and how many of them its caller may send in himself."""

_OPEN_NONE: Final = frozenset({Role.AUDITOR, Role.INSPECTOR, Role.UNION_ADMINISTRATOR})
"""Who reads tickets masked: a photograph cannot be."""
_REMOVERS: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file as a reader of its ticket sees it; `may_open` says whether he may also have its content."""

    key: str
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    at: datetime
    by_kind: str
    for_union: bool
    may_open: bool
    may_release: bool
    may_remove: bool


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that lies in the vault and is on no ticket yet."""

    key: str
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    source_sha256: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A file's content for whoever may have it."""

    name: str
    media_type: str
    sha256: str
    content: bytes


def attachments_of(session: Session, actor: Actor, number: str) -> tuple[AttachmentView, ...]:
    """Return the ticket's files that this actor may know of, oldest first; raises NotFound."""
    ticket = find_ticket(session, actor, number)
    if ticket.id in withheld(session, actor, [ticket]):
        return ()
    return tuple(_view(actor, row) for row in _rows(session, ticket) if _may_know(actor, row))


def attach(
    session: Session, actor: Actor, number: str, taken: Taken, *, source: bytes, vault: Vault, now: datetime
) -> AttachmentView:
    """Keep a file on an open ticket; the same file sent again by the same side is the one that is there.

    `source` is what was sent in, before `take_in` made `taken` of it. Raises NotFound, NotAllowed, WrongState, Invalid.
    """
    ticket = find_ticket(session, actor, number, lock=True)
    if not _may_add(actor):
        raise NotAllowed("attach", f"“{actor.role.label}”不能添加附件")
    if State(ticket.state) not in OPEN_STATES:
        raise WrongState(number, "attach", ticket.state, "工单已经办结，不能再添加附件")
    by, digest = actor.by, hashlib.sha256(source).hexdigest()
    rows = _rows(session, ticket)
    for row in rows:
        if row.source_sha256 == digest and (row.by_kind, row.by_id) == (by.kind, by.id):
            return _view(actor, row)
    if len(rows) >= PER_TICKET or (
        by.kind == "caller" and sum(row.by_kind == "caller" for row in rows) >= FROM_CALLER
    ):
        raise Invalid({"file": "这张工单的附件已满，请联系12351处理"})
    row = Attachment(
        key=vault.new_name(),
        ticket_id=ticket.id,
        kind=taken.kind,
        name=taken.name,
        media_type=taken.media_type,
        size=len(taken.content),
        sha256=hashlib.sha256(taken.content).hexdigest(),
        source_sha256=digest,
        # What shows a worker's face or hand goes to a union only with his name, or when somebody has looked at it.
        for_union=actor.of_union or (by.kind == "caller" and ticket.disclosure in DISCLOSED),
        created_at=now,
        by_kind=by.kind,
        by_id=by.id,
    )
    session.add(row)
    session.flush()
    key = row.key
    event.listen(session, "after_rollback", lambda _: vault.remove(key), once=True)
    vault.put(key, taken.content)
    _log(session, actor, ticket, "AttachmentAdded", row, now=now)
    scope.rewrite(session, ticket, now=now)
    return _view(actor, row)


def take_over(
    session: Session, actor: Actor, number: str, kept: KeptFile, *, now: datetime
) -> AttachmentView:
    """Put a file on an open ticket that lies in the vault already; raises NotFound, WrongState.

    So comes the evidence of a request that was written before there was a ticket.
    """
    ticket = find_ticket(session, actor, number, lock=True)
    if State(ticket.state) not in OPEN_STATES:
        raise WrongState(number, "attach", ticket.state, "工单已经办结，不能再添加附件")
    by = actor.by
    row = Attachment(
        key=kept.key,
        ticket_id=ticket.id,
        kind=kept.kind,
        name=kept.name,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
        source_sha256=kept.source_sha256,
        for_union=by.kind == "caller" and ticket.disclosure in DISCLOSED,
        created_at=now,
        by_kind=by.kind,
        by_id=by.id,
    )
    session.add(row)
    session.flush()
    _log(session, actor, ticket, "AttachmentAdded", row, now=now)
    scope.rewrite(session, ticket, now=now)
    return _view(actor, row)


def open_attachment(
    session: Session, actor: Actor, number: str, key: str, *, vault: Vault, now: datetime
) -> Opened:
    """Return a file's content and write down who opened it; raises NotFound, NotAllowed, FileDamaged."""
    ticket = find_ticket(session, actor, number)
    row = _row(session, actor, ticket, key)
    if not _may_open(actor, row):
        raise NotAllowed("open_attachment", f"“{actor.role.label}”不能打开附件")
    content = vault.get(row.key)
    if not (actor.by.kind == row.by_kind and actor.by.id == row.by_id):
        _log(session, actor, ticket, "AttachmentOpened", row, now=now)
    return Opened(row.name, row.media_type, row.sha256, content)


def file_for_partner(session: Session, key: str, *, vault: Vault, now: datetime) -> Opened:
    """Return a file that was offered to a partner by an address of our own; raises NotFound once it may not be had."""
    found = session.execute(
        select(Attachment, Ticket)
        .join(Ticket, Ticket.id == Attachment.ticket_id)
        .where(
            Attachment.key == key,
            Attachment.for_union,
            Attachment.removed_at.is_(None),
            Ticket.exchanged,
            Ticket.sealed.is_(False),
        )
    ).first()
    if found is None:
        raise NotFound("attachment", key)
    row, ticket = found
    content = vault.get(row.key)
    payload = {"attachment": row.id, "file_kind": row.kind, "size": row.size, "sha256": row.sha256}
    log(session, ticket, "AttachmentOpened", by=By("partner"), now=now, payload=payload)
    return Opened(row.name, row.media_type, row.sha256, content)


def release_attachment(
    session: Session, actor: Actor, number: str, key: str, *, now: datetime
) -> AttachmentView:
    """Let the unions that handle the ticket open a file; somebody of the centre has looked at what it shows."""
    ticket = find_ticket(session, actor, number, lock=True)
    row = _row(session, actor, ticket, key)
    if not _may_release(actor, row):
        raise NotAllowed("release_attachment", f"“{actor.role.label}”不能把附件提供给工会")
    if not row.for_union:
        row.for_union = True
        _log(session, actor, ticket, "AttachmentReleased", row, now=now)
        scope.rewrite(session, ticket, now=now)
    return _view(actor, row)


def remove_attachment(
    session: Session, actor: Actor, number: str, key: str, *, reason: str, vault: Vault, now: datetime
) -> None:
    """Take away a file that does not belong there; that it was there stays on record."""
    ticket = find_ticket(session, actor, number, lock=True)
    row = _row(session, actor, ticket, key)
    if not reason.strip():
        raise Missing("remove_attachment", {"reason": "请填写移除附件的理由"})
    if not _may_remove(actor, row):
        raise NotAllowed("remove_attachment", f"“{actor.role.label}”不能移除这个附件")
    _log(session, actor, ticket, "AttachmentRemoved", row, now=now, reason=reason.strip())
    row.removed_at, row.name = now, ""
    # A file whose row is still there must be there too.
    event.listen(session, "after_commit", lambda _: vault.remove(key), once=True)
    scope.rewrite(session, ticket, now=now)


def _log(
    session: Session,
    actor: Actor,
    ticket: Ticket,
    kind: str,
    row: Attachment,
    *,
    now: datetime,
    reason: str | None = None,
) -> None:
    personal = {"file": row.name} if reason is None else {"file": row.name, "reason": reason}
    payload = {"attachment": row.id, "file_kind": row.kind, "size": row.size, "sha256": row.sha256}
    log(session, ticket, kind, by=actor.by, now=now, payload=payload, personal=personal)


def _rows(session: Session, ticket: Ticket) -> Sequence[Attachment]:
    query = select(Attachment).where(Attachment.ticket_id == ticket.id, Attachment.removed_at.is_(None))
    return session.scalars(query.order_by(Attachment.id)).all()


def _row(session: Session, actor: Actor, ticket: Ticket, key: str) -> Attachment:
    row = session.scalar(
        select(Attachment).where(
            Attachment.key == key, Attachment.ticket_id == ticket.id, Attachment.removed_at.is_(None)
        )
    )
    if row is None or not _may_know(actor, row) or ticket.id in withheld(session, actor, [ticket]):
        raise NotFound("attachment", key)
    return row


def _view(actor: Actor, row: Attachment) -> AttachmentView:
    return AttachmentView(
        key=row.key,
        kind=row.kind,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        at=row.created_at,
        by_kind=row.by_kind,
        for_union=row.for_union,
        may_open=_may_open(actor, row),
        may_release=_may_release(actor, row),
        may_remove=_may_remove(actor, row),
    )


def _may_add(actor: Actor) -> bool:
    return actor.role not in _OPEN_NONE


def _may_know(actor: Actor, row: Attachment) -> bool:
    if actor.of_union:
        return row.for_union
    if actor.role is Role.CALLER:
        # What unions and the centre file among themselves is not the caller's.
        return row.by_kind == "caller"
    return True


def _may_open(actor: Actor, row: Attachment) -> bool:
    return actor.role not in _OPEN_NONE and _may_know(actor, row)


def _may_release(actor: Actor, row: Attachment) -> bool:
    return not row.for_union and actor.role in CENTRE_ROLES and _may_open(actor, row)


def _may_remove(actor: Actor, row: Attachment) -> bool:
    own = actor.user_id is not None and (row.by_kind, row.by_id) == ("user", actor.user_id)
    return own or actor.role in _REMOVERS
