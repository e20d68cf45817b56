"""Every request that we send to Twilio's REST is one that its API knows: resource, fields, values, addresses, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from hotline.carriers.base import NumberHooks
from hotline.carriers.numbers import changes
from hotline.carriers.twilio import TwilioCarrier
from hotline.carriers.twilio_http import RebasedHttpClient
from tests.calls.centre import BASE, Centre
from tests.calls.talks import open_talk, sqlite_centre

OURS: Final = "+12025550123"
OUTSIDE: Final = "+8613900000042"
SID: Final = "[A-Z]{2}[0-9a-f]{32}"
URL: Final = f"{re.escape(BASE)}/[!-~]+"
PHONE: Final = r"\+[1-9]\d{6,14}"
PARTY: Final = rf"{PHONE}|client:[A-Za-z0-9_]{{1,121}}"
POST: Final = "POST"
MOMENT: Final = r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?"
COUNT: Final = r"[1-9]\d{0,3}"

KNOWN: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("POST", "/Calls.json"): {
        "To": PARTY,
        "From": PHONE,
        "Url": URL,
        "Timeout": "[1-9][0-9]?|[1-5][0-9][0-9]|600",
        "StatusCallback": URL,
        "StatusCallbackEvent": "initiated|ringing|answered|completed",
        "MachineDetection": "Enable|DetectMessageEnd",
    },
    ("GET", "/Calls.json"): {
        "To": PARTY,
        "From": PHONE,
        "Status": "queued|ringing|in-progress|canceled|completed|failed|busy|no-answer",
        "StartTime>": MOMENT,
        "PageSize": COUNT,
    },
    ("GET", "/Calls/{}.json"): {},
    ("POST", "/Calls/{}.json"): {"Url": URL, "Method": POST, "Status": "canceled|completed"},
    ("POST", "/Calls/{}/Recordings.json"): {
        "RecordingStatusCallback": URL,
        "RecordingStatusCallbackEvent": "in-progress|completed|absent",
        "RecordingChannels": "mono|dual",
    },
    ("POST", "/Calls/{}/Recordings/{}.json"): {
        "Status": "in-progress|paused|stopped",
        "PauseBehavior": "skip|silence",
    },
    ("GET", "/Recordings.json"): {"CallSid": SID, "PageSize": COUNT},
    ("GET", "/Recordings/{}.wav"): {},
    ("DELETE", "/Recordings/{}.json"): {},
    ("GET", "/Conferences.json"): {"FriendlyName": "[!-~]{1,64}", "PageSize": COUNT},
    ("POST", "/Conferences/{}.json"): {"Status": "completed"},
    ("GET", "/Conferences/{}/Participants.json"): {"PageSize": COUNT},
    ("POST", "/Conferences/{}/Participants/{}.json"): {
        "Hold": "true|false",
        "HoldUrl": URL,
        "HoldMethod": POST,
        "Muted": "true|false",
        "Coaching": "true|false",
        "CallSidToCoach": SID,
        "AnnounceUrl": URL,
        "AnnounceMethod": POST,
    },
    ("DELETE", "/Conferences/{}/Participants/{}.json"): {},
    ("POST", "/Messages.json"): {"To": PHONE, "From": PHONE, "Body": "(?s).{1,1600}", "StatusCallback": URL},
    ("GET", "/IncomingPhoneNumbers.json"): {"PhoneNumber": PHONE, "PageSize": COUNT},
    ("POST", "/IncomingPhoneNumbers/{}.json"): {
        "VoiceUrl": URL,
        "VoiceMethod": POST,
        "VoiceFallbackUrl": URL,
        "VoiceFallbackMethod": POST,
        "StatusCallback": URL,
        "StatusCallbackMethod": POST,
        "SmsUrl": URL,
        "SmsMethod": POST,
    },
    ("GET", ".json"): {},
    ("GET", "/OutgoingCallerIds.json"): {"PhoneNumber": PHONE, "PageSize": COUNT},
}
"""Of Twilio's API 2010-04-01 (its OpenAPI description, `twilio_api_v2010`) what we use: resource → field → its values."""
HOOKS: Final = NumberHooks(
    incoming=f"{BASE}/voice/incoming#rc=1",
    fallback=f"{BASE}/voice/fallback.xml",
    status=f"{BASE}/voice/status#rc=1",
    messages=f"{BASE}/messages/incoming",
)
REQUIRED: Final = {
    ("POST", "/Calls.json"): {"To", "From", "Url"},
    ("POST", "/Messages.json"): {"To", "From", "Body"},
    ("POST", "/Calls/{}/Recordings/{}.json"): {"Status"},
}


class Wire:
    """Listens in on the SDK's requests, just before they leave."""

    def __init__(self, client: RebasedHttpClient) -> None:
        self.seen: list[tuple[str, str, dict[str, Any]]] = []
        send, fetch = client.request, client.download

        def request(method: str, url: str, params: Any = None, data: Any = None, **more: Any) -> Any:
            self.seen.append((method, url, {**(params or {}), **(data or {})}))
            return send(method, url, params=params, data=data, **more)

        def download(url: str, auth: tuple[str, str]) -> tuple[int, bytes, str]:
            self.seen.append(("GET", url, {}))
            return fetch(url, auth)

        client.request, client.download = request, download  # type: ignore[method-assign]  # listening in

    def walked(self) -> set[tuple[str, str]]:
        """Check every request, and return the resources that were asked."""
        return {self._check(*each) for each in self.seen}

    @staticmethod
    def _check(method: str, url: str, given: dict[str, Any]) -> tuple[str, str]:
        at = re.fullmatch(rf"https://api\.twilio\.com/2010-04-01/Accounts/{SID}(/[^?]+|\.json)", url)
        assert at is not None, url
        resource = method, re.sub(rf"(?<=/){SID}", "{}", at[1])
        assert resource in KNOWN, resource
        fields = KNOWN[resource]
        sent = {name: value for name, value in given.items() if value is not None}
        assert sent.keys() <= fields.keys(), (resource, sent.keys() - fields.keys())
        assert REQUIRED.get(resource, set()) <= sent.keys(), (resource, sent)
        for name, value in sent.items():
            for each in value if isinstance(value, list) else [value]:
                assert re.fullmatch(fields[name], str(each)), (resource, name, each)
        return resource


@contextmanager
def centre_on_the_wire(folder: Path) -> Iterator[tuple[Centre, TwilioCarrier, Wire]]:
    with sqlite_centre(folder, numbers=(OURS,)) as centre:
        carrier: TwilioCarrier = centre.services.carrier.real  # type: ignore[attr-defined]  # tests' own carrier
        yield centre, carrier, Wire(carrier._http)


def test_every_request_of_a_days_work_is_one_that_twilio_knows(tmp_path: Path) -> None:
    with centre_on_the_wire(tmp_path) as (centre, carrier, wire):
        lawyer = centre.phone(OUTSIDE)
        with open_talk(centre, to=OURS) as talk:
            for path in ("hold", "unhold", "mute", "unmute", "recording/pause", "recording/resume"):
                talk.post(path)
            boss = centre.browser("supervisor")
            device = centre.seat("supervisor")
            assert boss.post(f"/api/calls/{talk.sid}/supervise", json={"mode": "whisper"}).is_success
            centre.line.settle()
            device.is_in_conference()
            assert boss.post(f"/api/calls/{talk.sid}/leave").is_success
            talk.asks("three_way", number=OUTSIDE)
            lawyer.rings().answers().is_in_conference()
            talk.post("digits", {"digits": "1*#"})
            room = str(centre.calls()[0].conference)
            assert lawyer.call_sid in {each.call_sid for each in carrier.conference_members(room)}
            carrier.remove(lawyer.call_sid, conference=room)
            centre.line.settle()
            talk.hangs_up()
        # What a day has besides: a message, a machine that may answer, the reconciler, a lost recording.
        worker = "+8613800000001"
        carrier.send_sms(worker, from_=OURS, body="工单号", status_callback=f"{BASE}/messages/status")
        made = carrier.originate(
            worker,
            from_=OURS,
            url=f"{BASE}/voice/follow-ups/1",
            status_callback=f"{BASE}/voice/status",
            detect_machine=True,
        )
        carrier.hangup(made.call_sid)
        carrier.fetch_call(made.call_sid)
        carrier.list_calls(started_after=centre.services.now() - timedelta(hours=1), from_=OURS, to=worker)
        carrier.list_recordings(talk.sid)
        careful = TwilioCarrier(
            carrier._account, http_client=carrier._http, expected={"+12025550199": HOOKS, OURS: HOOKS}
        )
        for found in careful.numbers():
            careful.set_hooks(found.number, changes(found, HOOKS))
        careful.check()
        walked = wire.walked()
        assert KNOWN.keys() - walked == set()
