"""Sound between browsers: it arrives on both sides, and follows hold, mute, whisper, a third party and a reload."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.steps import dial, go_ready, hears, operator_says, takes_call

COLLECT = """
const Native = window.RTCPeerConnection
window.connections = []
window.RTCPeerConnection = class extends Native {
  constructor(...given) { super(...given); window.connections.push(this) }
}
"""
"""Remember the page's connections, so that a story can ask the browser itself what it has heard."""

HEARD = """async () => {
  let energy = 0
  for (const each of window.connections ?? []) {
    if (each.connectionState === 'closed') continue
    for (const report of (await each.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'audio') energy += report.totalAudioEnergy ?? 0
    }
  }
  return energy
}"""
LONG_S = 60.0
QUIET_S = 1.3
"""The fake microphone beeps once a second."""


def with_sound(screen: Screen) -> Screen:
    screen.context.grant_permissions(["microphone"], origin=screen.server.url)
    screen.context.add_init_script(COLLECT)
    return screen


def hears_sound(page: Page, what: str) -> None:
    """Wait until sound arrives that was not there before."""
    before: float = page.evaluate(HEARD)
    deadline = time.monotonic() + LONG_S
    while page.evaluate(HEARD) <= before:
        assert time.monotonic() < deadline, what
        page.wait_for_timeout(100)


def hears_nothing(page: Page, what: str) -> None:
    """Wait until no more sound arrives for longer than a beep."""
    deadline = time.monotonic() + LONG_S
    while True:
        before: float = page.evaluate(HEARD)
        page.wait_for_timeout(int(QUIET_S * 1000))
        if page.evaluate(HEARD) - before < 1e-9:
            return
        assert time.monotonic() < deadline, what


def test_two_people_hear_each_other_and_a_supervisor_whispers(sit_down: SitDown) -> None:
    desk, telephone, boss = (with_sound(sit_down(width=width)) for width in (1366, 1100, 1366))
    operator, supervisor = desk.sign_in("operator"), boss.sign_in("supervisor")
    go_ready(operator)
    phone = dial(telephone, "+8613800000071")
    takes_call(operator)
    expect(operator.get_by_test_id("device-sound")).to_have_attribute("data-state", "on")
    expect(phone.get_by_test_id("phone-sound")).to_have_attribute("data-state", "on")
    hears_sound(operator, "the operator should hear the caller")
    hears_sound(phone, "the caller should hear the operator")
    operator_says(operator, "字幕还在")
    hears(phone, "字幕还在")

    operator.get_by_test_id("call-hold").click()
    hears(phone, "对方已保持通话")
    hears_nothing(phone, "on hold nothing is heard")
    hears_nothing(operator, "on hold nothing is heard of the caller either")
    operator.get_by_test_id("call-hold").click()
    hears_sound(phone, "back from hold")
    operator.get_by_test_id("call-mute").click()
    hears_nothing(phone, "a muted operator is not heard")
    hears_sound(operator, "a muted operator hears")

    # Muted, the operator is silent: whatever reaches the caller now would be the supervisor.
    supervisor.goto(f"{boss.server.url}/floor")
    seat = supervisor.get_by_test_id("seat-话务员1001")
    seat.get_by_test_id("seat-whisper").click()
    expect(seat.get_by_test_id("seat-listener")).to_contain_text("耳语中")
    hears_sound(supervisor, "the supervisor should hear the caller")
    hears_nothing(phone, "a whisper does not reach the caller")
    seat.get_by_test_id("seat-barge").click()
    hears_sound(phone, "the supervisor speaks to both")
    seat.get_by_test_id("seat-leave").click()
    hears_nothing(phone, "the supervisor is out, the operator muted")
    operator.get_by_test_id("call-mute").click()

    operator.reload()
    expect(operator.get_by_test_id("device-sound")).to_have_attribute("data-state", "on")
    hears_sound(operator, "after a reload the operator hears again")
    hears_sound(phone, "and is heard")
    operator.keyboard.press("Alt+H")
    hears(phone, "请为本次服务打分")
    expect(phone.get_by_test_id("phone-sound")).to_be_hidden()


def test_without_a_microphone_there_are_captions_and_a_sentence(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    go_ready(operator)
    phone = dial(telephone, "+8613800000072")
    takes_call(operator)
    expect(operator.get_by_test_id("device-sound")).to_contain_text("麦克风未获允许")
    expect(phone.get_by_test_id("phone-sound")).to_contain_text("只有字幕")
    operator_says(operator, "您好，请讲")
    hears(phone, "您好，请讲")
    assert desk.unreadable() == []
    operator.get_by_test_id("call-hang-up").click()
    hears(phone, "请为本次服务打分")


def _rings(page: Page) -> str:
    said: str = page.evaluate("document.documentElement.dataset.ringing ?? ''")
    return said


def test_of_two_tabs_one_rings_and_one_answers_though_the_other_is_frozen(sit_down: SitDown) -> None:
    desk, telephone = with_sound(sit_down()), with_sound(sit_down(width=1100))
    first = desk.sign_in("operator")
    go_ready(first)
    second = desk.context.new_page()
    told: list[str] = []
    second.on("websocket", lambda socket: socket.on("framereceived", lambda text: told.append(str(text))))
    second.goto(f"{desk.server.url}/workbench")
    expect(second.get_by_test_id("presence")).to_be_visible()
    # A telephone that is not there yet cannot be rung: the story begins with two that are.
    deadline = time.monotonic() + LONG_S
    while not any('"registered"' in each for each in told):
        assert time.monotonic() < deadline, "the second tab should have a telephone"
        second.wait_for_timeout(50)
    phone = dial(telephone, "+8613800000073")
    for page in (first, second):
        expect(page.get_by_test_id("offer-card")).to_be_visible()
    deadline = time.monotonic() + LONG_S
    while sorted(_rings(page) for page in (first, second)) != ["", "true"]:
        assert time.monotonic() < deadline, "exactly one of them should ring"
        second.wait_for_timeout(50)
    # The first one is frozen, as browsers do with tabs that nobody looks at.
    frozen = desk.context.new_cdp_session(first)
    frozen.send("Page.setWebLifecycleState", {"state": "frozen"})
    second.get_by_test_id("offer-answer").click()
    expect(second.get_by_test_id("device-state")).to_have_attribute("data-state", "talking")
    hears_sound(second, "the tab that answered has the sound")
    hears_sound(phone, "and is heard")
    frozen.send("Page.setWebLifecycleState", {"state": "active"})
    expect(first.get_by_test_id("offer-card")).to_be_hidden()
    expect(first.get_by_test_id("device-state")).to_have_attribute("data-state", "registered")
    second.get_by_test_id("call-hang-up").click()
    hears(phone, "请为本次服务打分")
