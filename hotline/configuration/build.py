"""Builds what is in force from texts, by the very loaders that read the files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from config.load import ConfigError, check_shape, parse_policy
from dispatch.calendars import LiveCalendars
from dispatch.policy import CENTRE_CALENDAR, UNION_CALENDAR, Policy
from dispatch.rules.calendar_policy import CalendarPolicy
from dispatch.rules.categories import Catalogue
from dispatch.rules.partner_policy import PartnerPolicy
from dispatch.rules.policy import PolicyError
from dispatch.rules.routing_rules import RuleBook
from dispatch.rules.sla import SlaPolicy
from hotline.configuration.documents import (
    CALENDAR,
    CATEGORIES,
    FLOWS,
    MESSAGES,
    READINGS,
    ROUTING_RULES,
    SLA,
    ConfigRefused,
    Finding,
)
from hotline.voice.service_policy import Messages, Readings
from ivr_flows.check import check
from ivr_flows.model import Flow
from ivr_flows.parse import FlowError, parse_flow

T = TypeVar("T")
LOADERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    CALENDAR: CalendarPolicy.from_mapping,
    SLA: SlaPolicy.from_mapping,
    ROUTING_RULES: RuleBook.from_mapping,
    CATEGORIES: Catalogue.from_mapping,
    MESSAGES: Messages.from_mapping,
    READINGS: Readings.from_mapping,
}


@dataclass(frozen=True, slots=True)
class Built:
    """Everything that versions decide, taken whole: no reader ever sees half of a change."""

    policy: Policy
    flows: Mapping[str, Flow]
    """By flow id."""
    messages: Messages
    readings: Readings


@dataclass(frozen=True, slots=True)
class Files:
    """Version 0: the files as they were read at the start, and what no version changes."""

    built: Built
    paths: Mapping[str, Path]
    """By document; of parts the one that a flow without a part of its own beside it includes."""
    texts: Mapping[Path, str]
    """As they were read at the start: whatever is done to a file since, this is what is in force."""
    years: Sequence[int]
    features: Collection[str]
    partners: PartnerPolicy

    def text(self, document: str) -> str:
        """Return a document as its file has it."""
        return self.texts[self.paths[document]]

    def flow_documents(self) -> Iterator[str]:
        """Yield the flows; the parts that they include are documents too, but no flows."""
        return (each for each in self.paths if each.startswith(FLOWS) and each.count("/") == 1)


def build(files: Files, texts: Mapping[str, str]) -> Built:
    """Return what is in force with these texts in the files' places; raises ConfigRefused."""
    base = files.built
    policy = _policy(files, texts)
    flows = base.flows
    if any(each.startswith(FLOWS) for each in texts):
        flows = _flows(files, texts)
    readings = _parsed(READINGS, texts) or base.readings
    missing = readings.missing(flows.values())
    if missing:
        raise ConfigRefused([Finding(READINGS, None, f"语音流程要播报的内容没有写：{'、'.join(missing)}")])
    return Built(policy, flows, _parsed(MESSAGES, texts) or base.messages, readings)


def parse(document: str, text: str, load: Callable[[Any], T]) -> T:
    """Return what a policy's text says; raises ConfigRefused."""
    try:
        check_shape(text, Path(document))
        return parse_policy(text, Path(document), load)
    except ConfigError as error:
        raise ConfigRefused([Finding(document, error.line, _reason(error))]) from error


def _reason(error: ConfigError) -> str:
    """The line says where, so that of the path of keys the last is enough."""
    policy = error.__cause__
    if not isinstance(policy, PolicyError):
        return error.reason
    key = str(policy.where[-1]) if policy.where and isinstance(policy.where[-1], str) else ""
    return policy.reason if not key or key in policy.reason else f"“{key}”{policy.reason}"


def _parsed(document: str, texts: Mapping[str, str]) -> Any:
    return parse(document, texts[document], LOADERS[document]) if document in texts else None


def _policy(files: Files, texts: Mapping[str, str]) -> Policy:
    policy = files.built.policy
    written = _parsed(CALENDAR, texts)
    if written is not None:
        for code in (CENTRE_CALENDAR, UNION_CALENDAR):
            if code not in written.hours:
                raise ConfigRefused([Finding(CALENDAR, None, f"必须有“{code}”这个日历")])
        policy = replace(policy, calendars=LiveCalendars(written, files.years))
    sla = _parsed(SLA, texts)
    if sla is not None:
        policy = replace(policy, sla=sla)
    book = _parsed(ROUTING_RULES, texts)
    if book is not None:
        policy = replace(policy, routing_rules=book.rules, dispatch_mode=book.mode)
    catalogue = _parsed(CATEGORIES, texts)
    if catalogue is not None:
        try:
            files.partners.check_categories(catalogue.categories)
        except PolicyError as error:
            reason = f"partners.yaml的对照表还在用这个类别：{error}"
            raise ConfigRefused([Finding(CATEGORIES, None, reason)]) from error
        policy = replace(policy, catalogue=catalogue)
    return policy


def _flows(files: Files, texts: Mapping[str, str]) -> dict[str, Flow]:
    findings: dict[Finding, None] = {}
    flows: dict[str, Flow] = {}
    for document in files.flow_documents():
        try:
            flow = flow_of(files, document, texts)
        except ConfigRefused as refused:
            findings |= dict.fromkeys(refused.findings)
            continue
        if flow.id not in files.built.flows:
            findings[Finding(document, flow.top_lines.get("flow"), "“flow”的名字不能改")] = None
        flows[flow.id] = flow
    if findings:
        raise ConfigRefused(list(findings))
    unknown = set(files.features) - {feature for flow in flows.values() for feature in flow.features}
    if unknown:
        document = next(each for each in texts if each.startswith(FLOWS))
        raise ConfigRefused([Finding(document, None, f"没有语音流程认识“{'、'.join(sorted(unknown))}”")])
    return flows


def flow_of(files: Files, document: str, texts: Mapping[str, str]) -> Flow:
    """Return one flow with these texts in force, proven sound; raises ConfigRefused with everything that is wrong."""
    beside = files.paths[document].parent

    def read_part(name: str) -> str:
        if FLOWS + name in texts:
            return texts[FLOWS + name]
        own = beside / name
        if own in files.texts:
            return files.texts[own]
        if FLOWS + name not in files.paths:
            raise FileNotFoundError(name)
        return files.text(FLOWS + name)

    text = texts[document] if document in texts else files.text(document)
    name = document.removeprefix(FLOWS)
    try:
        flow = parse_flow(text, file=name, features=files.features, read_part=read_part)
    except FlowError as error:
        raise ConfigRefused([_placed(document, each.line, each.reason) for each in error.problems]) from error
    findings = [
        Finding(FLOWS + each.part if each.part else document, each.line, each.reason) for each in check(flow)
    ]
    if findings:
        raise ConfigRefused(findings)
    return flow


def _placed(document: str, line: int, reason: str) -> Finding:
    """The parser names a part in brackets before the reason."""
    if reason.startswith("（") and "）" in reason:
        part, _, rest = reason[1:].partition("）")
        if part.endswith(".yaml"):
            return Finding(FLOWS + part, line, rest)
    return Finding(document, line, reason)
