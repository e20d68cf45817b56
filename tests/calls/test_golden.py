"""Every story of `golden/` comes out as written: in this process on both engines, and against a running server.

`HOTLINE_GOLDEN=write` writes the files anew from the process on SQLite; a plain run only ever compares.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import update

from config.settings import SHIPPED_CONFIG
from dispatch.database import Database
from dispatch.models.people import User
from hotline.jobs.loop import follow_up
from tests.builders import NOW
from tests.calls.centre import Centre, open_centre
from tests.calls.stories import GOLDEN, Player, Story, put, read_story, timeless, write_story
from tests.lines import ServerLine
from tests.phone import Phone
from tests.processes import Server, eventually, running

SPEED = 10.0
WRITES = os.environ.get("HOTLINE_GOLDEN") == "write"
DEMO_SKILLS = ["rights", "legal", "mutual_aid", "counselling"]
STORIES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))


@dataclass(slots=True)
class InProcess:
    """A centre in this process at virtual time."""

    centre: Centre
    waits_for_words: bool = False
    browsers: dict[str, httpx.Client] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.centre.services.database

    def phone(self, number: str) -> Phone:
        return self.centre.phone(number)

    def browser(self, name: str) -> httpx.Client:
        if name not in self.browsers:
            self.browsers[name] = self.centre.browser(name)
        return self.browsers[name]

    def device(self, *, token: str, identity: str) -> Phone:  # noqa: ARG002  # a line of this process asks for no token
        return self.centre.line.device(identity, auto_answer=True)

    def pass_time(self, seconds: float) -> None:
        self.centre.pass_time(seconds)

    def follow_up(self) -> None:
        follow_up(self.centre.services)
        self.centre.line.settle()

    @property
    def secret(self) -> bytes:
        return self.centre.services.policy.secret

    def eventually(self, holds: Callable[[], Any], what: str) -> Any:
        self.centre.line.settle()
        found = holds()
        assert found, what
        return found


@dataclass(slots=True)
class AtServer:
    """A running server, as strangers meet it; its rows are read beside it."""

    server: Server
    line: ServerLine
    database: Database
    browsers: dict[str, httpx.Client]
    waits_for_words: bool = True

    def phone(self, number: str) -> Phone:
        return self.line.phone(number)

    def browser(self, name: str) -> httpx.Client:
        if name not in self.browsers:
            self.browsers[name] = self.server.browser(name)
        return self.browsers[name]

    def device(self, *, token: str, identity: str) -> Phone:
        return self.line.device(identity, token=token, auto_answer=True)

    def pass_time(self, seconds: float) -> None:  # noqa: ARG002  # the scene asks for it
        raise AssertionError("a running server's time is its own: such a story is only_in_process")

    def follow_up(self) -> None:
        raise AssertionError("a running server follows up by itself: such a story is only_in_process")

    @property
    def secret(self) -> bytes:
        raise AssertionError("a running server tells nobody its secret: such a story is only_in_process")

    def eventually(self, holds: Callable[[], Any], what: str) -> Any:
        return eventually(holds, what)

    def everybody_goes_home(self) -> None:
        for name in self.browsers:
            put(self.browser(name), "/api/presence", {"state": "offline"})


@contextmanager
def scene_of(story: Story, database: Database, tmp_path: Path) -> Iterator[InProcess]:
    """Open a centre whose one operator has the demonstration's skills."""
    with open_centre(database, tmp_path / "data", config_dir=_config(story, tmp_path)) as centre:
        with database.writing() as session:
            session.execute(update(User).where(User.name == "operator").values(skills=DEMO_SKILLS))
        at = story.head.get("at")
        if at is not None:
            centre.clock.ahead = datetime.fromisoformat(at) - NOW
        yield InProcess(centre)


def _config(story: Story, tmp_path: Path) -> Path:
    """Return the shipped configuration, or one that the story changes in places."""
    changes: dict[str, dict[str, Any]] = dict(story.head.get("config", {}))
    if "line_holds" in story.head:
        changes["lines"] = {"defaults": {"max_waiting": story.head["line_holds"]}}
    if not changes:
        return SHIPPED_CONFIG
    folder = tmp_path / "config"
    folder.mkdir()
    for name, changed in changes.items():
        data = yaml.safe_load((SHIPPED_CONFIG / f"{name}.yaml").read_text(encoding="utf-8"))
        for key, value in changed.items():
            data[key] = {**data[key], **value} if isinstance(value, dict) else value
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_told_as_written(name: str, database: Database, tmp_path: Path) -> None:
    story = read_story(name)
    with scene_of(story, database, tmp_path) as scene:
        player = Player(scene, story, scene.phone(story.number))
        played = player.play()
        scene.centre.line.settle()
        record = player.record()
        if WRITES and database.engine().dialect.name == "sqlite":
            write_story(story, played, record)
            story = read_story(name)
        assert played == list(story.steps), player.caller.transcript
        assert record == story.record
        scene.centre.all_is_settled()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("golden"), speed=SPEED) as found:
        yield found


@pytest.fixture(scope="module")
def rows(server: Server) -> Iterator[Database]:
    database = Database(f"sqlite:///{server.data_dir.absolute() / 'hotline.db'}")
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def browsers() -> dict[str, httpx.Client]:
    return {}


@pytest.mark.parametrize("name", [name for name in STORIES if read_story(name).only_in_process is None])
def test_a_running_server_tells_it_the_same(
    name: str, server: Server, rows: Database, browsers: dict[str, httpx.Client]
) -> None:
    story = read_story(name)
    with server.line() as line:
        scene = AtServer(server, line, rows, browsers)
        scene.everybody_goes_home()
        player = Player(scene, story, scene.phone(story.number))
        played = player.play()
        assert [_timeless(each) for each in played] == [_timeless(each) for each in story.steps]
        with suppress(AssertionError):  # the comparison below says what differs
            scene.eventually(lambda: player.record() == story.record, "the record should be as written")
        assert player.record() == story.record, json.dumps(player.record(), ensure_ascii=False)


def _timeless(step: Any) -> dict[str, Any]:
    return {**step, "heard": timeless(step["heard"])}
