"""Evidence that comes with a web form: kept in the vault beside the draft, and carried onto the ticket that it becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from dispatch.actors import caller_of
from dispatch.attachments import KeptFile, take_over
from dispatch.errors import Invalid, NotFound
from dispatch.models.tickets import Ticket
from dispatch.rules.files import Taken
from dispatch.vault import Vault
from hotline.public.limits import use
from hotline.public.models import RequestDraft, RequestFile
from hotline.public.policy import PublicPolicy

PER_DRAFT: Final = 8
"""Files; more may follow when there is a ticket."""


def keep(
    session: Session,
    draft: RequestDraft,
    taken: Taken,
    *,
    source: bytes,
    address: str,
    public: PublicPolicy,
    vault: Vault,
    now: datetime,
) -> RequestFile:
    """Keep a file with its draft, which is locked; the same file sent again is the one that is there.

    Raises Invalid, TooMany.
    """
    use(session, public, "draft_files_per_address_a_day", address, now=now)
    digest = hashlib.sha256(source).hexdigest()
    rows = files_of(session, draft.token_sha256)
    for row in rows:
        if row.source_sha256 == digest:
            return row
    if len(rows) >= PER_DRAFT:
        raise Invalid({"file": f"随表单最多提交{PER_DRAFT}个文件，其余请在提交后补充"})
    row = RequestFile(
        key=vault.new_name(),
        draft_sha256=draft.token_sha256,
        kind=taken.kind,
        name=taken.name,
        media_type=taken.media_type,
        size=len(taken.content),
        sha256=hashlib.sha256(taken.content).hexdigest(),
        source_sha256=digest,
        created_at=now,
    )
    session.add(row)
    session.flush()
    key = row.key
    event.listen(session, "after_rollback", lambda _: vault.remove(key), once=True)
    vault.put(key, taken.content)
    return row


def files_of(session: Session, draft_sha256: str) -> Sequence[RequestFile]:
    """Return a draft's files, oldest first."""
    query = select(RequestFile).where(RequestFile.draft_sha256 == draft_sha256)
    return session.scalars(query.order_by(RequestFile.created_at, RequestFile.key)).all()


def remove(session: Session, draft: RequestDraft, key: str, *, vault: Vault) -> None:
    """Take a file away again; raises NotFound, also for a file of somebody else's draft."""
    row = session.get(RequestFile, key)
    if row is None or row.draft_sha256 != draft.token_sha256:
        raise NotFound("request_file", key)
    _erase(session, [row], vault)


def remove_all(session: Session, draft_sha256: str, *, vault: Vault) -> None:
    """Take every file of a draft away."""
    _erase(session, files_of(session, draft_sha256), vault)


def carry_over(session: Session, draft: RequestDraft, ticket: Ticket, *, now: datetime) -> None:
    """Put the draft's files onto its ticket, as its caller's own; they stay where they lie."""
    rows = files_of(session, draft.token_sha256)
    for row in rows:
        kept = KeptFile(row.key, row.kind, row.name, row.media_type, row.size, row.sha256, row.source_sha256)
        take_over(session, caller_of(ticket.id), ticket.number, kept, now=now)
    session.execute(delete(RequestFile).where(RequestFile.draft_sha256 == draft.token_sha256))


def _erase(session: Session, rows: Sequence[RequestFile], vault: Vault) -> None:
    keys = [row.key for row in rows]
    session.execute(delete(RequestFile).where(RequestFile.key.in_(keys)))

    def let_go(_: Session) -> None:
        for key in keys:
            vault.remove(key)

    # A file whose row is still there must be there too.
    event.listen(session, "after_commit", let_go, once=True)
