"""Files of posts with their deputies, absences, rosters, and persons tied to employers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from dispatch import scope
from dispatch.import_tables import Cells, Lookups, Table, local, moment_of, wrong_span
from dispatch.kinship import tickets_about, with_branches
from dispatch.models.people import User
from dispatch.models.places import Absence, Duty, Post, ServicePoint
from dispatch.models.unions import Employer, EmployerTie, Union
from dispatch.union_tree import hold_tree


def _posts(session: Session) -> Iterator[Cells]:
    holder, deputy = aliased(User), aliased(User)
    query = (
        select(Post, Union.code, ServicePoint.code, holder.name, deputy.name)
        .join(Union, Union.id == Post.union_id)
        .outerjoin(ServicePoint, ServicePoint.id == Post.service_point_id)
        .outerjoin(holder, holder.id == Post.holder_id)
        .outerjoin(deputy, deputy.id == Post.deputy_id)
    )
    for post, union, point, holds, stands_in in session.execute(query):
        yield {
            "code": post.code,
            "name": post.name,
            "union_code": union,
            "service_point_code": point or "",
            "holder": holds or "",
            "deputy": stands_in or "",
        }


def _not_of_union(row: Cells, column: str, lookups: Lookups) -> Iterator[str]:
    user = lookups.in_use(row[column])
    if user is None:
        yield f"没有在用账号“{row[column]}”"
    elif user.union_id != lookups.unions.get(row["union_code"]):
        yield f"账号“{row[column]}”不属于工会“{row['union_code']}”"


def _check_post(row: Cells, lookups: Lookups) -> Iterator[str]:
    if not row["name"]:
        yield "缺少name"
    if not lookups.has_union(row["union_code"]):
        yield f"没有工会“{row['union_code']}”"
        return
    if row["service_point_code"] and row["service_point_code"] not in lookups.points:
        yield f"没有服务点“{row['service_point_code']}”"
    for column in ("holder", "deputy"):
        if row[column]:
            yield from _not_of_union(row, column, lookups)
    if row["holder"] and row["holder"] == row["deputy"]:
        yield "A岗和B岗不能是同一人"


def _write_post(session: Session, row: Cells, lookups: Lookups) -> None:
    post = session.scalar(select(Post).where(Post.code == row["code"]))
    if post is None:
        post = Post(code=row["code"])
        session.add(post)
    post.name, post.union_id = row["name"], lookups.unions[row["union_code"]]
    post.service_point_id = lookups.points.get(row["service_point_code"])
    post.holder_id, post.deputy_id = _id(row, "holder", lookups), _id(row, "deputy", lookups)


def _id(row: Cells, column: str, lookups: Lookups) -> int | None:
    return lookups.users[row[column]].id if row[column] else None


def _remove_post(session: Session, row: Cells, _: Lookups) -> None:
    session.delete(session.scalars(select(Post).where(Post.code == row["code"])).one())


POSTS: Final = Table(
    columns={"code": 32, "name": 60, "union_code": 32, "service_point_code": 32, "holder": 64, "deputy": 64},
    key=("code",),
    event="PostsImported",
    read=_posts,
    check=_check_post,
    write=_write_post,
    remove=_remove_post,
)


def _absences(session: Session) -> Iterator[Cells]:
    for absence, name in session.execute(select(Absence, User.name).join(User, User.id == Absence.user_id)):
        yield {
            "user": name,
            "begins_at": local(absence.begins_at),
            "ends_at": local(absence.ends_at),
            "reason": absence.reason,
        }


def _check_absence(row: Cells, lookups: Lookups) -> Iterator[str]:
    yield from wrong_span(row)
    if lookups.in_use(row["user"]) is None:
        yield f"没有在用账号“{row['user']}”"


def _find_absence(session: Session, row: Cells, lookups: Lookups) -> Absence | None:
    return session.scalar(
        select(Absence).where(
            Absence.user_id == lookups.users[row["user"]].id, Absence.begins_at == moment_of(row["begins_at"])
        )
    )


def _write_absence(session: Session, row: Cells, lookups: Lookups) -> None:
    absence = _find_absence(session, row, lookups)
    if absence is None:
        absence = Absence(user_id=lookups.users[row["user"]].id, begins_at=moment_of(row["begins_at"]))
        session.add(absence)
    ends_at = moment_of(row["ends_at"])
    if ends_at is not None:
        absence.ends_at = ends_at
    absence.reason = row["reason"]


def _remove_absence(session: Session, row: Cells, lookups: Lookups) -> None:
    session.delete(_find_absence(session, row, lookups))


ABSENCES: Final = Table(
    columns={"user": 64, "begins_at": 16, "ends_at": 16, "reason": 100},
    key=("user", "begins_at"),
    event="AbsencesImported",
    read=_absences,
    check=_check_absence,
    write=_write_absence,
    remove=_remove_absence,
)


def _duties(session: Session) -> Iterator[Cells]:
    query = (
        select(Duty, Union.code, User.name)
        .join(Union, Union.id == Duty.union_id)
        .join(User, User.id == Duty.user_id)
    )
    for duty, union, name in session.execute(query):
        yield {
            "union_code": union,
            "user": name,
            "begins_at": local(duty.begins_at),
            "ends_at": local(duty.ends_at),
            "phone": duty.phone or "",
        }


def _check_duty(row: Cells, lookups: Lookups) -> Iterator[str]:
    yield from wrong_span(row)
    if not lookups.has_union(row["union_code"]):
        yield f"没有工会“{row['union_code']}”"
    else:
        yield from _not_of_union(row, "user", lookups)


def _find_duty(session: Session, row: Cells, lookups: Lookups) -> Duty | None:
    return session.scalar(
        select(Duty).where(
            Duty.union_id == lookups.unions[row["union_code"]],
            Duty.user_id == lookups.users[row["user"]].id,
            Duty.begins_at == moment_of(row["begins_at"]),
        )
    )


def _write_duty(session: Session, row: Cells, lookups: Lookups) -> None:
    duty = _find_duty(session, row, lookups)
    if duty is None:
        duty = Duty(
            union_id=lookups.unions[row["union_code"]],
            user_id=lookups.users[row["user"]].id,
            begins_at=moment_of(row["begins_at"]),
        )
        session.add(duty)
    ends_at = moment_of(row["ends_at"])
    if ends_at is not None:
        duty.ends_at = ends_at
    duty.phone = row["phone"] or None


def _remove_duty(session: Session, row: Cells, lookups: Lookups) -> None:
    session.delete(_find_duty(session, row, lookups))


ROSTERS: Final = Table(
    columns={"union_code": 32, "user": 64, "begins_at": 16, "ends_at": 16, "phone": 20},
    key=("union_code", "user", "begins_at"),
    event="RostersImported",
    read=_duties,
    check=_check_duty,
    write=_write_duty,
    remove=_remove_duty,
)


def _ties(session: Session) -> Iterator[Cells]:
    query = (
        select(Employer.uscc, User.name, EmployerTie.reason)
        .join(Employer, Employer.id == EmployerTie.employer_id)
        .join(User, User.id == EmployerTie.user_id)
        .where(Employer.uscc.is_not(None))
    )
    for code, name, reason in session.execute(query):
        yield {"employer_uscc": code or "", "user": name, "reason": reason}


def _check_tie(row: Cells, lookups: Lookups) -> Iterator[str]:
    if row["employer_uscc"] not in lookups.employers:
        yield f"没有用人单位“{row['employer_uscc']}”"
    if lookups.in_use(row["user"]) is None:
        yield f"没有在用账号“{row['user']}”"
    if not row["reason"]:
        yield "缺少reason"


def _find_tie(session: Session, row: Cells, lookups: Lookups) -> EmployerTie | None:
    return session.get(EmployerTie, (lookups.employers[row["employer_uscc"]], lookups.users[row["user"]].id))


def _write_tie(session: Session, row: Cells, lookups: Lookups) -> None:
    tie = _find_tie(session, row, lookups)
    if tie is None:
        tie = EmployerTie(
            employer_id=lookups.employers[row["employer_uscc"]], user_id=lookups.users[row["user"]].id
        )
        session.add(tie)
    tie.reason = row["reason"]


def _remove_tie(session: Session, row: Cells, lookups: Lookups) -> None:
    session.delete(_find_tie(session, row, lookups))


def _recuse(session: Session, rows: Sequence[Cells], lookups: Lookups, now: datetime) -> None:
    """A tie takes effect at once, on the open tickets as on the old ones."""
    hold_tree(session)
    employers = {lookups.employers[row["employer_uscc"]] for row in rows}
    scope.rewrite_all(session, tickets_about(session, with_branches(session, employers)), now=now)


EMPLOYER_TIES: Final = Table(
    columns={"employer_uscc": 40, "user": 64, "reason": 200},
    key=("employer_uscc", "user"),
    event="EmployerTiesImported",
    read=_ties,
    check=_check_tie,
    write=_write_tie,
    remove=_remove_tie,
    after=_recuse,
)
