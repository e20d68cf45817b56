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
from hotline.line.call_figures import CALL_FIGURES, OF_ONE, call_sums


def centre_report(session: Session, actor: Actor, period: Period, *, policy: Policy, now: datetime) -> Report:
    """Return the actor's report; raises NotAllowed, and Invalid for a period that he cannot have."""
    reach = reach_of(session, actor)
    found = report(session, reach, period, policy=policy, now=now)
    if Group.CALLS not in reach.groups:
        return found
    user_id = reach.own_calls_of
    sums = call_sums(session, period, user_id=user_id)
    before = call_sums(session, period.before(), user_id=user_id)
    wanted = [figure for figure in CALL_FIGURES if user_id is None or figure.key in OF_ONE]
    calls = figure_rows(wanted, period, sums, before, least=reach.least)
    return replace(found, figures=[*calls, *found.figures])
