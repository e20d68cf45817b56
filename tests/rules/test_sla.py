"""The shipped service levels say what the domain's table says, and deadlines follow them."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import read_yaml
from dispatch.rules.deadlines import deadline, step_due
from dispatch.rules.policy import PolicyError
from dispatch.rules.sla import RETURN_WINDOW, SlaPolicy
from dispatch.rules.sla_terms import LadderStep, Recipient, Step, Target
from dispatch.rules.ticket_terms import ClockKind
from dispatch.rules.urgency import Difficulty, Nature, Urgency
from dispatch.rules.working_time import SHANGHAI, Calendar
from tests.rules.policies import CONFIG, calendars, sla

K, U, D = ClockKind, Urgency, Difficulty


def local(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def due(target: Target | None, start: datetime, *, rostered: bool = False, percent: int = 100) -> datetime:
    assert target is not None
    known = calendars()
    found = deadline(
        target,
        start,
        centre=known["centre"],
        union=known["union_default"],
        always=known["always"],
        rostered=rostered,
        percent=percent,
    )
    assert known[found.calendar].add(start, found.target_s) == found.due_at
    return found.due_at


def short(target: Target | None) -> str:
    return "–" if target is None else f"{target.amount}{target.unit}/{target.calendar}"


@pytest.mark.parametrize(
    ("kind", "p0", "p1", "p2", "p3"),
    [
        (K.DISPATCH, "10min/always", "30min/always", "4wh/centre", "1wd/centre"),
        (K.SIGN, "30min/always", "2h/always", "1wd/union", "1wd/union"),
        (K.FIRST_CONTACT, "1h/always", "24h/always", "1wd/union", "2wd/union"),
        (K.PROGRESS, "4h/always", "2wd/union", "3wd/union", "–"),
        (RETURN_WINDOW, "–", "2h/always", "1wd/union", "1wd/union"),
        (K.OBJECTION, "–", "1h/always", "4wh/centre", "4wh/centre"),
        (K.RESOLVE, "24h/always", "5wd/union", "5wd/union", "10wd/union"),
        (K.REVIEW, "4h/always", "1wd/centre", "1wd/centre", "1wd/centre"),
        (K.CALLBACK, "24h/always", "1wd/centre", "3wd/centre", "3wd/centre"),
        (K.AWAIT_CALLER, "5wd/union", "5wd/union", "5wd/union", "5wd/union"),
    ],
)
def test_each_step_has_the_time_that_the_domain_gives_it(
    kind: ClockKind | str, p0: str, p1: str, p2: str, p3: str
) -> None:
    assert [short(sla().target(kind, urgency)) for urgency in Urgency] == [p0, p1, p2, p3]


@pytest.mark.parametrize(
    ("urgency", "days"), [(U.P1, ["5", "10", "15"]), (U.P2, ["5", "15", "30"]), (U.P0, ["24", "24", "24"])]
)
def test_difficult_tickets_get_longer(urgency: Urgency, days: list[str]) -> None:
    targets = [sla().target(K.RESOLVE, urgency, difficulty) for difficulty in Difficulty]
    assert [str(target.amount) for target in targets if target] == days


def test_a_quiet_request_gets_the_time_of_its_nature_and_a_category_beats_the_nature() -> None:
    def days(category: str | None, nature: Nature | None) -> int | None:
        target = sla().target(K.RESOLVE, U.P3, category=category, nature=nature)
        return target.amount if target else None

    assert days(None, Nature.CONSULTATION) == 2
    assert days(None, Nature.SERVICE) == 10
    assert days(None, Nature.SUGGESTION) == 15
    assert days("suggestion", None) == 15
    assert days("founding", Nature.CONSULTATION) == 30


def test_only_quiet_requests_are_reviewed_and_called_back_by_sample() -> None:
    for kind in (K.REVIEW, K.CALLBACK):
        sampled = [target.sampled for urgency in Urgency if (target := sla().target(kind, urgency))]
        assert sampled == [False, False, False, True]


def test_an_urgent_ticket_is_signed_in_two_hours_of_duty_or_at_nine() -> None:
    target = sla().target(K.SIGN, U.P1)
    assert due(target, local(22, 10), rostered=True) == local(22, 12), "a Sunday with a roster"
    assert due(target, local(22, 20), rostered=True) == local(22, 22)
    assert due(target, local(22, 20, 1), rostered=True) == local(23, 9)
    assert due(target, local(22, 23), rostered=True) == local(23, 9)
    assert due(target, local(23, 3), rostered=True) == local(23, 9)
    assert due(target, local(22, 10)) == local(23, 11), "without a roster: two hours of the union's own time"


def test_a_redo_runs_at_half_the_time() -> None:
    target = sla().target(K.RESOLVE, U.P2)
    start = local(23, 9)
    assert due(target, start) == local(30, 17, 30)
    known = calendars()["union_default"]
    half = due(target, start, percent=50)
    assert known.between(start, half) == known.between(start, local(30, 17, 30)) // 2


def test_a_week_before_national_day_counts_the_make_up_day() -> None:
    # 28 September to 7 October: 29, 30, then 8, 9 and the Saturday of 10 October.
    assert due(sla().target(K.RESOLVE, U.P2), local(28, 9, month=9)) == local(10, 17, 30, month=10)


@given(
    st.sampled_from(ClockKind),
    st.sampled_from(Urgency),
    st.integers(0, 5),
    st.integers(0, 60 * 24 * 200),
    st.booleans(),
)
def test_no_deadline_lies_before_its_start_and_every_rung_fires(
    kind: ClockKind, urgency: Urgency, hundredths: int, minutes: int, rostered: bool
) -> None:
    target = sla().target(kind, urgency)
    if target is None:
        return
    start = local(1, 0, month=1) + timedelta(minutes=minutes)
    known = calendars()
    found = deadline(
        target,
        start,
        centre=known["centre"],
        union=known["union_default"],
        always=known["always"],
        rostered=rostered,
    )
    assert found.due_at > start
    consumed = found.target_s * hundredths // 100
    moments = [
        fires(step, start, found.target_s, consumed, known[found.calendar])
        for step in sla().ladder(kind, urgency)
    ]
    assert moments
    assert all(moment >= start for moment in moments)


def fires(step: LadderStep, start: datetime, target_s: int, consumed_s: int, calendar: Calendar) -> datetime:
    return step_due(
        step,
        running_since=start,
        target_s=target_s,
        consumed_s=consumed_s,
        calendar=calendar,
        working_days=calendars()["union_default"],
    )


def rung(kind: ClockKind, urgency: Urgency, step: Step) -> LadderStep:
    return next(each for each in sla().ladder(kind, urgency) if each.step is step)


def test_the_ladder_of_a_deadline_climbs_from_the_handler_to_the_province() -> None:
    ladder = sla().ladder(K.RESOLVE, U.P2)
    assert [(each.step.value, each.percent, each.overdue_wd) for each in ladder] == [
        ("remind", 50, None),
        ("nudge", 75, None),
        ("yellow_card", 100, None),
        ("red_card", 150, 3),
        ("escalate_level", None, 5),
    ]
    red = ladder[3]
    assert red.needs_person
    assert red.closes_extensions
    assert red.who == (Recipient.UNION_HEAD, Recipient.CITY, Recipient.PROVINCE)


def test_rungs_fire_where_the_time_consumed_says() -> None:
    union = calendars()["union_default"]
    target_s = 5 * 7 * 3600
    start = local(23, 9)
    half = fires(rung(K.RESOLVE, U.P2, Step.REMIND), start, target_s, 0, union)
    assert union.between(start, half) == target_s // 2
    after_a_pause = fires(rung(K.RESOLVE, U.P2, Step.REMIND), start, target_s, 7 * 3600, union)
    assert union.between(start, after_a_pause) == target_s // 2 - 7 * 3600


def test_the_red_card_comes_at_half_again_or_three_days_late_whichever_is_earlier() -> None:
    union = calendars()["union_default"]
    red = rung(K.RESOLVE, U.P2, Step.RED_CARD)
    start = local(23, 9)
    five_days, thirty_days = 5 * 7 * 3600, 30 * 7 * 3600
    assert fires(red, start, five_days, 0, union) == union.add(start, five_days * 3 // 2)
    late = union.add(start, thirty_days)
    assert fires(red, start, thirty_days, 0, union) == union.next_working(union.add_working_days(late, 3))


def test_no_card_is_shown_for_hours_off_duty_except_at_p0() -> None:
    always = calendars()["always"]
    friday_evening = local(20, 18)
    yellow = rung(K.FIRST_CONTACT, U.P1, Step.YELLOW_CARD)
    assert fires(yellow, friday_evening, 24 * 3600, 0, always) == local(23, 9)
    at_once = rung(K.FIRST_CONTACT, U.P0, Step.YELLOW_CARD)
    assert fires(at_once, friday_evening, 3600, 0, always) == local(20, 19)


def test_p0_rings_supervisor_duty_leader_and_provincial_leader_after_5_10_and_30_minutes() -> None:
    for kind in (K.DISPATCH, K.SIGN):
        alarms = [(each.who[0].value, each.after_s) for each in sla().ladder(kind, U.P0)]
        assert alarms == [("supervisor", 300), ("duty_leader", 600), ("provincial_leader", 1800)]


def test_an_unsigned_ticket_goes_to_the_deputy_at_half_and_to_the_parent_at_the_end() -> None:
    assert [(each.step.value, each.percent) for each in sla().ladder(K.SIGN, U.P2)] == [
        ("deputy_takes_over", 50),
        ("nudge", 75),
        ("parent_takes_over", 100),
    ]


def test_every_row_of_the_policy_names_its_source() -> None:
    data = read_yaml(CONFIG / "sla.yaml")
    rows = [*data["targets"], *data["ladders"], data["limits"], *data["statutory"]]
    assert all(str(row["source"]).startswith(("[D]", "[L]", "[P]", "[S]")) for row in rows)


def changed(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    data: dict[str, Any] = deepcopy(read_yaml(CONFIG / "sla.yaml"))
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return data


def test_the_version_changes_with_the_content_and_only_with_it() -> None:
    assert SlaPolicy.from_mapping(read_yaml(CONFIG / "sla.yaml")).version == sla().version
    assert SlaPolicy.from_mapping(changed(("targets", 0, "amount"), 11)).version != sla().version


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("targets", 0, "urgency"), "P9", "P9"),
        (("targets", 0, "colour"), "red", "colour"),
        (("targets", 0, "amount"), 0, "不能小于1"),
        (("targets", 0, "amount"), "ten", "应是整数"),
        (("targets", 0, "kind"), "lunch", "lunch"),
        (("targets", 2, "calendar"), "always", "不能用日历"),
        (("targets", 0, "source"), KeyError, "source"),
        (("targets", 5, "duty"), {"hours": "22:00-08:00", "else_at": "09:00"}, "同一天的开始之后"),
        (("targets", 5, "duty"), {"hours": "08:00-22:00", "else_at": 540}, "带引号的时刻"),
        (("ladders", 0, "steps", 1, "step"), "remind", "只能写一次"),
        (("ladders", 0, "steps", 0, "percent"), KeyError, "没有写percent"),
        (("ladders", 0, "steps", 0, "who"), ["mayor"], "mayor"),
        (("limits", "reopen_times"), KeyError, "reopen_times"),
        (("statutory", 0, "unit"), "month", "month"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(path: tuple[Any, ...], value: object, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as refused:
        SlaPolicy.from_mapping(changed(path, value))
    assert refused.value.where[:2] == path[:2]


def test_a_policy_that_forgets_an_urgency_is_refused() -> None:
    data = read_yaml(CONFIG / "sla.yaml")
    data["targets"] = [row for row in data["targets"] if (row["kind"], row.get("urgency")) != ("sign", "P2")]
    with pytest.raises(PolicyError, match="缺少时限：sign，P2"):
        SlaPolicy.from_mapping(data)
