"""What pages may load from elsewhere: nothing, but for the telephone of a carrier that has one."""

from __future__ import annotations

from agent_console.front_door import CONTENT_SECURITY_POLICY, TWILIO, security_policy


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (each.split(" ") for each in policy.split("; "))}


def test_only_a_carriers_telephone_opens_the_policy_and_scripts_stay_ours() -> None:
    assert security_policy({}) == CONTENT_SECURITY_POLICY
    ours, theirs = directives(CONTENT_SECURITY_POLICY), directives(security_policy(TWILIO))
    assert theirs["connect-src"][0] == "'self'"
    assert "wss://voice-js.roaming.twilio.com" in theirs["connect-src"]
    assert "mediastream:" in theirs["media-src"]
    opened = {"connect-src", "media-src"}
    assert {name: theirs[name] for name in ours if name not in opened} == {
        name: ours[name] for name in ours if name not in opened
    }
    assert not any("*" in source for sources in theirs.values() for source in sources)
