"""Files on tickets: sending them in, listing them, and opening them; each opening is on record."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from agent_console.permissions import Action, Visit, requires
from dispatch.attachments import (
    attach,
    attachments_of,
    open_attachment,
    release_attachment,
    remove_attachment,
)
from dispatch.rules.files import FILE_LIMIT, take_in

router = APIRouter(prefix="/api/tickets/{number}/attachments", tags=["attachments"])
Adder = Annotated[Visit, requires(Action.ATTACHMENT_ADD)]
Reader = Annotated[Visit, requires(Action.ATTACHMENT_READ)]
Keeper = Annotated[Visit, requires(Action.ATTACHMENT_KEEP)]


class AttachmentOut(BaseModel):
    """A file on a ticket; its content is asked for by its `key`."""

    model_config = ConfigDict(from_attributes=True)

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


class RemoveIn(BaseModel):
    """Why a file does not belong on the ticket."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=300)]


@router.get("")
def listed(number: str, visit: Reader) -> list[AttachmentOut]:
    """Return the ticket's files that the reader may know of, oldest first."""
    with visit.reading() as session:
        return [AttachmentOut.model_validate(each) for each in attachments_of(session, visit.actor, number)]


@router.post("", status_code=201)
def sent_in(number: str, file: Annotated[UploadFile, File()], visit: Adder) -> AttachmentOut:
    """Keep a file; the same file sent again is the one that is there."""
    content = file.file.read(FILE_LIMIT + 1)
    taken = take_in(file.filename or "", content)
    with visit.writing() as session:
        kept = attach(
            session,
            visit.actor,
            number,
            taken,
            source=content,
            vault=visit.services.vault,
            now=visit.now,
        )
        return AttachmentOut.model_validate(kept)


@router.get("/{key}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def opened(number: str, key: str, visit: Reader) -> Response:
    """Return a file's content, and write down who opens it."""
    with visit.writing() as session:
        found = open_attachment(session, visit.actor, number, key, vault=visit.services.vault, now=visit.now)
    return file_response(found.name, found.media_type, found.content)


@router.post("/{key}/release")
def released(number: str, key: str, visit: Keeper) -> AttachmentOut:
    """Let the unions that handle the ticket open the file."""
    with visit.writing() as session:
        return AttachmentOut.model_validate(
            release_attachment(session, visit.actor, number, key, now=visit.now)
        )


@router.post("/{key}/remove", status_code=204)
def removed(number: str, key: str, given: RemoveIn, visit: Keeper) -> None:
    """Take away a file that does not belong there; that it was there stays on record."""
    with visit.writing() as session:
        remove_attachment(
            session,
            visit.actor,
            number,
            key,
            reason=given.reason,
            vault=visit.services.vault,
            now=visit.now,
        )


def file_response(name: str, media_type: str, content: bytes) -> Response:
    """Return a file as nothing but a file: no page of this site, kept nowhere, under its own name."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)
