"""Which of our numbers was called: its centre, region, menu and line (config/called_numbers.yaml)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from dispatch.rules.area_codes import AREA_REGIONS
from dispatch.rules.phones import Phone, PhoneKind, normalise
from dispatch.rules.policy import Fields, PolicyError

Key = tuple[str, str, str]
_SIP_USER: Final = re.compile(r"<?sips?:([^@;?<>\s]+)@", re.IGNORECASE)
_KNOWN: Final = ("code", "label", "called", "region", "line", "flow", "night_flow", "source")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")
_REGION: Final = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}")
_PROVINCE_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """One centre's or one purpose's numbers; what is None is as for everybody."""

    code: str
    label: str
    region: str | None = None
    """GB/T 2260 code or prefix: where callers are from unless they say otherwise."""
    line: str | None = None
    """Where somebody waits who asks for a person without saying what about."""
    flow: str | None = None
    night_flow: str | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """What a call to a number means."""

    entry: CalledNumber
    region: str | None


@dataclass(frozen=True, slots=True)
class CalledNumbers:
    """Every number of the centre; one that stands nowhere goes by `default`."""

    by_code: Mapping[str, CalledNumber]
    default: str
    codes: Mapping[Key, str]
    places: Mapping[str, tuple[str | int, ...]]
    """Code → its place in the file, for what is only known once other files are read."""

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> CalledNumbers:
        """Read the content of called_numbers.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("default", "numbers"))
        found: dict[str, CalledNumber] = {}
        codes: dict[Key, str] = {}
        places: dict[str, tuple[str | int, ...]] = {}
        for place, value in top.each("numbers"):
            fields = Fields.of(value, where=place, known=_KNOWN)
            entry = _entry(fields)
            if entry.code in found:
                raise fields.fail("code", f"“{entry.code}”写了两次")
            found[entry.code], places[entry.code] = entry, place
            for where, number in fields.each("called"):
                key = key_of(str(number))
                if key is None:
                    raise PolicyError(f"“{number}”不是电话号码", where=where)
                if key in codes:
                    raise PolicyError(f"“{number}”已经属于“{codes[key]}”，一个号码只能写一次", where=where)
                codes[key] = entry.code
        default = top.text("default")
        if default not in found:
            raise top.fail("default", f"没有“{default}”这一项")
        return cls(found, default, codes, places)

    def check(self, *, flows: Collection[str], lines: Mapping[str, bool]) -> None:
        """Raise PolicyError for a flow or line that is not there; `lines`: code → whether people confide in it."""
        for entry in self.by_code.values():
            for name, wanted in (("flow", entry.flow), ("night_flow", entry.night_flow)):
                if wanted is not None and wanted not in flows:
                    raise self._fail(
                        entry, name, f"没有“{wanted}”这个语音流程，可用：{'、'.join(sorted(flows))}"
                    )
            if entry.line is not None and entry.line not in lines:
                raise self._fail(entry, "line", f"没有“{entry.line}”这条线路，可用：{'、'.join(lines)}")
            if entry.line is not None and lines[entry.line]:
                # There the menu's own path matters: no adverts, no survey, no recording.
                raise self._fail(entry, "line", "心理关怀线路只能由语音流程进入，请改用flow")

    def check_regions(self, known: Collection[str]) -> None:
        """Raise PolicyError for a region that is in no table."""
        for entry in self.by_code.values():
            if entry.region is not None and entry.region not in known:
                raise self._fail(entry, "region", f"没有行政区划“{entry.region}”")

    def route(self, raw: str) -> Called:
        """Return what a call to this number means; whatever the carrier writes there has an answer."""
        phone = _dialled(raw)
        key = _key(phone)
        code = self.codes.get(key) if key is not None else None
        if code is not None:
            entry = self.by_code[code]
            return Called(entry, entry.region)
        short = self.codes.get(("short", "", phone.short)) if phone.short is not None else None
        entry = self.by_code[short or self.default]
        return Called(entry, _region_of_area(phone.area) or entry.region)

    def label(self, code: str | None) -> str | None:
        """Return a code's label for the screen; None for one that is no longer there."""
        entry = self.by_code.get(code or "")
        return entry.label if entry is not None else None

    def line_for(self, code: str | None, line: str | None, *, fallback: str) -> str | None:
        """Return the line for whoever asks for `line`: a number may have one of its own in place of the general one."""
        entry = self.by_code.get(code or "")
        own = entry.line if entry is not None else None
        return own if own is not None and line in (None, "", fallback) else line

    def _fail(self, entry: CalledNumber, key: str, message: str) -> PolicyError:
        return PolicyError(message, where=(*self.places[entry.code], key))


def key_of(raw: str) -> Key | None:
    """Return by what a called number is recognised, however it is written; None for what is no number."""
    return _key(_dialled(raw))


def _dialled(raw: str) -> Phone:
    """Return the number; of a SIP address the user part, which is what was dialled."""
    user = _SIP_USER.search(raw)
    if user is None:
        return normalise(raw)
    name = unquote(user[1])
    phone = normalise(name)
    named = phone.kind in (PhoneKind.UNKNOWN, PhoneKind.ANONYMOUS)
    return Phone(name.casefold(), PhoneKind.SIP) if named else phone


def _key(phone: Phone) -> Key | None:
    if phone.short is not None:
        return ("short", phone.area or "", phone.short)
    if phone.e164 is not None:
        return ("e164", "", phone.e164)
    is_name = phone.kind is PhoneKind.SIP and ":" not in phone.raw
    return ("sip", "", phone.raw) if is_name else None


def _region_of_area(area: str | None) -> str | None:
    """Return the region of an area code before a service number; a capital's reaches the whole province's line."""
    region = AREA_REGIONS.get(area or "")
    if region is None:
        return None
    return region[:_PROVINCE_DIGITS] if region.endswith("01") else region


def _entry(fields: Fields) -> CalledNumber:
    code = fields.text("code")
    if _CODE.fullmatch(code) is None:
        raise fields.fail("code", "以小写字母开头，只含小写字母、数字和下划线，不超过24字")
    fields.text("source")
    region = fields.text("region") if fields.has("region") else None
    if region is not None and _REGION.fullmatch(region) is None:
        raise fields.fail("region", f"“{region}”不是行政区划代码（2、4、6或9位数字）")
    if not fields.has("called"):
        raise fields.fail("called", "至少写一个号码")
    return CalledNumber(
        code=code,
        label=fields.text("label"),
        region=region,
        line=fields.text("line") if fields.has("line") else None,
        flow=fields.text("flow") if fields.has("flow") else None,
        night_flow=fields.text("night_flow") if fields.has("night_flow") else None,
    )
