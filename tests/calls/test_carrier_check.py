"""What `hotline check` and `hotline carrier` say of the carrier's side, and that they set it right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from config.settings import Settings
from hotline import cli_carrier, preflight
from hotline.carriers.base import CarrierError, NumberHooks
from hotline.carriers.numbers import Change, changes
from hotline.carriers.twilio import TwilioCarrier
from hotline.wiring import hooks_of
from tests.calls.sandbox_app import ACCOUNT, ACCOUNT_SID, BASE, Stage, open_stage

HOOKS = NumberHooks(
    incoming=f"{BASE}/voice#ct=3000",
    fallback=f"{BASE}/voice/fallback.xml",
    status=f"{BASE}/status#ct=3000",
    messages=f"{BASE}/messages",
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def told(carrier: TwilioCarrier) -> list[tuple[str, bool]]:
    return [(each.code, each.is_error) for each in carrier.check()]


def test_check_names_each_address_that_is_not_ours_and_apply_sets_it(stage: Stage) -> None:
    carrier = stage.carrier(expected={"12351": HOOKS})
    assert told(carrier) == [("fallback_url", False), ("sms_url", False)]

    moved = replace(HOOKS, incoming=f"{BASE}/other")
    lost = stage.carrier(expected={"12351": moved, "12345": HOOKS})
    assert told(lost)[0] == ("voice_url", True)
    assert told(lost)[-1] == ("number_missing", True)
    assert f"把来电地址改为 {BASE}/other" in lost.check()[0].remedy

    found = carrier.numbers()[0]
    carrier.set_hooks("12351", changes(found, HOOKS))

    assert carrier.numbers()[0].hooks.messages == HOOKS.messages
    assert changes(carrier.numbers()[0], HOOKS) == ()
    assert told(carrier) == [("fallback_here", False)]
    with pytest.raises(CarrierError):
        carrier.set_hooks("12345", (Change("12345", "messages", "", HOOKS.messages),))


def test_an_address_asked_by_get_is_an_error_though_it_is_the_right_one(stage: Stage) -> None:
    number = stage.exchange.numbers["12351"]
    stage.exchange.numbers["12351"] = replace(number, voice_method="GET", fallback_url="https://else.test/f")
    carrier = stage.carrier(expected={"12351": HOOKS})

    assert told(carrier) == [("voice_url", True), ("sms_url", False)]
    assert "POST" in carrier.check()[0].remedy

    carrier.set_hooks("12351", changes(carrier.numbers()[0], HOOKS))

    assert told(carrier) == []
    assert stage.exchange.numbers["12351"].fallback_url == "https://else.test/f"


def test_wrong_secrets_are_told_apart_and_so_is_a_number_nobody_verified(stage: Stage) -> None:
    def carrier(token: str, secret: str) -> TwilioCarrier:
        account = replace(ACCOUNT, auth_token=token, api_key_secret=secret)
        http = stage.line.http_client(stage.sandbox)
        return TwilioCarrier(account, http_client=http, expected={"+8653100012351": HOOKS})

    assert told(carrier("wrong", ACCOUNT.api_key_secret)) == [("account", True)]
    found = told(carrier(ACCOUNT.auth_token, "wrong"))
    assert found == [("api_key", True), ("number_missing", True), ("caller_id", True)]


def test_the_command_line_shows_the_difference_asks_and_then_sets_it(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        public_url="https://hotline.test",
        secret_key=SecretStr("s" * 32),
        carrier="twilio",
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=SecretStr(ACCOUNT.auth_token),
        twilio_api_key_sid=ACCOUNT.api_key_sid,
        twilio_api_key_secret=SecretStr(ACCOUNT.api_key_secret),
    )

    def at_the_stage(settings: Settings, line: object) -> TwilioCarrier:
        del line
        return stage.carrier(expected=dict.fromkeys(settings.numbers, hooks_of(settings)))

    monkeypatch.setattr(cli_carrier, "read_settings", lambda: (settings, []))
    monkeypatch.setattr(cli_carrier, "carrier_of", at_the_stage)
    monkeypatch.setattr(preflight, "carrier_of", at_the_stage)

    def run(*words: str, says: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(cli_carrier.carrier_app, list(words), input=says)
        return done.exit_code, done.output

    status, text = run("check")
    assert status == 1
    assert "错误 [carrier_voice_url]" in text
    assert [each.code for each in preflight.check_all(settings, {}) if each.code == "carrier_voice_url"]
    status, text = run("apply", says="n\n")
    assert status == 1
    assert f"{BASE}/voice → https://hotline.test/voice/incoming#" in text
    assert stage.exchange.numbers["12351"].voice_url == f"{BASE}/voice"
    assert run("apply", says="y\n")[0] == 0
    assert stage.exchange.numbers["12351"].sms_url == "https://hotline.test/messages/incoming"
    assert run("apply") == (0, "各号码的地址都已正确。\n")
    status, text = run("check")
    assert status == 0, text
    assert "12351  本系统" in run("numbers")[1]
