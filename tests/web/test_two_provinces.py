"""Two provinces, two programmes: a case goes from Shandong to Fujian over the partner API, and both keep their clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from config.settings import SHIPPED_CONFIG
from hotline.cli import app
from tests.processes import Server, eventually, running
from tests.servers import free_port

FILES = Path(__file__).parent / "provinces"
PASSWORD = "lantern-over-the-harbour-7"
PEOPLE = {
    "desk-35": ("operator", None),
    "sender-35": ("dispatcher", None),
    "leader-35": ("supervisor", None),
    "jinjiang": ("union_handler", "350582"),
    "jinjiang-b": ("union_handler", "350582"),
}
TOLD: dict[str, Any] = {
    "channel": "phone",
    "category": "wage_arrears",
    "region_code": "370102",
    "wish": "要回在晋江被拖欠的工资",
    "text": "回济南之前在晋江一家鞋厂干了半年，一共六个人没结工资。",
    "confidentiality": "confidential",
    "disclosure": "union",
    "contact_mode": "phone",
    "callback_wanted": True,
    "caller": {"name": "赵某", "phone": "13800000001"},
    "employers": [{"name": "晋江某鞋厂"}],
}
RESULT: dict[str, Any] = {
    "true_claim": True,
    "solved": "solved",
    "done": "约谈用人单位，当场结清",
    "reply_text": "工资已结清",
    "amount_cents": 1_860_000,
    "amount_state": "paid",
}


@dataclass(frozen=True, slots=True)
class Centre:
    """One province's programme, and the command line beside it."""

    server: Server
    environment: Mapping[str, str]

    def command(self, *words: str, given: str | None = None) -> str:
        done = CliRunner().invoke(app, list(words), input=given, env=dict(self.environment))
        assert done.exit_code == 0, done.output
        return done.output

    def give(self, who: httpx.Client, number: str, command: str, **data: Any) -> dict[str, Any]:
        version = read(who, number)["version"]
        answer = who.post(f"/api/tickets/{number}/{command}", json={"version": version, **data})
        assert answer.is_success, (command, answer.text)
        return dict(answer.json())


def read(who: httpx.Client, number: str) -> dict[str, Any]:
    answer = who.get(f"/api/tickets/{number}")
    assert answer.is_success, answer.text
    return dict(answer.json())


def union_id(who: httpx.Client, name: str) -> int:
    found = who.get("/api/unions", params={"q": name}).json()
    return next(int(each["id"]) for each in found if each["name"] == name)


def waits_for(who: httpx.Client, number: str, state: str) -> dict[str, Any]:
    """Wait until what the other side said has arrived."""
    eventually(lambda: read(who, number)["state"] == state, f"{number} should be {state}")
    return read(who, number)


def kinds_of_clocks(ticket: dict[str, Any]) -> set[str]:
    return {each["kind"] for each in ticket["clocks"]}


@pytest.fixture(scope="module")
def provinces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Centre, Centre]]:
    """Shandong with its demonstration, and Fujian set up from nothing by the commands that its people would use."""
    folder = tmp_path_factory.mktemp("provinces")
    config = folder / "config"
    config.mkdir()
    text = (SHIPPED_CONFIG / "partners.yaml").read_text(encoding="utf-8")
    # Both are on this machine, which no centre calls unless it is told that it may.
    own = text.replace("allowed_networks: []", 'allowed_networks: ["127.0.0.0/8"]')
    assert own != text
    (config / "partners.yaml").write_text(own, encoding="utf-8")
    with ExitStack() as stack:
        made = []
        for code, name in (("37", "shandong"), ("35", "fujian")):
            home, port = folder / name, free_port()
            environment = {
                "HOTLINE_DATA_DIR": str(home),
                "HOTLINE_CONFIG_DIR": str(config),
                "HOTLINE_PROVINCE": code,
                "HOTLINE_PORT": str(port),
            }
            if code == "35":
                set_up(environment)
            server = stack.enter_context(running(home, more=environment, demo=code == "37", port=port))
            made.append(Centre(server, environment))
        shandong, fujian = made
        shandong.command("unions", "import", str(FILES / "neighbour.csv"))
        introduce(shandong, fujian)
        yield shandong, fujian


def set_up(environment: Mapping[str, str]) -> None:
    """What a new province does before its first start."""
    runner = CliRunner()
    for words, given in (
        (["migrate"], None),
        (["unions", "import", str(FILES / "fujian.csv")], None),
        *(
            (
                [
                    "users",
                    "add",
                    name,
                    "--role",
                    role,
                    "--password-stdin",
                    *(["--union", union] if union else []),
                ],
                PASSWORD,
            )
            for name, (role, union) in PEOPLE.items()
        ),
    ):
        done = runner.invoke(app, words, input=given, env=dict(environment))
        assert done.exit_code == 0, done.output


def introduce(shandong: Centre, fujian: Centre) -> None:
    """Each makes the other a partner and gives it the secret with which it signs."""
    secrets = []
    for here, there, code, ours, more in (
        (shandong, fujian, "fujian-35", "shandong-37", ("--union", "35")),
        (fujian, shandong, "shandong-37", "fujian-35", ()),
    ):
        words = (
            "--name",
            code,
            "--kind",
            "centre",
            "--speaks",
            "partner_api",
            "--endpoint",
            there.server.url,
        )
        said = here.command("partners", "add", code, *words, "--our-code", ours, *more)
        secrets.append(said.strip().splitlines()[-1])
    for here, code, given in ((shandong, "fujian-35", secrets[1]), (fujian, "shandong-37", secrets[0])):
        here.command("partners", "rotate", code, "--outbound", "--secret-stdin", given=given)


@dataclass(frozen=True, slots=True)
class AtHome:
    """A ticket of Shandong that Lixia has signed for and asks Fujian's help with."""

    number: str
    child: str
    operator: httpx.Client
    dispatcher: httpx.Client
    union: httpx.Client


def asks_for_help(shandong: Centre) -> AtHome:
    operator, dispatcher, union = (
        shandong.server.browser(name) for name in ("operator", "dispatcher", "jinan-lixia")
    )
    made = operator.post("/api/tickets", json=TOLD)
    assert made.status_code == 201, made.text
    number = made.json()["number"]
    shandong.give(operator, number, "accept")
    lixia = union.get("/api/session").json()["user"]["union_id"]
    shandong.give(dispatcher, number, "dispatch", union_id=lixia, override_reason="首接负责")
    me = union.get("/api/session").json()["user"]["id"]
    deputy = next(each["id"] for each in union.get("/api/users").json() if each["id"] != me)
    shandong.give(union, number, "sign_for", handler_id=me, deputy_id=deputy)
    fujian = union_id(dispatcher, "福建省总工会")
    helped = shandong.give(union, number, "add_co_handler", union_id=fujian, reason="欠薪的鞋厂在晋江")
    (child,) = [each["number"] for each in helped["links"] if each["relation"] == "child"]
    return AtHome(number, child, operator, dispatcher, union)


def arrived(desk: httpx.Client, known: set[str]) -> str:
    """Wait for the draft that Shandong's case became, and return its number here."""

    def new() -> str | None:
        drafts = desk.get("/api/tickets", params={"state": "draft"}).json()["items"]
        return next((each["number"] for each in drafts if each["number"] not in known), None)

    return str(eventually(new, "the case should arrive in Fujian"))


def sign_in(centre: Centre, name: str) -> httpx.Client:
    client = httpx.Client(base_url=centre.server.url, timeout=60)
    centre.server.browsers.append(client)
    answer = client.post("/api/session", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client


def test_a_case_goes_to_the_other_province_and_its_result_comes_home(
    provinces: tuple[Centre, Centre],
) -> None:
    shandong, fujian = provinces
    home = asks_for_help(shandong)
    desk, sender, union = (sign_in(fujian, name) for name in ("desk-35", "sender-35", "jinjiang"))
    there = arrived(desk, set())
    case = read(desk, there)
    assert there.startswith("35-")
    assert case["text"] == TOLD["text"]
    assert case["channel"] == "partner"
    assert read(home.dispatcher, home.child)["state"] == "draft", "one side's word is not enough"
    fujian.give(desk, there, "accept")
    waits_for(home.dispatcher, home.child, "in_progress")
    fujian.give(
        sender, there, "dispatch", union_id=union_id(sender, "晋江市总工会"), override_reason="鞋厂所在地"
    )
    me = union.get("/api/session").json()["user"]["id"]
    deputy = next(each["id"] for each in union.get("/api/users").json() if each["id"] != me)
    fujian.give(union, there, "sign_for", handler_id=me, deputy_id=deputy)
    # Each centre counts its own time.
    here, ours = read(desk, there), read(home.dispatcher, home.child)
    assert "resolve" in kinds_of_clocks(here) & kinds_of_clocks(ours)
    at = here["server_time"]
    fujian.give(union, there, "record_first_contact", at=at, means="phone", outcome="reached")
    fujian.give(union, there, "add_progress", text="已到鞋厂核实")
    eventually(
        lambda: "已到鞋厂核实" in str(read(home.dispatcher, home.child)["events"]),
        "progress should come home",
    )
    fujian.give(union, there, "report_result", **RESULT)
    fujian.give(sender, there, "review", approved=True)
    reported = waits_for(home.dispatcher, home.child, "reported")
    assert "工资已结清" in str(reported["events"])
    # The union at home watched it all the way, and answers for the whole.
    assert read(home.union, home.child)["state"] == "reported"
    assert shandong.give(home.dispatcher, home.child, "review", approved=True)["state"] == "closed"
    assert read(home.union, home.number)["state"] == "in_progress"
    for who in (home.dispatcher, sender):
        assert who.get("/api/partner-events/dead").json()["items"] == []


def test_what_the_other_province_declines_comes_home_with_its_reason(
    provinces: tuple[Centre, Centre],
) -> None:
    shandong, fujian = provinces
    desk = sign_in(fujian, "desk-35")
    known = {each["number"] for each in desk.get("/api/tickets", params={"state": "draft"}).json()["items"]}
    home = asks_for_help(shandong)
    there = arrived(desk, known)
    leader = sign_in(fujian, "leader-35")
    fujian.give(leader, there, "decline", reason="鞋厂不在福建", route_told="请向厂址所在地工会反映")
    declined = waits_for(home.dispatcher, home.child, "declined")
    assert "鞋厂不在福建" in str(declined["events"])
    assert read(home.union, home.number)["state"] == "in_progress"
