"""Read plain mappings into rule values: every unknown key or wrong value is refused with its place named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

Where = tuple[str | int, ...]
S = TypeVar("S", bound=StrEnum)


class PolicyError(ValueError):
    """A policy file says something the rules cannot obey; `where` is the path of keys to it."""

    def __init__(self, message: str, *, where: Where = ()) -> None:
        super().__init__(f"{'.'.join(map(str, where))}: {message}" if where else message)
        self.reason = message
        self.where = where


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping of a policy, read key by key; `where` is its place in the file."""

    data: Mapping[str, object]
    where: Where = ()

    @classmethod
    def of(cls, value: object, *, where: Where, known: Collection[str]) -> Fields:
        if not isinstance(value, Mapping):
            raise PolicyError(f"应是“名称: 值”，现在是{shown(value)}", where=where)
        unknown = sorted(str(key) for key in value if key not in known)
        if unknown:
            raise PolicyError(
                f"没有“{unknown[0]}”这个项目，可用：{'、'.join(known)}", where=(*where, unknown[0])
            )
        return cls({str(key): item for key, item in value.items()}, where)

    def fail(self, key: str, message: str) -> PolicyError:
        return PolicyError(message, where=(*self.where, key))

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        value = self.data.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.fail(key, f"应是文字，现在是{shown(value)}")
        text = str(value).strip()
        if not text and default is None:
            raise self.fail(key, "不能为空")
        return text

    def number(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        value = self.data.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(key, f"应是整数，现在是{shown(value)}")
        if value < least:
            raise self.fail(key, f"不能小于{least}，现在是{value}")
        return value

    def optional_number(self, key: str, *, least: int = 0) -> int | None:
        return self.number(key, least=least) if self.has(key) else None

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, f"应是true或false，现在是{shown(value)}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        found: list[str] = []
        for place, value in self.each(key):
            if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
                raise PolicyError(f"应是文字，现在是{shown(value)}", where=place)
            if str(value) in found:
                raise PolicyError(f"“{value}”写了两次", where=place)
            found.append(str(value))
        return tuple(found)

    def choice(self, key: str, kind: type[S]) -> S:
        return one_of(self.data.get(key), kind, where=(*self.where, key))

    def optional_choice(self, key: str, kind: type[S]) -> S | None:
        return self.choice(key, kind) if self.has(key) else None

    def choices(self, key: str, kind: type[S]) -> tuple[S, ...]:
        return tuple(one_of(value, kind, where=place) for place, value in self.each(key))

    def day(self, key: str) -> date | None:
        value = self.data.get(key)
        if value is None:
            return None
        # A datetime is a date too, but an hour in a policy's day would be silently lost.
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise self.fail(key, f"应是日期，如2026-10-01，现在是{shown(value)}")

    def each(self, key: str) -> Iterator[tuple[Where, object]]:
        value = self.data.get(key)
        if value is None:
            return
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise self.fail(key, f"应是列表，现在是{shown(value)}")
        for index, item in enumerate(value):
            yield (*self.where, key, index), item


def one_of(value: object, kind: type[S], *, where: Where) -> S:
    """Return the member of `kind` with this value, or say which values there are."""
    try:
        return kind(str(value))
    except ValueError:
        known = "、".join(member.value for member in kind)
        raise PolicyError(f"没有{shown(value)}，可用：{known}", where=where) from None


def shown(value: object) -> str:
    """Return a value as an administrator wrote it, shortened; nothing at all is said in words."""
    if value is None:
        return "空"
    if isinstance(value, bool):
        return f"“{str(value).lower()}”"
    text = str(value)
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


def content_version(data: object) -> str:
    """Return twelve hex digits that change when, and only when, the policy's content changes."""
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
