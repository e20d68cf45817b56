"""A worker on a cheap telephone: writes a request, keeps two numbers, comes back by them, and takes a record home."""

from __future__ import annotations

import io
import os
from pathlib import Path

import httpx
import pypdf
from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.test_screens import command, finish
from tests.processes import Server, eventually
from tests.rules.test_files import picture
from tests.web.strangers import FORM

SHOTS = os.environ.get("HOTLINE_SCREENSHOTS")
"""A folder: then the story leaves pictures of the pages there."""


def looks_right(screen: Screen, name: str) -> None:
    assert screen.sideways() == []
    assert screen.small_targets() == []
    assert screen.unreadable() == []
    if SHOTS:
        screen.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def given_to_lixia(served: Server, spoken: str) -> str:
    """Let an operator take the request up and give it to the union of Lixia; return its whole number."""
    operator = served.browser("operator")
    found: list[str] = [each["number"] for each in operator.get("/api/tickets?bucket=open").json()["items"]]
    number = next(each for each in found if each.replace("-", "")[6:16] == spoken)
    seen = operator.get(f"/api/tickets/{number}").json()
    seen = command(operator, number, "accept", seen["version"])
    lixia = operator.get(f"/api/tickets/{number}/unions").json()["recommendations"][0]["union_id"]
    command(operator, number, "dispatch", seen["version"], union_id=lixia)
    return number


def signed_for(served: Server, number: str) -> None:
    union = served.browser("jinan-lixia")
    seen = union.get(f"/api/tickets/{number}").json()
    me, other = (user["id"] for user in union.get("/api/users").json()[:2])
    command(union, number, "sign_for", seen["version"], handler_id=me, deputy_id=other)


def write(page: Page) -> None:
    page.get_by_test_id("request-text").fill("老板拖欠三个月工资，一共六个人，不发工资。")
    page.get_by_test_id("request-wish").fill("要回三个月工资")
    page.get_by_test_id("suggest-wage_arrears").click()
    page.get_by_test_id("request-employer").fill("济南某建筑公司")
    page.get_by_test_id("place-1").select_option(label="济南市")
    page.get_by_test_id("place-2").select_option(label="历下区")
    page.get_by_test_id("request-headcount").fill("6")
    page.get_by_test_id("disclosure-union").check()
    page.get_by_test_id("contact-phone").check()
    page.get_by_test_id("request-phone").fill("13800000071")
    expect(page.get_by_test_id("request-status")).to_have_attribute("data-state", "saved")


def sends(page: Page) -> None:
    """Press the button; a machine, which is quicker than any person, is asked to wait a little and presses again."""
    while True:
        with page.expect_response("**/api/public/request/send") as answered:
            page.get_by_test_id("request-send").click()
        if answered.value.status != 429:
            return
        page.wait_for_timeout(500)


def test_a_worker_asks_comes_back_and_takes_a_record_home(
    sit_down: SitDown, served: Server, tmp_path: Path
) -> None:
    worker = sit_down(width=375, height=740)
    page = worker.go_to("/request")
    write(page)
    page.get_by_test_id("files-input").set_input_files(
        {"name": "工资条.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    expect(page.get_by_test_id("files-list")).to_contain_text("已收到“工资条.jpg”")
    looks_right(worker, "request")
    # A reload, or a battery that dies, loses nothing.
    page.reload()
    expect(page.get_by_test_id("request-text")).to_have_value("老板拖欠三个月工资，一共六个人，不发工资。")
    expect(page.get_by_test_id("place-2")).to_have_value("370102")
    sends(page)
    expect(page.get_by_test_id("request-problem")).to_contain_text("个人信息处理说明")
    page.get_by_test_id("request-agree").check()
    expect(page.get_by_test_id("files-known")).to_contain_text("工资条.jpg")
    sends(page)
    number = page.get_by_test_id("sent-number").inner_text()
    code = page.get_by_test_id("sent-code").inner_text()
    expect(page.get_by_test_id("files-known")).to_contain_text("工资条.jpg")
    page.get_by_test_id("files-input").set_input_files(
        {"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"}
    )
    expect(page.get_by_test_id("files-list")).to_contain_text("“bad.jpg”没有收到")
    looks_right(worker, "request-sent")
    page.get_by_test_id("sent-progress").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("12351已收到，等待话务员受理")
    page.get_by_test_id("own-close").click()
    expect(page.get_by_test_id("open-form")).to_be_visible()

    signed_for(served, given_to_lixia(served, number))
    other = sit_down(width=375, height=740)
    page = other.go_to("/progress")
    page.get_by_test_id("open-number").fill(number)
    page.get_by_test_id("open-code").fill("000000" if code != "000000" else "000001")
    page.get_by_test_id("open-submit").click()
    expect(page.get_by_test_id("open-problem")).to_contain_text("查询号或查询码不正确")
    looks_right(other, "progress-wrong")
    page.get_by_test_id("open-code").fill(code)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("union")).to_have_text("历下区总工会")
    assert number not in page.url
    assert code not in page.url
    expect(page.get_by_test_id("steps").get_by_role("listitem").last).to_contain_text("已签收，开始办理")
    page.get_by_test_id("act-add_progress").click()
    page.get_by_test_id("note-text").fill("还有两个月加班费")
    looks_right(other, "progress")
    page.get_by_test_id("note-send").click()
    expect(page.get_by_test_id("act-notice")).to_have_text("已记入您的诉求。")
    page.get_by_test_id("act-nudge").click()
    expect(page.get_by_test_id("act-nudge")).to_be_disabled()
    expect(page.get_by_test_id("steps").get_by_role("listitem").last).to_contain_text("您催办了一次")
    with page.expect_download() as download:
        page.get_by_test_id("act-record").click()
    file = tmp_path / "record.pdf"
    download.value.save_as(file)
    words = "".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(file.read_bytes())).pages)
    check_record(sit_down(width=375, height=740, language="en"), words.split("核验码")[1].split()[0], file)


def check_record(reader: Screen, code: str, file: Path) -> None:
    """Let whoever is shown the record check it, in another browser."""
    page = reader.go_to("/verify")
    page.get_by_test_id("verify-code").fill("ABCD-EFGH-JKMN-PQRS")
    page.get_by_test_id("verify-submit").click()
    expect(page.get_by_test_id("verify-problem")).to_be_visible()
    page.get_by_test_id("verify-code").fill(code)
    page.get_by_test_id("verify-submit").click()
    expect(page.get_by_test_id("verify-found")).to_contain_text("unchanged")
    page.get_by_test_id("verify-file").set_input_files(file)
    expect(page.get_by_test_id("verify-file-result")).to_contain_text("is the one that was issued")
    looks_right(reader, "verify")
    changed = file.with_name("changed.pdf")
    changed.write_bytes(file.read_bytes() + b" ")
    page.get_by_test_id("verify-file").set_input_files(changed)
    expect(page.get_by_test_id("verify-file-result")).to_contain_text("is not the one")


def open_page(screen: Screen, number: str, code: str) -> Page:
    page = screen.go_to("/progress")
    page.get_by_test_id("open-number").fill(number)
    page.get_by_test_id("open-code").fill(code)
    page.get_by_test_id("open-submit").click()
    expect(page.get_by_test_id("own-ticket")).to_be_visible()
    return page


def asked_over_the_api(served: Server, **fields: object) -> tuple[str, str]:
    """Return number and code of a request by web form."""
    with httpx.Client(base_url=served.url, timeout=60) as stranger:
        version = stranger.post("/api/public/request", json={"form": {**FORM, **fields}}).json()["version"]

        def sent() -> dict[str, str] | None:
            answer = stranger.post("/api/public/request/send", json={"version": version})
            return answer.json() if answer.status_code == 200 else None

        # A form that comes back at once was not written by a person.
        told = eventually(sent, "the request should be taken", seconds=60)
    return told["number"], told["code"]


def test_a_worker_says_that_it_is_not_solved_and_then_that_it_is(sit_down: SitDown, served: Server) -> None:
    number, code = asked_over_the_api(served, phone="13800000073")
    finish(served, given_to_lixia(served, number))
    worker = sit_down(width=375, height=740)
    page = open_page(worker, number, code)
    expect(page.get_by_test_id("reply")).to_have_text("工资已到账")
    page.get_by_test_id("act-record_callback").click()
    page.get_by_test_id("rate-unsolved").check()
    page.get_by_test_id("rate-dissatisfied").check()
    looks_right(worker, "rating")
    page.get_by_test_id("rate-send").click()
    expect(page.get_by_test_id("act-notice")).to_contain_text("12351会给您打电话")
    page.get_by_test_id("act-record_callback").click()
    page.get_by_test_id("rate-solved").check()
    page.get_by_test_id("rate-satisfied").check()
    page.get_by_test_id("rate-send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已办结")
    expect(page.get_by_test_id("act-record_callback")).to_have_count(0)


def test_of_a_sealed_matter_the_page_says_only_whom_to_call(sit_down: SitDown, served: Server) -> None:
    number, code = asked_over_the_api(served, phone="13800000074", category="sexual_harassment")
    worker = sit_down(width=375, height=740)
    page = open_page(worker, number, code)
    expect(page.get_by_test_id("sealed")).to_contain_text("拨打12351按0")
    expect(page.get_by_test_id("steps")).to_have_count(0)
    looks_right(worker, "sealed")
    page.reload()
    expect(page.get_by_test_id("open-form")).to_be_visible()


def test_words_of_despair_show_where_help_is_while_they_are_written(sit_down: SitDown) -> None:
    worker = sit_down(width=375, height=740)
    page = worker.go_to("/request")
    page.get_by_test_id("confidentiality-anonymous").check()
    expect(page.get_by_test_id("contact-phone")).to_have_count(0)
    page.get_by_test_id("request-text").fill("欠薪半年，我不想活了")
    expect(page.get_by_test_id("request-crisis")).to_contain_text("12351按9")
    looks_right(worker, "request-crisis")


def test_the_test_phone_sends_a_short_message_and_reads_the_answer(sit_down: SitDown) -> None:
    page = sit_down().go_to("/phone")
    page.get_by_test_id("phone-from").fill("+8613800000072")
    page.get_by_test_id("phone-message").fill("三个月没发工资，找谁")
    page.get_by_test_id("phone-text").click()
    expect(page.get_by_test_id("phone-captions")).to_contain_text("已收到您的诉求，查询号")
