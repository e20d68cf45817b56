"""Channels against real servers of the other side: what arrives, what may be tried again, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.channels.base import Address, Channel, ChannelError, Message
from hotline.channels.mail import MailChannel
from hotline.channels.robots import DingtalkChannel, WecomChannel
from hotline.channels.targets import BadTarget, check_target
from tests.post_office import MailServer, RobotServer, mail_server, robot_server

MESSAGE = Message("12351工单通知", "【12351】工单37-1：待签收。打开：https://x.test/l#token", "delivery-7")
WECOM = ("https://qyapi.weixin.qq.com",)


@pytest.fixture(scope="module")
def post() -> Iterator[MailServer]:
    with mail_server() as office:
        yield office


@pytest.fixture(scope="module")
def robots() -> Iterator[RobotServer]:
    with robot_server() as office:
        yield office


def refused(channel: Channel, to: Address) -> tuple[bool, bool]:
    """Return whether it may be tried again, and whether nobody knows."""
    with pytest.raises(ChannelError) as error:
        channel.send(to, MESSAGE)
    return error.value.retryable, error.value.unknown_outcome


def test_mail_arrives_in_chinese_and_each_no_is_told_apart(post: MailServer) -> None:
    channel = MailChannel("127.0.0.1", post.port, "notices@centre.test", "none")
    to = Address("cadre@union.test")
    reference = channel.send(to, MESSAGE)
    (mail,) = post.received
    assert post.to == ["cadre@union.test"]
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Message-ID"] == reference
    assert mail.get_content().strip() == MESSAGE.text  # type: ignore[attr-defined]  # an EmailMessage by its policy
    post.rcpt = "450 later"
    assert refused(channel, to) == (True, False)
    post.rcpt = "550 nobody"
    assert refused(channel, to) == (False, False)
    post.rcpt, post.data = "250 ok", "554 spam"
    assert refused(channel, to) == (False, False)
    post.data = None
    assert refused(channel, to) == (False, True), "it may have been kept"
    assert refused(MailChannel("127.0.0.1", 1, "a@b.test", "none"), to) == (True, False)
    assert len(post.received) == 1


def test_robots_hear_signed_messages_and_each_no_is_told_apart(robots: RobotServer) -> None:
    wecom = WecomChannel((robots.url,))
    to = Address(f"{robots.url}/cgi-bin/webhook/send?key=abc-123")
    wecom.send(to, MESSAGE)
    assert robots.texts == [MESSAGE.text]
    dingtalk = DingtalkChannel((robots.url,))
    robots.secret = "SEC000"
    signed = Address(f"{robots.url}/robot/send?access_token=t0", "SEC000")
    dingtalk.send(signed, MESSAGE)
    assert refused(dingtalk, Address(signed.to, "SEC111")) == (False, False), "a wrong secret"
    robots.secret = ""
    robots.answer = {"errcode": 45009, "errmsg": "api freq out of limit"}
    assert refused(wecom, to) == (True, False)
    robots.answer = {"errcode": 93000, "errmsg": "invalid webhook url"}
    assert refused(wecom, to) == (False, False)
    for status, again in ((500, True), (429, True), (403, False), (302, False)):
        robots.answer = status
        assert refused(wecom, to) == (again, False), "no redirect is followed"
    robots.answer = None
    assert refused(wecom, to) == (False, True), "it may have been posted"
    assert len(robots.texts) == 2


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a",
        "https://qyapi.weixin.qq.com.evil.test/cgi-bin/webhook/send?key=a",
        "https://qyapi.weixin.qq.com@evil.test/cgi-bin/webhook/send?key=a",
        "https://evil.test#@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a",
        "https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key=a",
        "https://qyapi.weixin.qq.com/cgi-bin/../metadata?key=a",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a&debug=1",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a\r\nHost: evil.test",
        "https://qyapi.weixin.qq.com\\@evil.test/cgi-bin/webhook/send?key=a",
        "http://169.254.169.254/cgi-bin/webhook/send?key=a",
        "http://localhost/cgi-bin/webhook/send?key=a",
        "file:///cgi-bin/webhook/send?key=a",
        "https://[::1/cgi-bin/webhook/send?key=a",
        "",
    ],
)
def test_no_address_leads_anywhere_but_to_a_robot(address: str) -> None:
    with pytest.raises(BadTarget):
        check_target("wecom", address, WECOM)
    assert refused(WecomChannel(WECOM), Address(address)) == (False, False)


def test_a_robots_own_address_is_taken() -> None:
    check_target("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0a-1b", WECOM)


def test_an_allowed_name_that_leads_into_the_house_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = [(2, 1, 6, "", (address, 443)) for address in ("127.0.0.1", "10.0.0.8", "169.254.169.254")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: inside)
    to = Address("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a")
    assert refused(WecomChannel(WECOM), to) == (False, False)
