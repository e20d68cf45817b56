"""The board of deadlines: what is late and what is due soon."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from agent_console.api.sla_schemas import BoardOut, BoardPageOut, BoardQuery, ColumnQuery
from agent_console.permissions import Action, Visit, requires
from dispatch.sla_board import BoardReader, Column

router = APIRouter(prefix="/api/sla", tags=["sla"])
Reader = Annotated[Visit, requires(Action.SLA_BOARD_READ)]


@router.get("/board")
def board(visit: Reader, query: Annotated[BoardQuery, Query()]) -> BoardOut:
    """Return each column's nearest deadlines and counts, and how many of each row stand in it."""
    with visit.reading() as session:
        reader = BoardReader(session, visit.actor, by=query.by, policy=visit.services.policy, now=visit.now)
        return BoardOut.model_validate(reader.board(row=query.row, limit=query.limit))


@router.get("/board/{column}")
def column(column: Column, visit: Reader, query: Annotated[ColumnQuery, Query()]) -> BoardPageOut:
    """Return the following page of one column."""
    with visit.reading() as session:
        reader = BoardReader(session, visit.actor, by=query.by, policy=visit.services.policy, now=visit.now)
        cards, following = reader.page(column, row=query.row, after=query.after, limit=query.limit)
        return BoardPageOut.model_validate({"cards": cards, "next": following}, from_attributes=True)
