"""Telephone calls written down: a situation, what the people do, every sentence the caller hears, and the record.

A story of `golden/*.yaml` says what happens; a `Scene` is where it is played: this process at virtual time, or a
running server. Both must come to the same transcript and the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml

from dispatch.database import Database
from hotline.carriers.sandbox.endpoints import Event
from tests.calls.acts import ACTS
from tests.calls.ledger import record_of
from tests.phone import Phone

GOLDEN = Path(__file__).parent / "golden"
LONGEST_SILENCE_S = 400
Transcript = list[str]


@dataclass(frozen=True, slots=True)
class Story:
    """One file: `head` is the situation, `steps` what is done and heard, `record` the rows afterwards."""

    name: str
    head: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    record: Mapping[str, Any]

    @property
    def number(self) -> str:
        return str(self.head["from"])

    @property
    def duty(self) -> list[str]:
        return list(self.head.get("duty", []))

    @property
    def only_in_process(self) -> str | None:
        """Why a running server cannot play it; None for most."""
        if "config" in self.head or "at" in self.head:
            return "its configuration and its time are its own"
        return self.head.get("only_in_process")


def read_story(name: str) -> Story:
    """Read one file; its keys are checked, so that a misspelt one is not passed over in silence."""
    told = yaml.safe_load((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8"))
    steps, record = told.pop("steps"), told.pop("record", {})
    unknown = set(told) - {
        "title",
        "from",
        "duty",
        "waiting_before",
        "others_press",
        "line_holds",
        "config",
        "at",
        "only_in_process",
    }
    assert not unknown, (name, unknown)
    return Story(name, told, [{"does": each} if isinstance(each, str) else each for each in steps], record)


def write_story(story: Story, played: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> None:
    """Write down what was played in place of what was expected."""
    told = {**story.head, "steps": list(played), "record": dict(record)}
    text = yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=200)
    (GOLDEN / f"{story.name}.yaml").write_text(text, encoding="utf-8")


class Scene(Protocol):
    """Where a story is played."""

    waits_for_words: bool
    """True where time passes by itself, so that a step lasts until what is expected has been heard."""

    @property
    def database(self) -> Database: ...

    def phone(self, number: str) -> Phone: ...

    def browser(self, name: str) -> httpx.Client: ...

    def device(self, *, token: str, identity: str) -> Phone: ...

    def pass_time(self, seconds: float) -> None: ...

    def follow_up(self) -> None: ...

    @property
    def secret(self) -> bytes: ...

    def eventually(self, holds: Callable[[], Any], what: str) -> Any: ...


@dataclass(slots=True)
class Player:
    """Plays one story; `expected` is what to wait for where time passes by itself."""

    scene: Scene
    story: Story
    caller: Phone
    others: list[Phone] = field(default_factory=list)
    desks: dict[str, Phone] = field(default_factory=dict)
    heard: int = 0
    noticed: dict[str, int] = field(default_factory=dict)
    ticket: str = ""
    """The number of the ticket that the story is about."""

    def play(self) -> list[dict[str, Any]]:
        """Return every step with what was heard and noticed in it."""
        for name in self.story.duty:
            self._sit_down(name)
        for count in range(self.story.head.get("waiting_before", 0)):
            other = self.scene.phone(f"+861390000{count:04d}")
            key = str(self.story.head.get("others_press", "0"))
            self.others.append(other.dial().presses(key).hears("正在为您转接"))
        played = [self._step(step) for step in self.story.steps]
        for other in self.others:
            other.hangs_up()
        return played

    def record(self) -> dict[str, Any]:
        """Return the rows which the story has left."""
        sids = {str(event["call_sid"]) for event in self.caller.events if "call_sid" in event}
        return record_of(self.scene.database, sids, number=self.story.number, seats=self.desks)

    def _step(self, step: Mapping[str, Any]) -> dict[str, Any]:
        does = str(step["does"])
        played: dict[str, Any] = {"does": does}
        offered = self._do(does)
        if offered is not None:
            played["offered"] = offered
        self._listen_out(step)
        lines = transcript(self.caller.events)
        played["heard"], self.heard = lines[self.heard :], len(lines)
        desk = self._noticed()
        if desk:
            played["desk"] = desk
        return played

    def _listen_out(self, step: Mapping[str, Any]) -> None:
        """Let everything happen until it is quiet, or until what the step expects has been heard."""

        def is_heard() -> bool:
            heard = transcript(self.caller.events)[self.heard :]
            return timeless(heard) == timeless(step.get("heard", [])) and self._peek() == step.get("desk", {})

        self.caller.listens(until=is_heard if self.scene.waits_for_words else lambda: False)

    def _noticed(self) -> dict[str, Transcript]:
        found = self._peek()
        self.noticed |= {name: len(_desk_lines(desk)) for name, desk in self.desks.items()}
        return found

    def _peek(self) -> dict[str, Transcript]:
        lines = {name: _desk_lines(desk)[self.noticed.get(name, 0) :] for name, desk in self.desks.items()}
        return {name: each for name, each in lines.items() if each}

    def _do(self, does: str) -> Mapping[str, Any] | None:
        for pattern, act in (*_ACTS, *ACTS):
            found = re.fullmatch(pattern, does)
            if found is not None:
                return act(self, *found.groups())
        raise AssertionError(f"{self.story.name}: nobody knows how one {does!r}")

    # What the caller does

    def _dials(self) -> None:
        self.caller.dial()

    def _presses(self, keys: str) -> None:
        self.caller.presses(keys)

    def _says(self, words: str) -> None:
        self.caller.says(words)

    def _hangs_up(self) -> None:
        for name, desk in self.desks.items():
            if _desk_lines(desk)[-1:] == ["[in conversation]"] and self._is_with_the_caller():
                self.they_talk(name)
        self.caller.hangs_up()

    def _is_with_the_caller(self) -> bool:
        return transcript(self.caller.events)[-1:] == ["[in conversation]"]

    def they_talk(self, name: str) -> None:
        """Wait until the last word of both being there has arrived."""
        browser = self.scene.browser(name)
        self.scene.eventually(
            lambda: browser.get("/api/presence").json()["state"] == "talking", "they should talk"
        )

    def _is_silent(self) -> None:
        """Wait until the machine goes on."""
        if self.scene.waits_for_words:
            return
        for _ in range(LONGEST_SILENCE_S):
            self.caller.waits(1)
            if len(transcript(self.caller.events)) > self.heard:
                return

    def _leaves_a_message(self, seconds: str) -> None:
        self.caller.leaves_message("三个月没发工资，请给我回电", float(seconds))

    def _speaks(self, seconds: str) -> None:
        """Speak into the recording without ending it."""
        self.caller.leaves_message("三个月没发工资", float(seconds), finish_with="")

    def _answers(self) -> None:
        self.caller.answers()

    def _declines(self) -> None:
        self.caller.declines()

    def _lets_it_ring(self) -> None:
        if not self.scene.waits_for_words:
            self.caller.rings().waits(61)

    # What happens at the desk

    def _sit_down(self, name: str) -> None:
        browser = self.scene.browser(name)
        ready = put(browser, "/api/presence", {"state": "ready"})
        if name not in self.desks:
            user = browser.get("/api/session").json()["user"]
            self.desks[name] = self.scene.device(
                token=ready["device_token"], identity=f"operator_{user['id']}"
            )
            # Being registered is no news of the story's.
            self.noticed[name] = len(_desk_lines(self.desks[name]))

    def _goes_away(self, name: str) -> None:
        put(self.scene.browser(name), "/api/presence", {"state": "offline"})

    def _takes(self, name: str) -> Mapping[str, Any]:
        browser = self.scene.browser(name)
        offer = self._offer(browser)
        post(browser, f"/api/offers/{offer['id']}/accept")
        return {key: offer[key] for key in ("line", "category_name", "path") if offer[key]}

    def _refuses(self, name: str) -> None:
        browser = self.scene.browser(name)
        post(browser, f"/api/offers/{self._offer(browser)['id']}/decline")

    def _offer(self, browser: httpx.Client) -> dict[str, Any]:
        return dict(
            self.scene.eventually(
                lambda: browser.get("/api/offers/current").json(), "the desk should be rung"
            )
        )

    def _command(self, name: str, verb: str) -> None:
        known = {"hangs up": "hang_up", "holds": "hold", "comes back": "unhold", "opens a ticket": "ticket"}
        browser = self.scene.browser(name)
        sid = browser.get("/api/presence").json()["call_sid"]
        if verb == "notes that it was answered":
            post(browser, f"/api/calls/{sid}/outcome", {"outcome": "answered"})
        elif verb == "speaks":
            self.desks[name].says("您好，请讲。")
        else:
            if verb == "hangs up":
                self.they_talk(name)
            post(browser, f"/api/calls/{sid}/{known[verb]}")

    def _is_ready(self, name: str) -> None:
        browser = self.scene.browser(name)
        self.scene.eventually(
            lambda: browser.get("/api/presence").json()["state"] == "wrap_up", "there is time to write"
        )
        post(browser, "/api/presence/finish")

    def _calls_back(self, name: str) -> None:
        browser = self.scene.browser(name)
        sid = self.caller.call_sid

        def owed() -> dict[str, Any] | None:
            due = browser.get("/api/return-calls").json()["items"]
            return next((each for each in due if each["call_sid"] == sid), None)

        task = self.scene.eventually(owed, "a call should be owed")
        post(browser, f"/api/return-calls/{task['id']}/call")

    def _time_passes(self, seconds: str) -> None:
        self.scene.pass_time(float(seconds))


_ACTS: Sequence[tuple[str, Callable[..., Mapping[str, Any] | None]]] = (
    (r"dials", Player._dials),
    (r"presses ([0-9*#]+)", Player._presses),
    (r"says (.+)", Player._says),
    (r"hangs up", Player._hangs_up),
    (r"is silent", Player._is_silent),
    (r"leaves a message of (\d+) seconds", Player._leaves_a_message),
    (r"speaks for (\d+) seconds", Player._speaks),
    (r"answers", Player._answers),
    (r"declines", Player._declines),
    (r"lets it ring", Player._lets_it_ring),
    (r"(\w+) sits down", Player._sit_down),
    (r"(\w+) goes away", Player._goes_away),
    (r"(\w+) takes the call", Player._takes),
    (r"(\w+) refuses the call", Player._refuses),
    (r"(\w+) is ready again", Player._is_ready),
    (r"(\w+) calls back", Player._calls_back),
    (r"(\d+) seconds pass", Player._time_passes),
    (
        r"(operator|supervisor) (hangs up|holds|comes back|opens a ticket|notes that it was answered|speaks)",
        Player._command,
    ),
)


def put(browser: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Send a body that must be taken."""
    return _taken(browser.put(path, json=body))


def post(browser: httpx.Client, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give a command that must be obeyed."""
    return _taken(browser.post(path, json=body))


def _taken(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, (answer.request.url.path, answer.text)
    return dict(answer.json()) if answer.content else {}


def timeless(lines: Iterable[str]) -> Transcript:
    """Return lines whose spoken times, dates and query numbers do not matter."""
    return [_OF_THE_DAY.sub("〈时间〉", _SPOKEN_TIME.sub("〈时间〉", line)) for line in lines]


_SPOKEN_TIME = re.compile(
    r"(明天)?(凌晨|上午|下午|晚上)\d{1,2}点(\d{1,2}分)?|\d{1,2}:\d{2} (am|pm)( tomorrow)?"
)

_OF_THE_DAY = re.compile(r"(?<=查询号)\d{10}|(?<=查询码)\d{6}|\d{1,2}月\d{1,2}日|\d{1,2} [A-Z][a-z]+(?=\.)")


def transcript(events: Sequence[Event]) -> Transcript:
    """Return what a telephone noticed, one line each: sentences as they are, the rest in brackets.

    A round of the waiting line in which nothing is said leaves no line, and music that comes round again leaves
    none either: how many there are is a matter of timing.
    """
    shown = [event for event in events if _line(event) is not None]
    lines = []
    for place, event in enumerate(shown):
        after = shown[place + 1]["event"] if place + 1 < len(shown) else ""
        before = shown[place - 1]["event"] if place else ""
        if event["event"] == "listening" and after != "caption":
            continue
        if event["event"] == "music" and before in ("listening", "music"):
            continue
        lines.append(_line(event) or "")
    return lines


def _desk_lines(desk: Phone) -> Transcript:
    """An operator's telephone: the music until the other one comes lasts as long as it lasts."""
    return [line for line in transcript(desk.events) if line not in ("[music]", "[on hold]", "[off hold]")]


def _line(event: Event) -> str | None:
    match event["event"]:
        case "caption":
            return event["text"] if event["who"] == "machine" else f"{event['who']}: {event['text']}"
        case "listening":
            return f"[{_INPUTS[tuple(event['input'])]}]" if event["on"] else None
        case "ringing":
            return f"[rings: {event['from']}]" if event["direction"] == "incoming" else None
        case "message":
            return f"[message: {event['text']}]"
        case "recording":
            return "[recording]" if event["on"] else None
        case "conference":
            return "[in conversation]" if event["on"] else "[out of conversation]"
        case "hold":
            return "[on hold]" if event["on"] else "[off hold]"
        case "ended":
            return f"[ended: {event['reason']}]"
        case "warning" | "error":
            return f"[{event['event']}: {event['code']}]"
        case "music" | "beep" | "connected":
            return f"[{event['event']}]"
    return None


_INPUTS = {("dtmf",): "keys", ("dtmf", "speech"): "keys or words"}
