"""The carrier that speaks TwiML and Twilio's REST: Twilio itself, a compatible one, or the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from twilio.base.exceptions import TwilioRestException
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from twilio.rest import Client

from hotline.carriers.base import (
    CallGone,
    Capabilities,
    CarrierCall,
    CarrierError,
    CarrierFinding,
    CarrierNumber,
    CarrierRecording,
    CarrierStatus,
    ConferenceMember,
    DeviceToken,
    NotSupported,
    NumberHooks,
    Originated,
    RecordingMedia,
)
from hotline.carriers.numbers import Change
from hotline.carriers.twilio_http import RebasedHttpClient, commanding, creating, ignoring_gone
from hotline.carriers.twilio_numbers import (
    account_findings,
    key_findings,
    number_findings,
    numbers_of,
    set_hooks,
)
from ivr_flows.outputs import Output

MAX_TOKEN_S = 3600

CARRIER_STATUS: Mapping[str, CarrierStatus] = {
    "queued": CarrierStatus.QUEUED,
    "initiated": CarrierStatus.QUEUED,
    "ringing": CarrierStatus.RINGING,
    "in-progress": CarrierStatus.IN_PROGRESS,
    "answered": CarrierStatus.IN_PROGRESS,
    "completed": CarrierStatus.COMPLETED,
    "busy": CarrierStatus.BUSY,
    "failed": CarrierStatus.FAILED,
    "no-answer": CarrierStatus.NO_ANSWER,
    "canceled": CarrierStatus.CANCELED,
}
"""Twilio's `CallStatus` in our words; the webhooks read the same table."""
_TWILIO_STATUS = {ours: theirs for theirs, ours in reversed(list(CARRIER_STATUS.items()))}


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Who we are at the carrier; an API key pair is needed for browser telephones."""

    account_sid: str
    auth_token: str = field(repr=False)
    api_key_sid: str = ""
    api_key_secret: str = field(default="", repr=False)
    twiml_app_sid: str = ""


class TwilioCarrier:
    """A `Carrier` on Twilio's REST interface."""

    def __init__(
        self,
        account: TwilioAccount,
        *,
        api_base: str | None = None,
        http_client: RebasedHttpClient | None = None,
        expected: Mapping[str, NumberHooks] | None = None,
        dials_mainland_china: bool = False,
    ) -> None:
        """For `check`: `expected`, number → where it should lead; the first is shown on calls that we make."""
        self._account = account
        self._http = http_client if http_client is not None else RebasedHttpClient(api_base=api_base)
        self._auth = (
            (account.api_key_sid, account.api_key_secret)
            if account.api_key_sid
            else (account.account_sid, account.auth_token)
        )
        self._client = Client(*self._auth, account_sid=account.account_sid, http_client=self._http)
        self._expected = dict(expected or {})
        self._capabilities = Capabilities(
            pulls_instructions=True,
            hears_speech=True,
            sends_sms=True,
            has_browser_phones=bool(account.api_key_sid),
            coaches=True,
            sends_digits=True,
            dials_mainland_china=dials_mainland_china,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def originate(
        self,
        to: str,
        *,
        from_: str,
        url: str,
        status_callback: str,
        timeout_s: int = 20,
        detect_machine: bool = False,
    ) -> Originated:
        options: dict[str, Any] = {"machine_detection": "Enable"} if detect_machine else {}
        with creating():
            call = self._client.calls.create(
                to=to,
                from_=from_,
                url=url,
                timeout=timeout_s,
                status_callback=status_callback,
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                **options,
            )
        return Originated(call.sid, CARRIER_STATUS.get(call.status, CarrierStatus.QUEUED))

    def perform(self, call_sid: str, outputs: Sequence[Output]) -> None:
        raise NotSupported(
            f"{call_sid}: this carrier fetches its instructions; {len(outputs)} outputs refused"
        )

    def redirect(self, call_sid: str, *, url: str) -> None:
        with commanding():
            self._client.calls(call_sid).update(url=url, method="POST")

    def join(self, call_sid: str, *, conference: str, url: str) -> None:
        # The turn at `url` answers with the conference, so the name is not needed here.
        del conference
        self.redirect(call_sid, url=url)

    def hangup(self, call_sid: str) -> None:
        with ignoring_gone(), commanding():
            self._client.calls(call_sid).update(status="completed")

    def hold(self, call_sid: str, *, conference: str, on: bool, music_url: str | None = None) -> None:
        options = {"hold_url": music_url, "hold_method": "POST"} if music_url is not None and on else {}
        self._update_member(call_sid, conference, hold=on, **options)

    def mute(self, call_sid: str, *, conference: str, on: bool) -> None:
        self._update_member(call_sid, conference, muted=on)

    def coach(self, call_sid: str, *, conference: str, coached_call_sid: str | None) -> None:
        options = {"call_sid_to_coach": coached_call_sid} if coached_call_sid is not None else {}
        self._update_member(call_sid, conference, coaching=coached_call_sid is not None, **options)

    def remove(self, call_sid: str, *, conference: str) -> None:
        with ignoring_gone(), commanding():
            self._client.conferences(self._conference_sid(conference)).participants(call_sid).delete()

    def end_conference(self, conference: str) -> None:
        with ignoring_gone(), commanding():
            self._client.conferences(self._conference_sid(conference)).update(status="completed")

    def conference_members(self, conference: str) -> tuple[ConferenceMember, ...]:
        with commanding():
            try:
                sid = self._conference_sid(conference)
                members = self._client.conferences(sid).participants.list()
            except CallGone:
                return ()
        return tuple(
            ConferenceMember(each.call_sid, bool(each.muted), bool(each.hold), each.call_sid_to_coach)
            for each in members
        )

    def play_to(self, call_sid: str, *, conference: str, url: str) -> None:
        self._update_member(call_sid, conference, announce_url=url, announce_method="POST")

    def send_digits(self, call_sid: str, digits: str, *, conference: str, url: str) -> None:
        # An announcement may hold `<Play digits>`: only this participant's telephone hears the tones.
        del digits
        self.play_to(call_sid, conference=conference, url=url)

    def start_recording(self, call_sid: str, *, status_callback: str) -> str:
        with creating():
            recording = self._client.calls(call_sid).recordings.create(
                recording_status_callback=status_callback,
                recording_status_callback_event=["in-progress", "completed", "absent"],
                recording_channels="dual",
            )
        return str(recording.sid)

    def pause_recording(self, call_sid: str, *, recording_sid: str, on: bool) -> None:
        with commanding():
            recording = self._client.calls(call_sid).recordings(recording_sid)
            if on:
                # Left out, not filled with silence: the sound is as long as what was said.
                recording.update(status="paused", pause_behavior="skip")
            else:
                recording.update(status="in-progress")

    def stop_recording(self, call_sid: str, *, recording_sid: str) -> None:
        with commanding():
            self._client.calls(call_sid).recordings(recording_sid).update(status="stopped")

    def list_recordings(self, call_sid: str) -> tuple[CarrierRecording, ...]:
        with commanding():
            found = self._client.recordings.list(call_sid=call_sid, limit=20)
        # The carrier lists the newest first.
        return tuple(
            CarrierRecording(str(each.sid), str(each.status), max(int(each.duration or 0), 0))
            for each in reversed(found)
        )

    def fetch_recording(self, recording_sid: str) -> RecordingMedia:
        path = f"/2010-04-01/Accounts/{self._account.account_sid}/Recordings/{recording_sid}.wav"
        with commanding():
            status, content, content_type = self._http.download(f"https://api.twilio.com{path}", self._auth)
        if status != 200:
            retryable = status in (404, 429) or status >= 500
            raise CarrierError(f"recording {recording_sid}: HTTP {status}", code=status, retryable=retryable)
        return RecordingMedia(content, content_type)

    def delete_recording(self, recording_sid: str) -> None:
        with ignoring_gone(), commanding():
            self._client.recordings(recording_sid).delete()

    def send_sms(self, to: str, *, from_: str, body: str, status_callback: str | None = None) -> str:
        options = {"status_callback": status_callback} if status_callback is not None else {}
        with creating():
            message = self._client.messages.create(to=to, from_=from_, body=body, **options)
        return str(message.sid)

    def fetch_call(self, call_sid: str) -> CarrierCall | None:
        with commanding():
            try:
                return _carrier_call(self._client.calls(call_sid).fetch())
            except TwilioRestException as error:
                if error.status == 404:
                    return None
                raise

    def list_calls(
        self,
        *,
        started_after: datetime,
        carrier_status: CarrierStatus | None = None,
        to: str | None = None,
        from_: str | None = None,
        limit: int = 1000,
    ) -> tuple[CarrierCall, ...]:
        options: dict[str, Any] = {"to": to, "from_": from_}
        if carrier_status is not None:
            options["status"] = _TWILIO_STATUS[carrier_status]
        given = {name: value for name, value in options.items() if value is not None} | {"page_size": 200}
        with commanding():
            calls = self._client.calls.list(start_time_after=started_after, limit=limit, **given)
        return tuple(_carrier_call(each) for each in calls)

    def device_token(self, identity: str, *, ttl_s: int = MAX_TOKEN_S) -> DeviceToken:
        account = self._account
        if not account.api_key_sid:
            raise NotSupported("browser telephones need TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET")
        if not 0 < ttl_s <= MAX_TOKEN_S:
            raise ValueError(f"a token lasts 1 to {MAX_TOKEN_S} s, not {ttl_s}")
        token = AccessToken(
            account.account_sid,
            account.api_key_sid,
            account.api_key_secret,
            identity=identity,
            ttl=ttl_s,
            grants=[VoiceGrant(incoming_allow=True, outgoing_application_sid=account.twiml_app_sid or None)],
        )
        written = str(token.to_jwt())
        expires = jwt.decode(written, options={"verify_signature": False})["exp"]
        return DeviceToken(identity, written, datetime.fromtimestamp(expires, UTC))

    def check(self) -> tuple[CarrierFinding, ...]:
        account = self._account
        # An API key of the usual kind may not read the account itself.
        by_token = Client(account.account_sid, account.auth_token, http_client=self._http)
        found = account_findings(by_token, account.account_sid)
        if any(each.is_error for each in found):
            return found
        if not account.api_key_sid:
            remedy = "设置 HOTLINE_TWILIO_API_KEY_SID 和 HOTLINE_TWILIO_API_KEY_SECRET"
            found += (CarrierFinding("api_key", "没有 API 密钥，坐席不能用网页电话", remedy, is_error=False),)
        else:
            found += key_findings(self._client)
        shown = next(iter(self._expected), None)
        return found if shown is None else found + number_findings(by_token, self._expected, shown)

    def numbers(self) -> tuple[CarrierNumber, ...]:
        return numbers_of(self._client)

    def set_hooks(self, number: str, changes: tuple[Change, ...]) -> None:
        set_hooks(self._client, number, changes)

    def _update_member(self, call_sid: str, conference: str, **changes: Any) -> None:
        with commanding():
            sid = self._conference_sid(conference)
            self._client.conferences(sid).participants(call_sid).update(**changes)

    def _conference_sid(self, name: str) -> str:
        """Find the running conference of our name: participants are addressed by its SID only."""
        for each in self._client.conferences.list(friendly_name=name, limit=20):
            if each.status != "completed":
                return str(each.sid)
        raise CallGone(f"conference {name} is over or has not begun")


def device_identity(account: TwilioAccount) -> Callable[[str], str | None]:
    """Return a check of `device_token`'s tokens: token → identity, or None when it is not good."""

    def identity_of(token: str) -> str | None:
        try:
            claims = jwt.decode(
                token, account.api_key_secret, algorithms=["HS256"], issuer=account.api_key_sid
            )
        except jwt.InvalidTokenError:
            return None
        identity = claims.get("grants", {}).get("identity")
        return identity if isinstance(identity, str) else None

    return identity_of


def _carrier_call(call: Any) -> CarrierCall:
    return CarrierCall(
        call_sid=call.sid,
        carrier_status=CARRIER_STATUS.get(call.status, CarrierStatus.QUEUED),
        direction="inbound" if call.direction == "inbound" else "outbound",
        from_=call._from or "",  # noqa: SLF001  # the SDK's name for a field called "from"
        to=call.to or "",
        started_at=call.start_time,
        ended_at=call.end_time,
        duration_s=int(call.duration) if call.duration is not None else None,
    )
