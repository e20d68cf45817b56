"""Signing in, who is signed in, and signing out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from agent_console import auth, lockout
from agent_console.api.schemas import SessionOut, SignIn, UserOut
from agent_console.api.shapes import user_out
from agent_console.auth import COOKIE, SignedIn
from agent_console.console import Console, console_of
from agent_console.lockout import Attempt
from agent_console.permissions import Action, Visit, actions_of, open_to_all, requires
from dispatch.models.people import User
from dispatch.rules.roles import ACCOUNT_ROLES, Role
from hotline.errors import WrongCredentials
from hotline.line.signing_out import signed_out

router = APIRouter(prefix="/api/session", tags=["session"])
SessionVisit = Annotated[Visit, requires(Action.SESSION)]


@router.post("", dependencies=[open_to_all("nobody is signed in yet")])
async def sign_in(given: SignIn, request: Request, response: Response) -> SessionOut:
    """Begin a session: `hotline_session` comes back as a cookie that scripts cannot read."""
    console = console_of(request)
    now = console.services.now()
    address = request.client.host if request.client else ""
    attempt, user = await run_in_threadpool(_begin_attempt, console, given.name, address, now)
    known = user is not None and user.role in ACCOUNT_ROLES and user.role != Role.PARTNER
    matches, renewed = await console.passwords.matches(
        given.password, user.password_hash if user is not None and known else None
    )
    if user is None or not matches:
        raise WrongCredentials
    token, signed_in = await run_in_threadpool(_begin_session, console, request, attempt, user, renewed, now)
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=console.over_tls, path="/")
    return await run_in_threadpool(_session_out, console, signed_in, now)


@router.get("")
def read_session(visit: SessionVisit) -> SessionOut:
    """Say who is signed in, until when, and what he may do."""
    return _session_out(visit.console, visit.signed_in, visit.now)


@router.delete("", status_code=204)
def sign_out(visit: SessionVisit, response: Response) -> None:
    """End the session at once, on the server; its sockets are closed within two seconds."""
    with visit.writing() as session:
        auth.end_session(session, visit.signed_in.token_sha256, now=visit.now)
        signed_out(session, visit.actor.user_id or 0, lines=visit.services.lines, now=visit.now)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=visit.console.over_tls)


def _begin_attempt(console: Console, name: str, address: str, now: datetime) -> tuple[Attempt, User | None]:
    with console.services.database.writing() as session:
        attempt = lockout.begin_attempt(session, name, address, now=now)
        return attempt, auth.find_account(session, name)


def _begin_session(
    console: Console, request: Request, attempt: Attempt, user: User, renewed: str | None, now: datetime
) -> tuple[str, SignedIn]:
    with console.services.database.writing() as session:
        lockout.succeed(session, attempt)
        if renewed is not None:
            session.get_one(User, user.id).password_hash = renewed
        token = auth.begin_session(
            session,
            user.id,
            now=now,
            user_agent=request.headers.get("user-agent", ""),
            replaces=request.cookies.get(COOKIE),
        )
        session.flush()
        signed_in = auth.find_session(session, token, now=now)
    if signed_in is None:
        # Disabled between the check of the password and now.
        raise WrongCredentials
    return token, signed_in


def _session_out(console: Console, signed_in: SignedIn, now: datetime) -> SessionOut:
    user_id = signed_in.actor.user_id
    with console.services.database.reading() as session:
        user: UserOut = user_out(auth.account_of(session, user_id or 0))
    return SessionOut(
        user=user,
        expires_at=signed_in.expires_at,
        server_time=now,
        actions=list(actions_of(signed_in.actor.role)),
        password_temporary=signed_in.password_temporary,
    )
