"""Shapes what the use cases return into what the API gives; knows both vocabularies, decides nothing."""

from __future__ import annotations

from agent_console.api.schemas import UserOut
from agent_console.auth import Account
from dispatch.rules.roles import Role


def user_out(account: Account) -> UserOut:
    """Return a user as screens show him."""
    user = account.user
    return UserOut(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        role_label=Role(user.role).label,
        union_id=user.union_id,
        union_name=account.union_name,
        extension=user.extension,
    )
