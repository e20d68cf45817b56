"""Accounts: the centre's administrator keeps all of them, a union's administrator those of his union and below."""

from __future__ import annotations

import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool

from agent_console import auth, lockout
from agent_console.api.schemas import Code, Line
from agent_console.api.user_schemas import (
    AccountChange,
    AccountDisable,
    AccountIn,
    AccountOut,
    AccountPage,
    AccountVersion,
    FilledPostOut,
    NewAccountOut,
    PasswordChange,
    PostIn,
)
from agent_console.permissions import Action, Visit, requires
from dispatch import account_views, accounts
from dispatch.errors import Invalid

router = APIRouter(prefix="/api", tags=["users"])
Reader = Annotated[Visit, requires(Action.USER_READ)]
Administrator = Annotated[Visit, requires(Action.USER_ADMINISTER)]
Person = Annotated[Visit, requires(Action.PASSWORD_CHANGE)]
UserId = Annotated[int, Path(ge=1, le=2**63 - 1)]

ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is misread on a slip of paper."""
MADE_LENGTH: Final = 14
_EDITABLE = {"display_name", "union_id", "deputy_id", "extension", "phone", "email", "skills", "role"}


@router.get("/users/accounts")
def listed(
    visit: Reader,
    q: Line | None = None,
    union_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    role: Code | None = None,
    disabled: bool | None = None,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AccountPage:
    """Return the accounts that the visitor administers; an auditor reads all."""
    with visit.reading() as session:
        found = account_views.accounts(
            session,
            visit.actor,
            q=q,
            union_id=union_id,
            role=role,
            disabled=disabled,
            after=after,
            limit=limit + 1,
        )
    items = [AccountOut.model_validate(each) for each in found[:limit]]
    return AccountPage(items=items, next=items[-1].id if len(found) > limit else None)


@router.post("/users", status_code=201)
def create(given: AccountIn, visit: Administrator) -> NewAccountOut:
    """Make an account; its password is made here, shown once, and must be changed at the first sign-in."""
    password, hashed = _made(visit)
    with visit.writing() as session:
        user = accounts.create_account(
            session,
            visit.actor,
            name=given.name,
            role=given.role,
            password_hash=hashed,
            fields=given.model_dump(include=_EDITABLE - {"role"}, exclude_none=True),
            now=visit.now,
        )
        line = account_views.account(session, visit.actor, user.id)
    return NewAccountOut(account=AccountOut.model_validate(line), password=password)


@router.get("/users/{user_id}")
def read(user_id: UserId, visit: Reader) -> AccountOut:
    """Return one account."""
    return _account(user_id, visit)


@router.patch("/users/{user_id}")
def change(user_id: UserId, given: AccountChange, visit: Administrator) -> AccountOut:
    """Change what is given; a new role or union holds at once, and closes the person's sockets."""
    changes = given.model_dump(include=_EDITABLE, exclude_unset=True)
    kept = {name: value for name, value in changes.items() if value is not None or name in _MAY_BE_EMPTY}
    with visit.writing() as session:
        accounts.change_account(
            session, visit.actor, user_id, version=given.version, changes=kept, now=visit.now
        )
    return _account(user_id, visit)


@router.post("/users/{user_id}/disable")
def disable(user_id: UserId, given: AccountDisable, visit: Administrator) -> AccountOut:
    """Shut an account: its sessions end at once, its sockets within two seconds."""
    with visit.writing() as session:
        accounts.disable_account(
            session, visit.actor, user_id, version=given.version, reason=given.reason, now=visit.now
        )
    return _account(user_id, visit)


@router.post("/users/{user_id}/enable")
def enable(user_id: UserId, given: AccountVersion, visit: Administrator) -> AccountOut:
    """Open a disabled account again."""
    with visit.writing() as session:
        accounts.enable_account(session, visit.actor, user_id, version=given.version, now=visit.now)
    return _account(user_id, visit)


@router.post("/users/{user_id}/reset_password")
def reset_password(user_id: UserId, given: AccountVersion, visit: Administrator) -> NewAccountOut:
    """Make a temporary password in place of a lost one; it is shown once, and every session ends."""
    password, hashed = _made(visit)
    with visit.writing() as session:
        accounts.reset_password(
            session, visit.actor, user_id, version=given.version, password_hash=hashed, now=visit.now
        )
    return NewAccountOut(account=_account(user_id, visit), password=password)


@router.put("/posts/{code}")
def fill_post(code: Line, given: PostIn, visit: Administrator) -> FilledPostOut:
    """Put a holder and a deputy (AB岗) on a union's post."""
    with visit.writing() as session:
        post = accounts.fill_post(
            session,
            visit.actor,
            code,
            holder_id=given.holder_id,
            deputy_id=given.deputy_id,
            now=visit.now,
        )
        return FilledPostOut.model_validate(post)


@router.put("/session/password", status_code=204)
async def change_password(given: PasswordChange, visit: Person) -> None:
    """Change one's own password; wrong guesses of the present one count as failed sign-ins."""
    await run_in_threadpool(_check_and_count, visit)
    with_hash = await run_in_threadpool(_present_hash, visit)
    matches, _ = await visit.console.passwords.matches(given.current, with_hash)
    if not matches:
        raise Invalid({"current": "现在的口令不正确"})
    if given.new == given.current:
        raise Invalid({"new": "新口令不能与现在的相同"})
    hashed = await run_in_threadpool(visit.console.passwords.hash, given.new)
    await run_in_threadpool(_keep_password, visit, hashed)


_MAY_BE_EMPTY: Final = frozenset({"union_id", "deputy_id", "extension", "phone", "email"})


def _made(visit: Visit) -> tuple[str, str]:
    password = "".join(secrets.choice(ALPHABET) for _ in range(MADE_LENGTH))
    # Hashed before the transaction: nobody waits for the writer's lock meanwhile.
    return password, visit.console.passwords.hash(password)


def _account(user_id: int, visit: Visit) -> AccountOut:
    with visit.reading() as session:
        return AccountOut.model_validate(account_views.account(session, visit.actor, user_id))


def _check_and_count(visit: Visit) -> None:
    with visit.services.database.writing() as session:
        lockout.begin_attempt(session, f"own:{visit.actor.user_id}", "", now=visit.now)


def _present_hash(visit: Visit) -> str:
    with visit.reading() as session:
        return auth.account_of(session, visit.actor.user_id or 0).user.password_hash


def _keep_password(visit: Visit, hashed: str) -> None:
    with visit.writing() as session:
        accounts.change_own_password(
            session, visit.actor, password_hash=hashed, keep=visit.signed_in.token_sha256, now=visit.now
        )
