"""What the exchange tells applications unasked: progress of calls, recordings and conferences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hotline.carriers.sandbox.clock import Clock
from hotline.carriers.sandbox.faults import WebhookKind, WebhookRequest
from hotline.carriers.sandbox.legs import API_VERSION, Goto, Leg, form, rfc2822
from hotline.carriers.sandbox.recordings import Recording
from hotline.carriers.sandbox.webhooks import Courier

Fields = tuple[tuple[str, str], ...]


class Reports:
    """Builds webhooks from the exchange's state and hands them to the courier."""

    def __init__(
        self, *, account_sid: str, clock: Clock, courier: Courier, hang_up: Callable[[Leg], None]
    ) -> None:
        self._account_sid = account_sid
        self._clock = clock
        self._courier = courier
        self._hang_up = hang_up

    def status(self, leg: Leg, event: str) -> None:
        """Report progress where the application asked for it; `completed` covers every end."""
        if not leg.status_callback or event not in leg.status_events:
            return
        now = self._clock.now()
        name = {"answered": "in-progress", "completed": leg.status}.get(event, event)
        self.event("status", leg, leg.status_callback, form(leg.status_fields(name, now)))

    def recording(self, recording: Recording, event: str) -> None:
        """Report a recording's progress where the application asked for it."""
        if not recording.callback or event not in recording.callback_events:
            return
        fields = {
            "AccountSid": self._account_sid,
            "CallSid": recording.call_sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": self.recording_url(recording.sid),
            "RecordingStatus": recording.status,
            "RecordingDuration": str(recording.duration_s),
            "RecordingChannels": "1",
            "RecordingStartTime": rfc2822(recording.started_at),
            "RecordingSource": recording.source,
            "RecordingTrack": "both",
        }
        if recording.conference_sid:
            fields["ConferenceSid"] = recording.conference_sid
        request = self.request("recording", None, recording.callback, "POST", form(fields))
        self._courier.send(request)

    def recording_url(self, recording_sid: str) -> str:
        """Return the address a webhook names; nobody should fetch it (an SSRF trap), hence no real host."""
        return f"https://api.twilio.invalid/{API_VERSION}/Accounts/{self._account_sid}/Recordings/{recording_sid}"

    def event(self, kind: WebhookKind, leg: Leg | None, url: str, fields: Fields) -> None:
        """Send a webhook whose answer does not matter."""
        self._courier.send(self.request(kind, leg, url, "POST", fields))

    def last_turn(self, leg: Leg, goto: Goto, fields: Mapping[str, str]) -> None:
        """Send a turn whose instructions come too late, as when a caller hangs up while recording."""
        everything = form(leg.fields(), {"CallStatus": "completed"}, dict(goto.parameters), fields)
        self._courier.send(self.request("turn", leg, goto.url, goto.method, everything))

    def unknown_status(self, url: str, status: str = "completed") -> str:
        """Send a signed status callback for a call that nobody knows; return its SID."""
        now = self._clock.now()
        stranger = Leg("+8613900000000", "12351", "inbound", self._account_sid, now, Goto(""))
        self.event("status", None, url, form(stranger.status_fields(status, now)))
        return stranger.sid

    def request(
        self, kind: WebhookKind, leg: Leg | None, url: str, method: str, fields: Fields
    ) -> WebhookRequest:
        sid = leg.sid if leg is not None else dict(fields).get("CallSid", "")

        def hang_up() -> None:
            if leg is not None:
                self._hang_up(leg)

        return WebhookRequest(kind, sid, url, method, fields, hang_up)
