"""Working time against a naive minute-by-minute oracle, and on the real holidays of 2026."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.rules.calendar_policy import CalendarPolicy, parse_span
from dispatch.rules.policy import PolicyError
from dispatch.rules.working_time import SHANGHAI, Calendar, Hours, Override, Span
from tests.rules.policies import calendars

OFFICE: tuple[Span, ...] = ((540, 720), (810, 1050))
OFFICE_HOURS = Hours(week=(OFFICE,) * 5 + ((), ()), make_up=OFFICE)


def local(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def office(*overrides: tuple[date, Override]) -> Calendar:
    return Calendar.build("office", OFFICE_HOURS, range(2025, 2028), dict(overrides))


# The oracle: no intervals, no cumulative sums, only "does one work in this minute".


def worked_on(hours: Hours, overrides: dict[date, Override], day: date) -> tuple[Span, ...]:
    spans = hours.week[day.weekday()]
    if day in overrides:
        override = overrides[day]
        return (override.spans or spans or hours.make_up) if override.working else ()
    if hours.follows_holidays and day in chinese_calendar.constants.holidays:
        return ()
    if hours.follows_holidays and day in chinese_calendar.constants.workdays:
        return hours.make_up
    return spans


def works(hours: Hours, overrides: dict[date, Override], at: datetime) -> bool:
    minute = at.hour * 60 + at.minute
    return any(opens <= minute < shuts for opens, shuts in worked_on(hours, overrides, at.date()))


def minutes_until(hours: Hours, overrides: dict[date, Override], start: datetime, worked: int) -> datetime:
    at = start
    while worked:
        if works(hours, overrides, at):
            worked -= 1
        at += timedelta(minutes=1)
    return at


@st.composite
def day_spans(draw: st.DrawFn) -> tuple[Span, ...]:
    count = draw(st.integers(0, 2)) * 2
    edges = sorted(draw(st.lists(st.integers(0, 48), min_size=count, max_size=count, unique=True)))
    return tuple(zip((e * 30 for e in edges[::2]), (e * 30 for e in edges[1::2]), strict=True))


def minutes_a_week(week: tuple[tuple[Span, ...], ...]) -> int:
    return sum(shuts - opens for spans in week for opens, shuts in spans)


@st.composite
def all_hours(draw: st.DrawFn) -> Hours:
    # At least two hours a week, so that counting minutes ends within reason.
    week = draw(st.tuples(*[day_spans()] * 7).filter(lambda each: minutes_a_week(each) >= 120))
    return Hours(week, draw(day_spans().filter(bool)), follows_holidays=draw(st.booleans()))


# A fortnight either side of the National Day of 2026 and its make-up days.
moments = st.datetimes(datetime(2026, 9, 10), datetime(2026, 10, 20)).map(  # noqa: DTZ001  # hypothesis wants naive bounds
    lambda naive: naive.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
)
overrides = st.dictionaries(
    st.dates(date(2026, 9, 10), date(2026, 10, 20)),
    st.one_of(
        st.just(Override(working=False)),
        st.just(Override(working=True)),
        day_spans().filter(bool).map(lambda spans: Override(working=True, spans=spans)),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(hours=all_hours(), start=moments, worked=st.integers(1, 400), changed=overrides)
def test_adding_working_time_agrees_with_counting_minutes(
    hours: Hours, start: datetime, worked: int, changed: dict[date, Override]
) -> None:
    calendar = Calendar.build("any", hours, [2026], changed)
    assert calendar.add(start, worked * 60) == minutes_until(hours, changed, start, worked)


@settings(max_examples=80, deadline=None)
@given(hours=all_hours(), start=moments, length=st.integers(0, 4000), changed=overrides)
def test_time_between_agrees_with_counting_minutes(
    hours: Hours, start: datetime, length: int, changed: dict[date, Override]
) -> None:
    calendar = Calendar.build("any", hours, [2026], changed)
    counted = sum(works(hours, changed, start + timedelta(minutes=each)) for each in range(length))
    end = start + timedelta(minutes=length)
    assert calendar.between(start, end) == counted * 60
    assert calendar.between(end, start) == -counted * 60
    assert calendar.is_working(start) == works(hours, changed, start)


@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants naive bounds
    first=st.integers(0, 10**6),
    second=st.integers(0, 10**6),
)
def test_pausing_and_going_on_loses_no_second(start: datetime, first: int, second: int) -> None:
    calendar = calendars()["union_default"]
    paused = calendar.add(start, first)
    assert calendar.between(start, paused) == first
    assert calendar.add(paused, second) == calendar.add(start, first + second) or second == 0


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants naive bounds
    st.integers(1, 60),
)
def test_the_nth_working_day_has_n_working_days_after_the_start(start: datetime, days: int) -> None:
    calendar = calendars()["union_default"]
    due = calendar.add_working_days(start, days)
    begins, ends = start.astimezone(SHANGHAI).date(), due.astimezone(SHANGHAI).date()
    between = [begins + timedelta(days=each) for each in range(1, (ends - begins).days + 1)]
    assert sum(calendar.is_working_day(day) for day in between) == days
    assert due.astimezone(SHANGHAI).strftime("%H:%M") == "17:30"
    assert calendar.add(start, calendar.between(start, due)) == due


def every_minute(
    hours: Hours, changed: dict[date, Override], first: date, last: date
) -> Iterator[tuple[datetime, int]]:
    """Yield every minute of these days with the minutes worked before it, counted one by one."""
    worked = 0
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        spans = worked_on(hours, changed, day)
        midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
        for minute in range(1440):
            yield midnight + timedelta(minutes=minute), worked
            worked += any(opens <= minute < shuts for opens, shuts in spans)


STATION = Hours(week=(((450, 720), (780, 1080)),) * 5 + (((540, 720),), ()), make_up=((480, 1000),))
NIGHTS = Hours(week=(((0, 360), (1320, 1440)),) * 7, make_up=((0, 360),), follows_holidays=False)
CLOSURES = {
    date(2025, 3, 3): Override(working=False),
    date(2025, 10, 2): Override(working=True),
    date(2026, 2, 18): Override(working=True, spans=((600, 601), (1439, 1440))),
    date(2026, 11, 25): Override(working=False),
}


@pytest.mark.parametrize(
    ("hours", "changed"),
    [(OFFICE_HOURS, {}), (STATION, CLOSURES), (NIGHTS, CLOSURES), (Hours.all_day(), {})],
    ids=["office", "station", "nights", "always"],
)
def test_all_of_2025_and_2026_agrees_with_counting_every_minute(
    hours: Hours, changed: dict[date, Override]
) -> None:
    calendar = Calendar.build("any", hours, [2025, 2026], changed)
    begins = datetime(2025, 1, 1, tzinfo=SHANGHAI)
    counted = list(every_minute(hours, changed, date(2025, 1, 1), date(2026, 12, 31)))
    assert len(counted) == 730 * 1440
    # The office minute by minute; the others every seventh, which meets each minute of the hour on some day.
    some = counted if hours is OFFICE_HOURS else counted[::7]
    wrong = [at for at, worked in some if calendar.between(begins, at) != worked * 60]
    assert wrong == []
    # And back: the first minute by the end of which so much has been worked.
    done: dict[int, datetime] = {}
    for at, worked in counted:
        done.setdefault(worked, at)
    for worked in range(1, counted[-1][1], 997):
        assert calendar.add(begins, worked * 60) == done[worked]


def test_the_make_up_days_of_2025_and_2026_are_worked_and_their_holidays_are_not() -> None:
    calendar = Calendar.build("any", OFFICE_HOURS, [2025, 2026], {})
    # State Council notices for 2025 and 2026, counted by hand: weekends worked in a holiday's place.
    worked = {
        *(date(2025, *each) for each in ((1, 26), (2, 8), (4, 27), (9, 28), (10, 11))),
        *(date(2026, *each) for each in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))),
    }
    days = [
        date.fromordinal(each) for each in range(date(2025, 1, 1).toordinal(), date(2027, 1, 1).toordinal())
    ]
    assert {day for day in days if day.weekday() >= 5 and calendar.is_working_day(day)} == worked
    resting = [day for day in days if day.weekday() < 5 and not calendar.is_working_day(day)]
    assert date(2025, 1, 28) in resting, "New Year's Eve is a holiday of its own since 2025"
    assert date(2025, 10, 8) in resting


def test_national_day_2026_skips_the_holiday_and_works_its_make_up_days() -> None:
    calendar = office()
    assert calendar.add(local(9, 30, 17), 3600) == local(10, 8, 9, 30)
    assert calendar.is_working(local(9, 20, 10)), "Sunday 20 September is worked"
    assert calendar.is_working(local(10, 10, 10)), "Saturday 10 October is worked"
    assert not calendar.is_working(local(10, 11, 10)), "the next Sunday is not"
    assert calendar.add_working_days(local(9, 30, 10), 3) == local(10, 10, 17, 30)


def test_spring_festival_2026_runs_from_the_fifteenth_to_the_twenty_third_of_february() -> None:
    calendar = office()
    rest = [day for day in range(10, 28) if not calendar.is_working_day(date(2026, 2, day))]
    assert rest == [15, 16, 17, 18, 19, 20, 21, 22, 23]
    assert calendar.is_working_day(date(2026, 2, 14))
    assert calendar.is_working_day(date(2026, 2, 28))
    assert calendar.add_working_days(local(2, 13, 16), 1) == local(2, 14, 17, 30)
    assert calendar.add_working_days(local(2, 14, 16), 1) == local(2, 24, 17, 30)


def test_a_station_open_on_saturdays_opens_on_plain_ones_only() -> None:
    hours = Hours(week=(*OFFICE_HOURS.week[:5], ((540, 720),), ()), make_up=OFFICE)
    calendar = Calendar.build("station", hours, [2026], {})
    assert calendar.spans_on(date(2026, 10, 24)) == ((540, 720),)
    assert calendar.spans_on(date(2026, 10, 3)) == (), "a Saturday inside the holiday"
    assert calendar.spans_on(date(2026, 10, 10)) == OFFICE, "a Saturday worked in place of the holiday"


def test_a_working_day_target_from_a_rest_day_ends_on_the_first_working_day_after_it() -> None:
    assert office().add_working_days(local(11, 21, 3), 1) == local(11, 23, 17, 30)


def test_an_override_wins_over_the_published_holiday_and_over_the_week() -> None:
    calendar = office(
        (date(2026, 10, 1), Override(working=True)),
        (date(2026, 11, 23), Override(working=False)),
        (date(2026, 11, 22), Override(working=True, spans=((600, 660),))),
    )
    assert calendar.is_working(local(10, 1, 10))
    assert calendar.next_working(local(11, 23, 10)) == local(11, 24, 9)
    assert calendar.between(local(11, 22), local(11, 23)) == 3600


def test_a_year_without_a_published_notice_warns_and_rests_on_weekends_only() -> None:
    calendar = Calendar.build("office", OFFICE_HOURS, [2030], {})
    assert calendar.warnings == ("日历 office：2030 年放假安排未公布，暂按周末休息计算",)
    assert calendar.is_working_day(date(2030, 10, 1))
    assert not calendar.is_working_day(date(2030, 10, 5))


def test_a_confirmed_year_no_longer_warns() -> None:
    calendar = Calendar.build("office", OFFICE_HOURS, [2030], {}, confirmed_years=frozenset({2030}))
    assert calendar.warnings == ()


def test_a_calendar_grows_by_itself_in_both_directions() -> None:
    calendar = Calendar.build("office", OFFICE_HOURS, [2026], {})
    assert calendar.between(local(1, 4, year=2021), local(1, 5, year=2021)) == 7 * 3600
    assert calendar.add_working_days(local(12, 31, 10), 1).year == 2027
    assert any("2027" in warning for warning in calendar.warnings)


def test_threads_that_grow_a_calendar_at_once_all_get_the_right_answer() -> None:
    calendar = Calendar.build("office", OFFICE_HOURS, [2026], {})
    answers: list[datetime] = []
    threads = [
        threading.Thread(target=lambda: answers.append(calendar.add(local(1, 5, 9), 10_000_000)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [office().add(local(1, 5, 9), 10_000_000)] * 8


def test_minutes_that_run_around_the_clock_need_no_opening() -> None:
    always = calendars()["always"]
    start = local(10, 3, 2, 30)
    assert always.add(start, 600) == start + timedelta(minutes=10)
    assert always.add(local(12, 31, 23, year=2029), 7200) == local(1, 1, 1, year=2030)


def test_staggered_hours_open_early_and_close_late() -> None:
    yuhang = calendars()["yuhang_staggered"]
    assert yuhang.is_working(local(11, 23, 7, 30))
    assert yuhang.is_working(local(11, 23, 12, 30))
    assert not yuhang.is_working(local(11, 23, 18))


def test_a_changed_hour_changes_the_version_and_the_same_hours_keep_it() -> None:
    shorter = Hours(week=(((540, 720),),) * 5 + ((), ()), make_up=OFFICE)
    versions = {Calendar.build("office", hours, [2026], {}).version for hours in (OFFICE_HOURS, shorter)}
    assert len(versions) == 2
    assert office().version == office().version
    assert office((date(2026, 1, 5), Override(working=False))).version != office().version


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        office().add(datetime(2026, 1, 1), 60)  # noqa: DTZ001  # the point of the test


def test_a_calendar_that_never_works_is_refused_instead_of_searching_forever() -> None:
    with pytest.raises(ValueError, match="never works"):
        Calendar.build("never", Hours(week=((),) * 7, make_up=OFFICE), [2026], {})


@pytest.mark.parametrize("text", ["9-12", "12:00-09:00", "09:00", "24:30-25:00", 540, "09:60-10:00", None])
def test_hours_that_make_no_sense_are_refused(text: object) -> None:
    with pytest.raises(PolicyError):
        parse_span(text)


def calendar_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "code": "a",
        "name": "甲",
        "hours": {"mon": ["09:00-12:00"]},
        "source": "[D]",
    }
    return {"calendars": [{**row, **changes}]}


def test_a_calendar_file_names_what_is_wrong_with_it() -> None:
    for data, word in (
        (calendar_row(colour="red"), "colour"),
        (calendar_row(hours={"mon": ["09:00-12:00", "11:00-13:00"]}), "重叠"),
        (calendar_row(hours={"someday": []}), "someday"),
        (calendar_row(hours={}), "一段工作时间"),
        (calendar_row(code="always"), "已被占用"),
        ({**calendar_row(), "overrides": [{"calendar": "b", "date": date(2026, 1, 1)}]}, "这个日历"),
        ({**calendar_row(), "overrides": [{"source": "x", "working": True}]}, "没有写"),
    ):
        with pytest.raises(PolicyError, match=word):
            CalendarPolicy.from_mapping(data)


def test_overrides_for_every_calendar_give_way_to_a_calendars_own_and_to_the_administrators() -> None:
    day = date(2026, 11, 23)
    policy = CalendarPolicy.from_mapping(
        {
            **calendar_row(),
            "overrides": [
                {"date": day, "working": False, "source": "x"},
                {"calendar": "a", "date": day, "working": True, "hours": ["10:00-11:00"], "source": "x"},
            ],
        }
    )
    assert policy.build([2026])["a"].spans_on(day) == ((600, 660),)
    assert policy.build([2026], {"a": {day: Override(working=False)}})["a"].spans_on(day) == ()
