"""What a caller says suggests; a person decides."""

from __future__ import annotations

from agent_console.api.schemas import SuggestOut
from dispatch.database import Database
from dispatch.policy import Policy
from dispatch.suggestions import CONFIRM, suggest
from tests.builders import build_world, make_policy, make_ticket

POLICY: Policy = make_policy()


def test_unpaid_wages_suggest_their_category_with_the_words_that_led_to_it() -> None:
    found = suggest("老板三个月不发工资了", headcount=None, category=None, policy=POLICY)
    assert found.categories[0].code == "wage_arrears"
    assert found.categories[0].words == ["不发工资"]
    assert found.urgency == "P2"
    assert found.crisis_words == []


def test_a_suggested_urgency_says_that_a_person_must_confirm_it() -> None:
    guessed = suggest("老板三个月不发工资了", headcount=None, category=None, policy=POLICY)
    chosen = suggest("老板三个月不发工资了", headcount=None, category="wage_arrears", policy=POLICY)
    assert guessed.urgency_reasons[-1] == CONFIRM
    assert CONFIRM not in chosen.urgency_reasons


def test_six_people_raise_the_urgency_with_the_reason() -> None:
    found = suggest("不发工资", headcount=6, category=None, policy=POLICY)
    assert found.urgency == "P1"
    assert any("6人" in reason for reason in found.urgency_reasons)


def test_thirty_people_ask_for_an_early_warning() -> None:
    found = suggest("不发工资", headcount=30, category="wage_arrears", policy=POLICY)
    assert any("预警" in reason for reason in found.urgency_reasons)


def test_a_cry_for_help_is_not_hidden_by_a_chosen_wage_claim() -> None:
    found = suggest("不发工资，我真的不想活了", headcount=None, category="wage_arrears", policy=POLICY)
    assert found.crisis_words == ["不想活"]
    assert found.urgency == "P0"
    assert found.urgency_reasons[-1] == CONFIRM


def test_being_dead_tired_is_no_crisis() -> None:
    found = suggest("天天加班，累死了", headcount=None, category=None, policy=POLICY)
    assert found.crisis_words == []
    assert found.urgency != "P0"


def test_words_that_mean_nothing_suggest_nothing() -> None:
    found = suggest("你好", headcount=None, category=None, policy=POLICY)
    assert (found.categories, found.urgency, found.urgency_reasons) == ([], None, [])


def test_an_unknown_category_counts_as_none_chosen() -> None:
    found = suggest("不发工资", headcount=None, category="no_such_thing", policy=POLICY)
    assert found.urgency == "P2"


def test_the_answer_has_the_shape_that_the_console_gives() -> None:
    found = suggest("不发工资", headcount=6, category=None, policy=POLICY)
    given = SuggestOut.model_validate(found).model_dump()
    assert given["categories"][0]["name"]
    assert given["urgency"] == "P1"


def test_what_a_person_chose_stays_whatever_the_words_suggest(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        ticket = make_ticket(session, world, category="membership", text="老板不发工资，我不想活了")
        found = suggest(ticket.text, headcount=None, category=ticket.category, policy=POLICY)
        assert found.crisis_words == ["不想活"]
        assert (ticket.category, ticket.urgency, ticket.sealed) == ("membership", "P3", False)
