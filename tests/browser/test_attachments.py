"""Evidence at the screen: a union's photograph from a phone reaches the desk; the desk's own goes to it on purpose."""

from __future__ import annotations

from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import SitDown
from tests.browser.test_commands import in_hand
from tests.processes import Server
from tests.rules.test_files import picture


def photo(name: str, width: int) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture(size=(width, 30))}


def test_a_photograph_goes_from_a_phone_to_the_desk_and_back_on_purpose(
    sit_down: SitDown, served: Server
) -> None:
    number = in_hand(served)
    hand, desk = sit_down(width=375, height=740), sit_down()
    page = hand.sign_in("jinan-lixia", at=f"/inbox/{number}")
    page.get_by_test_id("attachment-input").set_input_files(photo("现场.jpg", 40))
    expect(page.get_by_test_id("attachment")).to_have_count(1)
    page.get_by_test_id("attachment-input").set_input_files(
        {"name": "合同.doc", "mimeType": "application/msword", "buffer": b"\xd0\xcf\x11\xe0"}
    )
    expect(page.get_by_test_id("attachment-problem")).to_contain_text("只能上传")
    assert hand.sideways() == []
    assert hand.small_targets() == []
    assert hand.unreadable() == []

    dispatcher = desk.sign_in("dispatcher")
    dispatcher.goto(f"{served.url}/tickets/{number}")
    expect(dispatcher.get_by_test_id("attachment")).to_have_count(1)
    dispatcher.get_by_test_id("attachment-input").set_input_files(photo("合同.jpg", 50))
    expect(dispatcher.get_by_test_id("attachment")).to_have_count(2)
    expect(page.get_by_test_id("attachment")).to_have_count(1)
    dispatcher.get_by_test_id("attachment-release").click()
    expect(page.get_by_test_id("attachment")).to_have_count(2)
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="合同.jpg").click()
    assert downloaded.value.suggested_filename == "合同.jpg"
    dispatcher.get_by_test_id("attachment-remove").click()
    dispatcher.get_by_test_id("attachment-why").fill("拍错了")
    dispatcher.get_by_test_id("attachment-remove-confirm").click()
    expect(dispatcher.get_by_test_id("attachment")).to_have_count(1)
    expect(dispatcher.get_by_test_id("timeline")).to_contain_text("移除附件")
    assert desk.unreadable() == []
