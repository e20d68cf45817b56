"""What config/public_pages.yaml may say, and that a short message names nothing but numbers and a state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml

from config.load import ConfigError, load_policy
from config.settings import SHIPPED_CONFIG
from dispatch.rules.policy import PolicyError
from hotline.public.limits import address_key
from hotline.public.policy import LIMITS, TEXTS, PublicPolicy
from hotline.public.words import cleaned

FILE = SHIPPED_CONFIG / "public_pages.yaml"


def written() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def test_the_shipped_policy_has_every_limit_and_every_text() -> None:
    policy = load_policy(FILE, PublicPolicy.from_mapping)
    assert set(policy.limits) == set(LIMITS)
    assert set(policy.texts) == set(TEXTS)
    assert policy.open_for < policy.open_longest
    assert policy.least_time == timedelta(seconds=3)
    # One message of Chinese has seventy signs; three are still one text to read.
    assert max(map(len, policy.texts.values())) <= 134


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda data: data["texts"].update(received="查询号{number}"), "received"),
        (lambda data: data["texts"].update(progress="{number}{state}{until}{union}"), "progress"),
        (lambda data: data["texts"].pop("crisis"), "crisis"),
        (lambda data: data["limits"].update(requests_a_day=0), "requests_a_day"),
        (lambda data: data["limits"].update(anything=1), "anything"),
        (lambda data: data.update(wrong_tries_per_address=1), "wrong_tries_per_address"),
        (lambda data: data.pop("source"), "source"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], object], place: str
) -> None:
    data = written()
    change(data)
    with pytest.raises((PolicyError, ConfigError), match=place):
        PublicPolicy.from_mapping(data)


def test_of_an_address_only_a_digest_of_its_network_is_kept() -> None:
    secret = b"a secret of sixteen bytes or more"
    household = {address_key(secret, f"2001:db8:1:2::{host}") for host in ("1", "ffff", "a:b:c:d")}
    assert len(household) == 1
    assert address_key(secret, "10.0.0.1") != address_key(secret, "10.0.0.2")
    assert "10.0.0.1" not in address_key(secret, "10.0.0.1")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("工\u200b资\u202e没发\x00", "工资没发"),
        ("一\r\n二\r三\t四", "一\n二\n三\t四"),
        ("\ufeff ", ""),
        ("𠮷", "𠮷"),
    ],
)
def test_signs_that_nobody_sees_are_left_out_and_words_stay(given: str, kept: str) -> None:
    assert cleaned(given) == kept
