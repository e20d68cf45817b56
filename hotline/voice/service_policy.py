"""How the centre is staffed and what it reads out by itself (config/service.yaml, messages.yaml, readings.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.rules.policy import Fields, PolicyError
from ivr_flows.model import PLACEHOLDER, READINGS, Flow

FIRST_LANGUAGE: Final = "zh-CN"
_CODE = re.compile(r"([a-z_]+)\.([a-z_]+)")
_SMS_FIELDS: Final = frozenset({"number", "code"})


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """When seats are there, how many calls may be in the house, and what the menus may offer."""

    night_seats: bool
    hours: str
    """Code of the calendar by which a centre without night seats opens."""
    max_calls: int
    features: frozenset[str]

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> ServicePolicy:
        """Read the content of service.yaml; raises PolicyError with the place of what cannot be read."""
        known = ("night_seats", "hours", "max_calls", "features", "source")
        top = Fields.of(data, where=(), known=known)
        top.text("source")
        return cls(
            night_seats=top.flag("night_seats", default=True),
            hours=top.text("hours", "centre"),
            max_calls=top.number("max_calls", least=1),
            features=frozenset(top.words("features")),
        )


@dataclass(frozen=True, slots=True)
class Messages:
    """What the centre writes and says by itself."""

    accepted_sms: str
    warnings: tuple[str, ...]
    """Heard one after another by a caller who abuses the operator; the call may be ended after the last."""
    block_days_most: int

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> Messages:
        """Read the content of messages.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("sms", "warnings", "block_days_most", "source"))
        top.text("source")
        sms = Fields.of(data.get("sms"), where=("sms",), known=("accepted",))
        accepted = Fields.of(sms.data.get("accepted"), where=("sms", "accepted"), known=("text",))
        text = accepted.text("text")
        unknown = set(PLACEHOLDER.findall(text)) ^ _SMS_FIELDS
        if unknown:
            raise accepted.fail("text", f"须有且只有{{number}}和{{code}}：{'、'.join(sorted(unknown))}")
        warnings = top.words("warnings")
        if not warnings:
            raise top.fail("warnings", "至少写一条")
        return cls(
            accepted_sms=text,
            warnings=warnings,
            block_days_most=top.number("block_days_most", 30, least=1),
        )


@dataclass(frozen=True, slots=True)
class Readings:
    """Texts by code (`materials.hospital`) and language."""

    by_code: Mapping[str, Mapping[str, str]]

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> Readings:
        """Read the content of readings.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("readings",))
        found: dict[str, Mapping[str, str]] = {}
        for place, value in top.each("readings"):
            known = ("code", "source", *(value if isinstance(value, Mapping) else ()))
            fields = Fields.of(value, where=place, known=known)
            code = fields.text("code")
            matched = _CODE.fullmatch(code)
            if matched is None or matched.group(1) not in READINGS:
                raise fields.fail("code", f"“{code}”应是{'、'.join(sorted(READINGS))}之一加名称")
            if code in found:
                raise PolicyError(f"“{code}”写了两次", where=place)
            fields.text("source")
            fields.text(FIRST_LANGUAGE)
            found[code] = {name: fields.text(name) for name in fields.data if name not in ("code", "source")}
        return cls(found)

    def text(self, code: str, language: str) -> str:
        """Return the text in this language, else in Chinese; empty for a code that nobody wrote."""
        texts = self.by_code.get(code, {})
        return texts.get(language) or texts.get(FIRST_LANGUAGE, "")

    def missing(self, flows: Iterable[Flow]) -> list[str]:
        """Return the codes that flows read out and nobody wrote."""
        wanted = {
            name
            for flow in flows
            for texts in flow.prompts.values()
            for text in texts.values()
            for name in PLACEHOLDER.findall(text)
            if name.partition(".")[0] in READINGS
        }
        return sorted(wanted - self.by_code.keys())
