"""The picture of a ticket's life in the documents is the table's own."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from dispatch.rules.ticket_diagram import COLUMN, FROM_ANY, to_svg
from dispatch.rules.ticket_state import TRANSITIONS, State

DRAWN = Path(__file__).parents[2] / "docs" / "ticket-states.svg"


def test_the_drawn_file_is_current() -> None:
    assert DRAWN.read_text(encoding="utf-8") == to_svg(), "run `make docs`"


def test_every_state_stands_somewhere_and_no_two_at_one_place() -> None:
    assert set(COLUMN) == set(State)
    assert len(set(COLUMN.values())) == len(COLUMN)


def test_every_command_that_moves_a_ticket_is_named_in_the_picture() -> None:
    root = ET.fromstring(to_svg())  # noqa: S314  # our own text
    words = " ".join(text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text"))
    for row in TRANSITIONS:
        if row.to_state is not None:
            assert row.command.label in words, row.command
    assert all(state.label in words and state.value in words for state in State)
    assert all(command.label in words for command in FROM_ANY)
