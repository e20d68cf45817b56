"""Accounts as administrators keep them: made, changed, disabled, given a new password; each step is in the history."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from dispatch.account_views import administered, open_tickets, reached
from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, NotFound, VersionConflict
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.history import Notice
from dispatch.models.people import Session as BrowserSession
from dispatch.models.people import User
from dispatch.models.places import Post
from dispatch.models.unions import Union, UnionClosure
from dispatch.rules.phones import PhoneKind, normalise
from dispatch.rules.roles import ACCOUNT_ROLES, CENTRE_ROLES, UNION_ROLES, Role

EDITABLE: Final = frozenset(
    {"display_name", "role", "union_id", "deputy_id", "extension", "phone", "email", "skills"}
)
_NAME = re.compile(r"[\w.@-]{2,64}")
_EMAIL = re.compile(r"[^\s@<>\"',;:]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?")


def create_account(
    session: Session,
    actor: Actor,
    *,
    name: str,
    role: str,
    password_hash: str,
    fields: Mapping[str, Any],
    temporary: bool = True,
    now: datetime,
) -> User:
    """Make an account; raises Invalid, NotAllowed. A temporary password opens nothing but its own change."""
    name = unicodedata.normalize("NFKC", name).strip()
    wrong = {} if _NAME.fullmatch(name) else {"name": "账号为2至64位字母、数字、汉字或 . _ - @"}
    if not wrong and session.scalar(select(User.id).where(func.lower(User.name) == name.lower())) is not None:
        wrong["name"] = "已有这个账号"
    given = {"display_name": name, "skills": [], **_given(fields), "role": role}
    wrong |= _wrong(session, given, None)
    if wrong:
        raise Invalid(wrong)
    _require_reach(session, actor, given["role"], given.get("union_id"))
    user = User(
        name=name,
        password_hash=password_hash,
        password_temporary=temporary,
        created_at=now,
        **{field: given.get(field) for field in EDITABLE},
    )
    session.add(user)
    session.flush()
    told = {"user": user.id, "name": name, "role": role, "union": user.union_id}
    _note(session, actor.by, "UserAdded", told, now=now)
    return user


def change_account(
    session: Session, actor: Actor, user_id: int, *, version: int, changes: Mapping[str, Any], now: datetime
) -> User:
    """Change what is given; raises NotFound, NotAllowed, VersionConflict, Invalid.

    A new role or union holds from the next request on: open sockets close, and what he handles his union hears of.
    """
    user = _lock(session, actor, user_id, version)
    given = _given(changes)
    after = {field: given.get(field, getattr(user, field)) for field in EDITABLE}
    wrong = _wrong(session, after, user)
    if wrong:
        raise Invalid(wrong)
    moved = after["role"] != user.role or after["union_id"] != user.union_id
    if moved:
        _not_himself(actor, user, "不能更改自己的岗位或所属工会")
        _keep_an_administrator(session, user, leaves=after["role"] != user.role)
        _require_reach(session, actor, after["role"], after["union_id"])
        _tell_union(session, user, "已调离", now=now)
        _leave_posts(session, user)
        after["deputy_id"] = given.get("deputy_id")
    before = {field: getattr(user, field) for field in EDITABLE}
    for field, value in after.items():
        setattr(user, field, value)
    user.authority_version += 1
    session.flush()
    changed = sorted(field for field in EDITABLE if before[field] != after[field])
    told: dict[str, Any] = {"user": user.id, "changed": changed}
    if moved:
        told |= {"role": [before["role"], user.role], "union": [before["union_id"], user.union_id]}
    _note(session, actor.by, "UserChanged", told, now=now)
    return user


def disable_account(
    session: Session, actor: Actor, user_id: int, *, version: int, reason: str, now: datetime
) -> User:
    """Shut an account: its sessions end, its posts fall to the deputies; raises NotFound, NotAllowed, VersionConflict."""
    user = _lock(session, actor, user_id, version)
    _not_himself(actor, user, "不能停用自己的账号")
    _keep_an_administrator(session, user, leaves=True)
    if user.disabled_at is None:
        user.disabled_at = now
        user.authority_version += 1
        _tell_union(session, user, "账号已停用", now=now)
        _leave_posts(session, user)
        end_sessions(session, user.id, now=now)
        _note(session, actor.by, "UserDisabled", {"user": user.id, "reason": reason}, now=now)
    return user


def enable_account(session: Session, actor: Actor, user_id: int, *, version: int, now: datetime) -> User:
    """Open a disabled account again; raises NotFound, NotAllowed, VersionConflict."""
    user = _lock(session, actor, user_id, version)
    _require_reach(session, actor, user.role, user.union_id)
    if user.disabled_at is not None:
        user.disabled_at = None
        user.authority_version += 1
        _note(session, actor.by, "UserEnabled", {"user": user.id}, now=now)
    return user


def reset_password(
    session: Session, actor: Actor, user_id: int, *, version: int, password_hash: str, now: datetime
) -> User:
    """Give a temporary password in place of a lost one; every session ends. Raises NotFound, NotAllowed, VersionConflict."""
    user = _lock(session, actor, user_id, version)
    _not_himself(actor, user, "请用“修改口令”更改自己的口令")
    user.password_hash, user.password_temporary = password_hash, True
    user.authority_version += 1
    end_sessions(session, user.id, now=now)
    _note(session, actor.by, "PasswordReset", {"user": user.id}, now=now)
    return user


def change_own_password(
    session: Session, actor: Actor, *, password_hash: str, keep: str | None, now: datetime
) -> None:
    """Take the person's own new password; his links and other sessions end, the one with the digest `keep` goes on."""
    user = session.get_one(User, actor.user_id)
    user.password_hash, user.password_temporary = password_hash, False
    user.authority_version += 1
    end_sessions(session, user.id, now=now, keep=keep)
    _note(session, actor.by, "PasswordChanged", {"user": user.id}, now=now)


def end_sessions(session: Session, user_id: int, *, now: datetime, keep: str | None = None) -> None:
    """Revoke every session of an account but the one with the digest `keep`."""
    others = [BrowserSession.token_sha256 != keep] if keep is not None else []
    session.execute(
        update(BrowserSession)
        .where(BrowserSession.user_id == user_id, BrowserSession.revoked_at.is_(None), *others)
        .values(revoked_at=now)
    )


def fill_post(
    session: Session,
    actor: Actor,
    code: str,
    *,
    holder_id: int | None,
    deputy_id: int | None,
    now: datetime,
) -> Post:
    """Put a holder and a deputy on a post of a union; raises NotFound, Invalid. Both must be of that union."""
    query = select(Post).where(Post.code == code, reached(actor, Post.union_id)).with_for_update()
    post = session.scalar(query)
    if post is None:
        raise NotFound("post", code)
    wrong = {}
    for field, person in (("holder_id", holder_id), ("deputy_id", deputy_id)):
        if person is not None and not _works_for(session, person, post.union_id):
            wrong[field] = "不是本会在用的账号"
    if holder_id is not None and holder_id == deputy_id:
        wrong["deputy_id"] = "A岗和B岗不能是同一人"
    if wrong:
        raise Invalid(wrong)
    post.holder_id, post.deputy_id = holder_id, deputy_id
    told = {"post": code, "holder": holder_id, "deputy": deputy_id}
    _note(session, actor.by, "PostFilled", told, now=now)
    session.flush()
    return post


def _require_reach(session: Session, actor: Actor, role: str, union_id: int | None) -> None:
    """Raise where this actor may not give this role in this union."""
    if actor.role is Role.ADMINISTRATOR:
        return
    if role not in UNION_ROLES:
        raise NotAllowed("user.administer", "工会管理员只能设置工会岗位")
    inside = select(UnionClosure.depth).where(
        UnionClosure.ancestor_id == actor.union_id, UnionClosure.descendant_id == union_id
    )
    depth = session.scalar(inside)
    if depth is None:
        # Whether such a union exists elsewhere is none of his business.
        raise NotFound("union", union_id)
    if role == Role.UNION_ADMINISTRATOR.value and depth == 0:
        raise NotAllowed("user.administer", "本会的管理员由上级工会或中心设置")


def _lock(session: Session, actor: Actor, user_id: int, version: int) -> User:
    query = select(User).where(User.id == user_id, administered(actor)).with_for_update()
    user = session.scalar(query.execution_options(populate_existing=True))
    if user is None:
        raise NotFound("user", user_id)
    _require_reach(session, actor, user.role, user.union_id)
    if user.authority_version != version:
        current = {field: getattr(user, field) for field in EDITABLE} | {"disabled": bool(user.disabled_at)}
        raise VersionConflict(user.name, version, user.authority_version, current)
    return user


def _not_himself(actor: Actor, user: User, reason: str) -> None:
    if user.id == actor.user_id:
        raise NotAllowed("user.administer", reason)


def _keep_an_administrator(session: Session, user: User, *, leaves: bool) -> None:
    if not leaves or user.role != Role.ADMINISTRATOR.value or user.disabled_at is not None:
        return
    others = select(func.count()).where(
        User.role == Role.ADMINISTRATOR.value, User.disabled_at.is_(None), User.id != user.id
    )
    if not session.scalar(others):
        raise NotAllowed("user.administer", "至少要保留一名在用的系统管理员")


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    found = {field: value for field, value in fields.items() if field in EDITABLE}
    for field in ("extension", "phone", "email"):
        if field in found:
            found[field] = (found[field] or "").strip() or None
    if found.get("phone"):
        phone = normalise(found["phone"])
        found["phone"] = phone.e164 or found["phone"]
    return found


def _wrong(session: Session, after: Mapping[str, Any], user: User | None) -> dict[str, str]:
    wrong: dict[str, str] = {}
    role, union_id = after["role"], after.get("union_id")
    if not (after["display_name"] or "").strip():
        wrong["display_name"] = "姓名不能为空"
    if role not in ACCOUNT_ROLES:
        wrong["role"] = "没有这个岗位"
    elif role in UNION_ROLES and union_id is None:
        wrong["union_id"] = "工会岗位须指明所属工会"
    elif role in CENTRE_ROLES and union_id is not None:
        wrong["union_id"] = "中心岗位不属于某个工会"
    if union_id is not None and "union_id" not in wrong:
        union = session.get(Union, union_id)
        if union is None or union.closed_at is not None:
            raise NotFound("union", union_id)
    deputy = after.get("deputy_id")
    if deputy is not None:
        if user is not None and deputy == user.id:
            wrong["deputy_id"] = "B岗不能是本人"
        elif not _works_for(session, deputy, union_id):
            wrong["deputy_id"] = "B岗须是同一单位在用的账号"
    phone = after.get("phone")
    if phone and normalise(phone).kind not in (PhoneKind.MOBILE, PhoneKind.FIXED):
        wrong["phone"] = "不是可以拨打的电话号码"
    email = after.get("email")
    if email and not _EMAIL.fullmatch(email):
        wrong["email"] = "不是有效的邮箱"
    extension = after.get("extension")
    if extension:
        taken = select(User.id).where(User.extension == extension, User.id != (user.id if user else 0))
        if session.scalar(taken) is not None:
            wrong["extension"] = "这个分机已有人使用"
    return wrong


def _works_for(session: Session, user_id: int, union_id: int | None) -> bool:
    of_union = User.union_id.is_(None) if union_id is None else User.union_id == union_id
    query = select(User.id).where(User.id == user_id, User.disabled_at.is_(None), of_union)
    return session.scalar(query) is not None


def _leave_posts(session: Session, user: User) -> None:
    """Nobody's deputy and no post names him any more; a post that he held is its deputy's."""
    session.flush()
    held = select(Post).where(or_(Post.holder_id == user.id, Post.deputy_id == user.id))
    for post in session.scalars(held):
        if post.holder_id == user.id:
            post.holder_id, post.deputy_id = post.deputy_id, None
        else:
            post.deputy_id = None
    session.execute(update(User).where(User.deputy_id == user.id).values(deputy_id=None))


def _tell_union(session: Session, user: User, what: str, *, now: datetime) -> None:
    """Tell his union of the tickets that he leaves behind: the deputy, or whom its leader names, goes on."""
    left = open_tickets(session, [user.id]).get(user.id, 0)
    if user.union_id is None or not left:
        return
    text = f"{user.display_name}{what}，名下还有{left}件在办工单，请B岗接手或另行指定"
    session.add(Notice(at=now, kind="handover", union_id=user.union_id, text=text))


def _note(session: Session, by: By, kind: str, payload: dict[str, Any], *, now: datetime) -> None:
    record(session, kind, stream=ADMINISTRATION, by=by, now=now, payload=payload)
