"""Conferences: who is in, who hears whom, and the callbacks that tell the application."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from hotline.carriers.sandbox.clock import Clock
from hotline.carriers.sandbox.legs import Leg, form, new_sid, rfc2822
from hotline.carriers.sandbox.recordings import Recording
from hotline.carriers.sandbox.reports import Reports
from hotline.carriers.sandbox.scripts import Left

CALLBACK_NAMES: Mapping[str, str] = {
    "start": "conference-start",
    "end": "conference-end",
    "join": "participant-join",
    "leave": "participant-leave",
    "mute": "participant-mute",
    "unmute": "participant-unmute",
    "hold": "participant-hold",
    "unhold": "participant-unhold",
}


class Surroundings(Protocol):
    """What a conference needs of the exchange."""

    account_sid: str
    clock: Clock

    def now(self) -> datetime: ...

    def tell(self, leg: Leg, event: str, **details: object) -> None: ...

    @property
    def reports(self) -> Reports: ...

    def play_aside(self, leg: Leg, url: str, method: str, *, loop: bool) -> None: ...

    def finish_recording(self, recording: Recording) -> None: ...

    def join_voices(self, conference: Conference) -> None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """How a leg enters, from `<Conference>`'s attributes."""

    start_on_enter: bool = True
    end_on_exit: bool = False
    muted: bool = False
    coach: str = ""
    label: str = ""
    wait_url: str = ""
    wait_method: str = "POST"
    base_url: str = ""


@dataclass(eq=False, slots=True)
class Member:
    """One leg inside."""

    leg: Leg
    entry: Entry
    muted: bool
    coached: str
    on_hold: bool = False

    @property
    def is_heard(self) -> bool:
        muted_phone = self.leg.endpoint is not None and self.leg.endpoint.muted
        return not (self.muted or self.on_hold or muted_phone)


@dataclass(eq=False, slots=True)
class Conference:
    """One conversation; it starts when a second leg is in and one of them may start it."""

    name: str
    surroundings: Surroundings
    created_at: datetime
    callback: str = ""
    callback_events: frozenset[str] = frozenset()
    region: str = "us1"
    sid: str = field(default_factory=lambda: new_sid("CF"))
    status: Literal["init", "in-progress", "completed"] = "init"
    members: dict[str, Member] = field(default_factory=dict)
    recording: Recording | None = None
    reason_ended: str = ""
    ended_by: str = ""
    on_end: Callable[[Conference], object] = lambda _: None
    _sequence: int = 0

    def join(self, leg: Leg, entry: Entry) -> None:
        """Let a leg in; it hears the waiting music until the conversation starts."""
        member = Member(leg, entry, entry.muted, entry.coach)
        self.members[leg.sid] = member
        leg.conference = self
        self.surroundings.tell(leg, "conference", on=True, name=self.name)
        self._report("join", member)
        may_start = any(each.entry.start_on_enter for each in self.members.values())
        if self.status == "init" and len(self.members) >= 2 and may_start:
            self._start(member)
        elif self.status == "init":
            self.surroundings.tell(leg, "hold", on=True)
            if entry.wait_url:
                self.surroundings.play_aside(leg, entry.wait_url, entry.wait_method, loop=True)
        self.surroundings.join_voices(self)

    def leave(self, leg: Leg, reason: str) -> None:
        """Let a leg out; the conversation ends with the last one, or with one that ends it."""
        member = self.members.pop(leg.sid, None)
        if member is None:
            return
        leg.conference = None
        self._quieten(leg)
        if leg.peers:
            leg.peers = []
            self.surroundings.tell(leg, "media", peers=[])
        self.surroundings.tell(leg, "conference", on=False, name=self.name)
        self.surroundings.join_voices(self)
        self._report("leave", member, ReasonParticipantLeft=reason, ParticipantCallStatus=leg.status)
        # Twilio ignores endConferenceOnExit of a participant who leaves while on hold.
        if member.entry.end_on_exit and not member.on_hold:
            self.end("participant-with-end-conference-on-exit-left", leg.sid)
        elif not self.members:
            self.end("last-participant-left", leg.sid)

    def end(self, reason: str, by: str = "") -> None:
        """End the conversation: everybody's `<Dial>` is over."""
        if self.status == "completed":
            return
        self.status, self.reason_ended, self.ended_by = "completed", reason, by
        for member in list(self.members.values()):
            self.kick(member.leg, "conference_ended")
        if self.recording is not None:
            self.surroundings.finish_recording(self.recording)
        self._report_end(by)
        self.on_end(self)

    def kick(self, leg: Leg, reason: str = "participant_updated_via_api") -> None:
        """Put one leg out; its own instructions go on."""
        self.leave(leg, reason)
        if leg.main is not None:
            leg.main.signal(Left(reason))

    def hold(self, leg: Leg, on: bool, music_url: str = "", method: str = "POST") -> None:
        member = self.members[leg.sid]
        if member.on_hold == on:
            return
        member.on_hold = on
        self._quieten(leg)
        self.surroundings.tell(leg, "hold", on=on)
        if on and music_url:
            self.surroundings.play_aside(leg, music_url, method, loop=True)
        self.surroundings.join_voices(self)
        self._report("hold" if on else "unhold", member)

    def mute(self, leg: Leg, on: bool) -> None:
        member = self.members[leg.sid]
        if member.muted != on:
            member.muted = on
            self.surroundings.join_voices(self)
            self._report("mute" if on else "unmute", member)

    def coach(self, leg: Leg, coached_sid: str) -> None:
        self.members[leg.sid].coached = coached_sid
        self.surroundings.join_voices(self)

    def relay(self, speaker: Leg, text: str, language: str = "") -> None:
        """Let the others hear what one leg said."""
        for listener in self._listeners(speaker):
            self.surroundings.tell(listener, "caption", who=speaker.who, text=text, language=language)
        if self.recording is not None and self.recording.status == "in-progress":
            self.recording.words.append(text)

    def _listeners(self, speaker: Leg) -> Iterator[Leg]:
        member = self.members.get(speaker.sid)
        for other in list(self.members.values()) if member is not None else ():
            if member is not None and self.reaches(member, other):
                yield other.leg

    def reaches(self, speaker: Member, listener: Member) -> bool:
        """Return whether one hears the other now."""
        if self.status != "in-progress" or speaker is listener or not speaker.is_heard:
            return False
        return not listener.on_hold and speaker.coached in ("", listener.leg.sid)

    def _start(self, member: Member) -> None:
        self.status = "in-progress"
        for each in self.members.values():
            self._quieten(each.leg)
            if each is not member:
                self.surroundings.tell(each.leg, "hold", on=False)
        if self.recording is not None:
            self.recording.run(self.surroundings.clock.elapsed_s)
        self.surroundings.join_voices(self)
        self._report("start", member)

    @staticmethod
    def _quieten(leg: Leg) -> None:
        if leg.aside is not None:
            leg.aside.close()
            leg.aside = None

    def _report(self, event: str, member: Member, **more: str) -> None:
        fields = {
            "CallSid": member.leg.sid,
            "Muted": _flag(member.muted),
            "Hold": _flag(member.on_hold),
            "Coaching": _flag(bool(member.coached)),
            "StartConferenceOnEnter": _flag(member.entry.start_on_enter),
            "EndConferenceOnExit": _flag(member.entry.end_on_exit),
        }
        if member.coached:
            fields["CallSidToCoach"] = member.coached
        if member.entry.label:
            fields["ParticipantLabel"] = member.entry.label
        self._post(event, member.leg, fields | more)

    def _report_end(self, by: str) -> None:
        fields = {"ReasonConferenceEnded": self.reason_ended, "Reason": self.reason_ended}
        if by:
            fields["CallSidEndingConference"] = by
        self._post("end", None, fields)

    def _post(self, event: str, leg: Leg | None, fields: Mapping[str, str]) -> None:
        # `unmute` and `unhold` are asked for by the names `mute` and `hold`.
        if not self.callback or event.removeprefix("un") not in self.callback_events:
            return
        common = {
            "AccountSid": self.surroundings.account_sid,
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
            "StatusCallbackEvent": CALLBACK_NAMES[event],
            "SequenceNumber": str(self._next()),
            "Timestamp": rfc2822(self.surroundings.now()),
        }
        self.surroundings.reports.event("conference", leg, self.callback, form(common, fields))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


def _flag(value: bool) -> str:
    return "true" if value else "false"
