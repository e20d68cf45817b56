"""The web form: kept on the server while it is written, sent once, answered with a number and a code shown once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, File, Path, Query, Response, UploadFile

from agent_console.api.problem_answers import PUBLIC
from agent_console.api.public_schemas import (
    BeginIn,
    ChoiceOut,
    ChoicesOut,
    DraftFileOut,
    DraftOut,
    PlaceOut,
    RequestForm,
    SaveIn,
    SendIn,
    SentOut,
    SuggestedOut,
)
from agent_console.api.schemas import Line
from agent_console.permissions import open_to_all
from agent_console.public_guests import (
    DRAFT_COOKIE,
    DRAFT_PATH,
    TICKET_COOKIE,
    TICKET_PATH,
    Guest,
    Stranger,
)
from dispatch import reference
from dispatch.errors import Invalid
from dispatch.rules.files import FILE_LIMIT, take_in
from dispatch.suggestions import suggest
from hotline.public import request_files, requests
from hotline.public.models import RequestDraft, RequestFile

router = APIRouter(
    prefix="/api/public",
    tags=["public"],
    dependencies=[open_to_all("anybody may ask the union for help")],
    responses=PUBLIC,
)
NOT_FOR_FORMS: Final = frozenset({"void_call", "crisis", "mass_incident"})
"""Categories that a person gives."""
SUGGESTED_AT_MOST: Final = 3


@router.post("/request", status_code=201)
def begin(given: BeginIn, guest: Stranger, response: Response) -> DraftOut:
    """Begin a draft; the browser gets a cookie that opens it again."""
    public = guest.services.public
    with guest.writing() as session:
        token, draft = requests.begin(
            session, given.form.model_dump(mode="json"), address=guest.address, public=public, now=guest.now
        )
        kept = _draft(draft, ())
    guest.keep(response, DRAFT_COOKIE, token, path=DRAFT_PATH, age=public.draft_kept)
    return _with_suggestions(kept, guest)


@router.get("/request")
def read(guest: Stranger) -> DraftOut:
    """Return the draft that this browser has begun."""
    with guest.reading() as session:
        draft = requests.unsent(session, guest.draft_token, now=guest.now)
        kept = _draft(draft, request_files.files_of(session, draft.token_sha256))
    return _with_suggestions(kept, guest)


@router.put("/request")
def save(given: SaveIn, guest: Stranger) -> DraftOut:
    """Keep the form as it is now; 409 where another tab was faster."""
    with guest.writing() as session:
        draft = requests.save(
            session,
            guest.draft_token,
            given.form.model_dump(mode="json"),
            version=given.version,
            address=guest.address,
            public=guest.services.public,
            now=guest.now,
        )
        kept = _draft(draft, request_files.files_of(session, draft.token_sha256))
    return _with_suggestions(kept, guest)


@router.post("/request/attachments", status_code=201)
def send_file(file: Annotated[UploadFile, File()], guest: Stranger) -> DraftFileOut:
    """Keep evidence with the draft; the same file sent again is the one that is there."""
    content = file.file.read(FILE_LIMIT + 1)
    taken = take_in(file.filename or "", content)
    services = guest.services
    with guest.writing() as session:
        draft = requests.unsent(session, guest.draft_token, now=guest.now, lock=True)
        kept = request_files.keep(
            session,
            draft,
            taken,
            source=content,
            address=guest.address,
            public=services.public,
            vault=services.vault,
            now=guest.now,
        )
        return DraftFileOut.model_validate(kept)


@router.delete("/request/attachments/{key}", status_code=204)
def remove_file(key: Annotated[str, Path(max_length=32)], guest: Stranger) -> None:
    """Take a file away again."""
    with guest.writing() as session:
        draft = requests.unsent(session, guest.draft_token, now=guest.now, lock=True)
        request_files.remove(session, draft, key, vault=guest.services.vault)


@router.delete("/request", status_code=204)
def discard(guest: Stranger, response: Response) -> None:
    """Erase the draft, or forget the answer of a request that was sent."""
    with guest.writing() as session:
        requests.discard(session, guest.draft_token, vault=guest.services.vault)
    guest.drop(response, DRAFT_COOKIE, path=DRAFT_PATH)


@router.post("/request/send")
def send(given: SendIn, guest: Stranger, response: Response) -> SentOut:
    """Make a request of the draft, once; sent again after a lost answer it answers the same."""
    if given.website:
        raise Invalid({"website": "请把这一栏留空"})
    services = guest.services
    with guest.writing() as session:
        sent = requests.send(
            session,
            guest.draft_token,
            version=given.version,
            address=guest.address,
            policy=services.policy,
            public=services.public,
            now=guest.now,
        )
    if sent.token:
        age = services.public.open_longest
        guest.keep(response, TICKET_COOKIE, sent.token, path=TICKET_PATH, age=age)
    return SentOut.model_validate(sent)


@router.get("/choices")
def choices(guest: Stranger) -> ChoicesOut:
    """Return what a form may choose from."""
    policy = guest.services.policy
    found = [each for each in policy.catalogue.categories.values() if each.code not in NOT_FOR_FORMS]
    return ChoicesOut(province=policy.province, categories=[ChoiceOut.model_validate(each) for each in found])


@router.get("/regions")
def regions(guest: Stranger, parent: Annotated[Line | None, Query()] = None) -> list[PlaceOut]:
    """Return the places below `parent`, else the provinces."""
    with guest.reading() as session:
        return [
            PlaceOut.model_validate(each) for each in reference.regions(session, parent=parent, prefix=None)
        ]


def _draft(draft: RequestDraft, files: Sequence[RequestFile]) -> DraftOut:
    return DraftOut(
        version=draft.version,
        form=RequestForm.model_validate(draft.content),
        saved_at=draft.updated_at,
        expires_at=draft.expires_at,
        suggestions=[],
        crisis=False,
        files=[DraftFileOut.model_validate(each) for each in files],
    )


def _with_suggestions(kept: DraftOut, guest: Guest) -> DraftOut:
    """Add what the words suggest; outside of any transaction, since cutting a long text takes its time."""
    said = f"{kept.form.wish} {kept.form.text}".strip()
    if not said:
        return kept
    found = suggest(said, headcount=None, category=None, policy=guest.services.policy)
    offered = [each for each in found.categories if each.code not in NOT_FOR_FORMS]
    suggestions = [SuggestedOut.model_validate(each) for each in offered[:SUGGESTED_AT_MOST]]
    return kept.model_copy(update={"suggestions": suggestions, "crisis": bool(found.crisis_words)})
