"""What forms choose from: categories, places, unions, employers and the people of a union."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from agent_console.api.schemas import CategoryOut, EmployerOut, Line, RegionOut, UnionOut, UserOut
from agent_console.api.shapes import category_out
from agent_console.permissions import Action, Visit, requires
from dispatch import reference

router = APIRouter(prefix="/api", tags=["reference"])
ReferenceVisit = Annotated[Visit, requires(Action.REFERENCE_READ)]


@router.get("/categories")
def categories(visit: ReferenceVisit) -> list[CategoryOut]:
    """Return every category in the catalogue's order."""
    return [category_out(each) for each in visit.services.policy.catalogue.categories.values()]


@router.get("/regions")
def regions(visit: ReferenceVisit, parent: Line | None = None, prefix: Line | None = None) -> list[RegionOut]:
    """Return the places below `parent`, or those whose code or name begins with `prefix`; else the provinces."""
    with visit.reading() as session:
        found = reference.regions(session, parent=parent, prefix=prefix)
        return [RegionOut.model_validate(each) for each in found]


@router.get("/unions")
def unions(
    visit: ReferenceVisit,
    q: Line | None = None,
    parent: int | None = None,
    level: Line | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[UnionOut]:
    """Return unions by part of the name or beginning of the code, the upper levels first."""
    with visit.reading() as session:
        found = reference.unions(session, q=q, parent=parent, level=level, limit=limit)
        return [UnionOut.model_validate(each) for each in found]


@router.get("/employers")
def employers(visit: ReferenceVisit, q: Line = "") -> list[EmployerOut]:
    """Return employers by part of the name or by uscc, with the open tickets which the reader may see."""
    with visit.reading() as session:
        found = reference.employers(session, visit.actor, q=q)
        return [EmployerOut.model_validate(each) for each in found]


@router.get("/users")
def users(visit: ReferenceVisit, union_id: int | None = None, q: Line | None = None) -> list[UserOut]:
    """Return the people of a union, of the reader's own where none is named; with `q` the hotline's own by name."""
    with visit.reading() as session:
        if q is not None:
            people = reference.people_of_centre(session, visit.actor, q)
            return [UserOut.model_validate(each) for each in people]
        found = reference.users_of_union(session, visit.actor, union_id)
        return [UserOut.model_validate(each) for each in found]
