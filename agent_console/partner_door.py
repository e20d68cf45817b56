"""The door for partners: no cookie, but a signature over each request, asked before anything of it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import select
from starlette.responses import JSONResponse, Response

from agent_console.console import Console, console_of
from agent_console.permissions import Action, SignedDoor
from dispatch.database import WritingSession
from dispatch.errors import DispatchError
from dispatch.exchange import Exchange
from dispatch.models.partners import Partner
from dispatch.partner_requests import Answered, Asked, KeyReused, Replayed, answered, remember
from dispatch.partners import secrets_of
from dispatch.rules.signed_request import (
    NONCE_HEADER,
    PARTNER_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignedRequest,
    is_fresh,
    is_signed,
)
from dispatch.unit_of_work import unit_of_work
from hotline.errors import NotSigned

REPEATED_HEADER: Final = "Idempotent-Replayed"
"""Says that an answer is the first one over again."""
_NOBODY: Final = ("whsec_" + "A" * 43 + "=",)
"""Tried for a partner that is not there, so that it takes as long to refuse as one that is."""


class _Raced(Exception):
    """The same key was answered while we were at it: what we did must not have happened."""


@dataclass(frozen=True, slots=True)
class PartnerVisit:
    """One request that a partner has signed."""

    console: Console
    partner_id: int
    asked: Asked
    now: datetime

    @contextmanager
    def writing(self) -> Iterator[WritingSession]:
        """Open the one transaction of a request."""
        services = self.console.services
        with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
            yield session

    def exchange(self, session: WritingSession) -> Exchange:
        """Return the partner before the use cases."""
        services = self.console.services
        partner = session.get_one(Partner, self.partner_id)
        return Exchange(
            session, partner, services.partners.codes(partner.code_map), services.policy, self.now
        )

    def look(self, read: Callable[[Exchange], BaseModel]) -> BaseModel:
        """Answer a question; its number is used up."""
        with self.writing() as session:
            if not remember(session, self.asked):
                raise Replayed(self.asked.nonce)
            return read(self.exchange(session))

    def once(self, key: str, act: Callable[[Exchange], BaseModel], *, status: int = 200) -> Response:
        """Do what is asked, or repeat the first answer where it was done before under this key."""
        asked = replace(self.asked, key=key)
        try:
            with self.writing() as session:
                first = answered(session, asked)
                if first is not None:
                    remember(session, asked)
                    return _again(first)
                answer = act(self.exchange(session)).model_dump(mode="json")
                _keep(session, asked, status, answer)
        except (Replayed, KeyReused):
            raise
        except (DispatchError, _Raced) as error:
            twin = self._twin(asked)
            if twin is not None:
                return _again(twin)
            if isinstance(error, _Raced):
                raise Replayed(asked.nonce) from error
            raise
        return JSONResponse(answer, status_code=status)

    def _twin(self, asked: Asked) -> Answered | None:
        """Use up the number of a request that was refused, and look whether its twin was answered meanwhile."""
        with self.writing() as session:
            first = answered(session, asked)
            remember(session, asked)
            return first


def _keep(session: WritingSession, asked: Asked, status: int, answer: dict[str, Any]) -> None:
    if not remember(session, asked, status=status, answer=answer):
        raise _Raced


class SignedRoute(APIRoute):
    """A route that lets nobody in, and reads nothing, before the signature is right."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the signature's check before it."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            body = await request.body()
            request.state.visit = await run_sync(_admit, request, body)
            return await answer(request)

        return handler


def signed(action: Action) -> Any:
    """Return the parameter default-marker by which a partner's endpoint takes its `PartnerVisit`."""
    return Depends(SignedDoor(action))


def _admit(request: Request, body: bytes) -> PartnerVisit:
    console = console_of(request)
    services, headers = console.services, request.headers
    now = services.now()
    asked = SignedRequest(
        request.method,
        _path(request),
        headers.get(TIMESTAMP_HEADER, ""),
        headers.get(NONCE_HEADER, ""),
        body,
    )
    if not is_fresh(asked, now=now, window=services.partners.window):
        raise NotSigned
    with services.database.reading() as session:
        partner_id = session.scalar(
            select(Partner.id).where(
                Partner.code == headers.get(PARTNER_HEADER, ""), Partner.disabled_at.is_(None)
            )
        )
        known = (
            secrets_of(session, partner_id, "inbound", key=services.partner_key, now=now)
            if partner_id is not None
            else ()
        )
    good = is_signed(asked, headers.get(SIGNATURE_HEADER, ""), known or _NOBODY)
    if not good or not known or partner_id is None:
        raise NotSigned
    digest = hashlib.sha256(f"{asked.method} {asked.path}\n".encode() + body).hexdigest()
    return PartnerVisit(console, partner_id, Asked(partner_id, asked.nonce, None, digest, now), now)


def _path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("ascii", "replace")


def _again(first: Answered) -> Response:
    return JSONResponse(first.answer, status_code=first.status, headers={REPEATED_HEADER: "true"})
