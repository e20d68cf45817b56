"""What the routes of user administration take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from agent_console.api.schemas import Code, Given, Line, Taken

MIN_PASSWORD = 12
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
NewPassword = Annotated[str, StringConstraints(min_length=MIN_PASSWORD, max_length=1024)]


class AccountFields(Taken):
    display_name: Annotated[str, StringConstraints(max_length=64, strip_whitespace=True)] | None = None
    union_id: Id | None = None
    deputy_id: Id | None = None
    extension: Annotated[str, StringConstraints(max_length=16)] | None = None
    phone: Annotated[str, StringConstraints(max_length=20)] | None = None
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    skills: Annotated[list[Code], Field(max_length=20)] | None = None


class AccountIn(AccountFields):
    name: Line
    role: Code


class AccountChange(AccountFields):
    version: int
    role: Code | None = None


class AccountVersion(Taken):
    version: int


class AccountDisable(AccountVersion):
    reason: Annotated[Line, Field(min_length=1)]


class AccountOut(Given):
    id: int
    name: str
    display_name: str
    role: str
    role_label: str
    union_id: int | None
    union_name: str | None
    deputy_id: int | None
    deputy_name: str | None
    extension: str | None
    phone: str | None
    email: str | None
    skills: list[str]
    created_at: datetime
    disabled_at: datetime | None
    password_temporary: bool
    posts: list[str]
    open_tickets: int
    version: int


class AccountPage(Given):
    items: list[AccountOut]
    next: int | None
    """The `after` of the following page; None at the end."""


class NewAccountOut(Given):
    """An account whose password was just made: it is shown this once and kept nowhere in clear."""

    account: AccountOut
    password: str


class PostIn(Taken):
    holder_id: Id | None = None
    deputy_id: Id | None = None


class FilledPostOut(Given):
    code: str
    name: str
    holder_id: int | None
    deputy_id: int | None


class PasswordChange(Taken):
    current: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    new: NewPassword
