"""The dispatcher's pool: returned, objected and unroutable tickets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from agent_console.api.pool_schemas import PoolOut, PoolQuery
from agent_console.permissions import Action, Visit, requires
from dispatch.dispatch_pool import dispatch_pool

router = APIRouter(prefix="/api/pool", tags=["lists"])
Dispatcher = Annotated[Visit, requires(Action.POOL_READ)]


@router.get("")
def pool(visit: Dispatcher, query: Annotated[PoolQuery, Query()]) -> PoolOut:
    """Return one tab of the pool with each ticket's reason, and how many lie in each tab."""
    policy, now = visit.services.policy, visit.now
    with visit.reading() as session:
        found = dispatch_pool(session, visit.actor, query.tab, policy=policy, now=now, limit=query.limit)
        return PoolOut.model_validate(found)
