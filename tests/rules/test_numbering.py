"""Ticket numbers, spoken digits and query codes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.rules.numbering import NumberError, SpokenNumber, TicketNumber, check_digit, query_code

SECRET = b"a secret of thirty-two bytes ok!"

numbers = st.builds(
    TicketNumber,
    st.sampled_from(["11", "37", "51", "65"]),
    st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    st.integers(1, 999_999),
)


def test_the_check_digit_is_that_of_the_standards_example() -> None:
    assert check_digit("0794") == 5


@given(numbers)
def test_a_number_survives_being_written_and_read(number: TicketNumber) -> None:
    assert TicketNumber.parse(str(number)) == number
    assert TicketNumber.parse(str(number).replace("-", "")) == number


@given(numbers, st.data())
def test_any_single_wrong_digit_is_noticed(number: TicketNumber, data: st.DataObject) -> None:
    text = str(number)
    place = data.draw(st.sampled_from([each for each, sign in enumerate(text) if sign.isdigit()]))
    other = data.draw(st.sampled_from("0123456789"))
    assume(other != text[place])
    with pytest.raises(NumberError):
        TicketNumber.parse(text[:place] + other + text[place + 1 :])


def test_a_number_is_read_as_people_type_it() -> None:
    number = TicketNumber("37", date(2026, 11, 22), 123)
    assert str(number) == "37-20261122-000123-1"
    for typed in (
        "３７－２０２６１１２２－０００１２３－１",
        " 37 20261122 000123 1 ",
        "37—20261122—000123—1",
        "\u202a37-20261122-000123-1\u202c",
    ):
        assert TicketNumber.parse(typed) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "37",
        "37-20261322-000123-1",
        "37-00261122-000123-4",
        "37-20261122-000123",
        "37-20261122-000123-1'; --",
        "1" * 10_000,
        "３" * 30,
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NumberError):
        TicketNumber.parse(text)


@pytest.mark.parametrize(("province", "sequence"), [("37", 0), ("37", 1_000_000), ("7", 1), ("３７", 1)])
def test_impossible_numbers_cannot_be_made(province: str, sequence: int) -> None:
    with pytest.raises(NumberError):
        TicketNumber(province, date(2026, 11, 22), sequence)


def test_the_day_of_a_number_is_shanghais() -> None:
    late = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    assert TicketNumber.issue("37", 1, now=late).day == date(2026, 11, 23)


@given(numbers)
def test_the_ten_spoken_digits_lead_back_to_the_day(number: TicketNumber) -> None:
    spoken = SpokenNumber.parse(number.spoken)
    assert spoken.sequence == number.sequence
    assert spoken.days(today=number.day)[0] == number.day


def test_spoken_digits_may_mean_several_years_but_never_the_future() -> None:
    spoken = SpokenNumber.parse("1122000123")
    assert spoken.days(today=date(2026, 11, 21), years=2) == (date(2025, 11, 22), date(2024, 11, 22))
    leap = SpokenNumber.parse("0229000001")
    assert leap.days(today=date(2026, 1, 1), years=6) == (date(2024, 2, 29), date(2020, 2, 29))


@pytest.mark.parametrize(
    "digits", ["", "112200012", "11220001234", "1322000123", "0230000123", "1122000000", "*#"]
)
def test_impossible_spoken_digits_are_refused(digits: str) -> None:
    with pytest.raises(NumberError):
        SpokenNumber.parse(digits)


def test_a_query_code_depends_on_secret_number_and_generation() -> None:
    number = "37-20261122-000123-1"
    codes = {
        query_code(SECRET, number, 1),
        query_code(SECRET, number, 2),
        query_code(SECRET[::-1], number, 1),
        query_code(SECRET, "37-20261122-000124-9", 1),
    }
    assert len(codes) == 4
    assert query_code(SECRET, number, 1) == query_code(SECRET, number, 1)
    assert all(len(code) == 6 and code.isdigit() for code in codes)


def test_query_codes_use_every_digit_in_every_place_about_equally() -> None:
    codes = [query_code(SECRET, str(each), 1) for each in range(4000)]
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        assert len(counts) == 10
        assert all(300 < count < 500 for count in counts.values())


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        query_code(b"short", "1", 1)
