"""The whole report: what tickets say, and for whoever may read it what the telephone says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.policy import Policy
from dispatch.reports.reach import reach_of
from dispatch.reports.report import Report, figure_rows, report
from dispatch.rules.report_terms import Group, Period
from hotline.line.call_figures import CALL_FIGURES, call_sums


def centre_report(session: Session, actor: Actor, period: Period, *, policy: Policy, now: datetime) -> Report:
    """Return the actor's report; raises NotAllowed, and Invalid for a period that he cannot have."""
    reach = reach_of(session, actor)
    found = report(session, reach, period, policy=policy, now=now)
    if Group.CALLS not in reach.groups:
        return found
    sums, before = call_sums(session, period), call_sums(session, period.before())
    calls = figure_rows(CALL_FIGURES, period, sums, before, least=reach.least)
    return replace(found, figures=[*calls, *found.figures])
