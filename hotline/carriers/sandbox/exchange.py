"""The exchange: every leg, conference, recording and message of the sandbox, and what happens to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from hotline.carriers.sandbox import interpreter, mesh
from hotline.carriers.sandbox.clock import Clock, VirtualClock
from hotline.carriers.sandbox.conferences import Conference
from hotline.carriers.sandbox.endpoints import Endpoint, Switchboard
from hotline.carriers.sandbox.faults import Faults
from hotline.carriers.sandbox.legs import API_VERSION, Goto, Leg, Number, Status, form, new_sid
from hotline.carriers.sandbox.recordings import Recording
from hotline.carriers.sandbox.reports import Reports
from hotline.carriers.sandbox.scripts import Fetch, Pressed, Runner, Script, Settled, Spoke
from hotline.carriers.sandbox.webhooks import Courier, Delivered, Exchanged
from hotline.carriers.sandbox.wire import Post

T = TypeVar("T")
CHARACTERS_A_SEGMENT = 67  # of a long message in UCS-2
KEPT = 20_000  # a carrier remembers; a process that runs for months must not remember all


@dataclass(frozen=True, slots=True)
class Warned:
    """Something an application did which a carrier would report; `code` is Twilio's."""

    code: int
    call_sid: str
    url: str
    message: str


@dataclass(frozen=True, slots=True)
class Message:
    """A text message taken on."""

    from_: str
    to: str
    body: str
    created_at: datetime
    sid: str = field(default_factory=lambda: new_sid("SM"))


class Exchange:
    """A carrier in memory. All of it runs on one event loop; nothing here blocks."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        numbers: Mapping[str, Mapping[str, str]],
        clock: Clock,
        post: Post | None = None,
        characters_per_second: float = 4.0,
    ) -> None:
        self.account_sid = account_sid
        self.clock = clock
        self.characters_per_second = characters_per_second
        self.faults = Faults()
        self.courier = Courier(auth_token=auth_token, clock=clock, post=post, faults=self.faults)
        self.courier.on_exchanged = self._show_turn
        self.reports = Reports(
            account_sid=account_sid, clock=clock, courier=self.courier, hang_up=self.hang_up
        )
        self.switchboard = Switchboard()
        self.numbers = {
            number: Number(new_sid("PN"), number, **settings) for number, settings in numbers.items()
        }
        self.legs: dict[str, Leg] = {}
        self.conferences: dict[str, Conference] = {}
        self.recordings: dict[str, Recording] = {}
        self._running: dict[str, Conference] = {}
        self.messages: list[Message] = []
        self.warnings: deque[Warned] = deque(maxlen=1000)

    def now(self) -> datetime:
        return self.clock.now()

    # Calls

    def dial(self, endpoint: Endpoint, *, from_: str, to: str) -> Leg:
        """A telephone calls one of our numbers; an unknown number fails."""
        number = self.numbers.get(to)
        first = Goto(number.voice_url, number.voice_method) if number is not None else Goto("")
        leg = Leg(from_, to, "inbound", self.account_sid, self.now(), first, status="ringing")
        leg.endpoint, endpoint.leg = endpoint, leg
        self._remember(leg)
        self.tell(leg, "ringing", direction="outgoing", **{"from": from_, "to": to})
        if number is None:
            self.end_leg(leg, "failed")
            return leg
        leg.fallback_url, leg.status_callback = number.fallback_url, number.status_callback
        self._run_main(leg, first)
        return leg

    def originate(self, leg: Leg, *, timeout_s: float) -> None:
        """Ring `leg.to`. Where nobody is plugged in a number rings out; a device is not there at once."""
        self._remember(leg)
        self.reports.status(leg, "initiated")
        if leg.to in self.numbers:
            self.clock.after(0, lambda: self._ring_number(leg, timeout_s), busy=True)
            return
        telephones = self.switchboard.at(leg.to)
        idle = tuple(each for each in telephones if each.leg is None)
        if not telephones and leg.to.startswith("client:"):
            self.clock.after(0, lambda: self.end_leg(leg, "no-answer"), busy=True)
            return
        if telephones and not idle:
            self.clock.after(0, lambda: self.end_leg(leg, "busy"), busy=True)
            return
        self.clock.after(0, lambda: self._ring(leg, idle, timeout_s), busy=True)

    def answer(self, endpoint: Endpoint, leg: Leg) -> None:
        """A telephone takes a ringing call; the others stop ringing."""
        if leg.status != "ringing" or endpoint not in leg.ringing or endpoint.leg is not None:
            return
        self._stop_ringing(leg, reason="answered_elsewhere", but=endpoint)
        leg.endpoint, endpoint.leg = endpoint, leg
        self.mark_answered(leg)
        if leg.first.url or leg.first.document is not None:
            self._run_main(leg, leg.first)
        else:
            self._settle_parent(leg, "answered")

    def decline(self, endpoint: Endpoint, leg: Leg) -> None:
        """A telephone refuses a ringing call; when all have, the call is busy."""
        if endpoint not in leg.ringing:
            return
        leg.ringing = tuple(each for each in leg.ringing if each is not endpoint)
        endpoint.incoming.remove(leg)
        if leg.status == "ringing" and leg.direction != "inbound" and not leg.ringing:
            self.end_leg(leg, "busy")

    def mark_answered(self, leg: Leg) -> None:
        """The call is up, and is charged from now on."""
        if leg.status not in ("queued", "ringing"):
            return
        leg.status, leg.answered_at, leg.up_since_s = "in-progress", self.now(), self.clock.elapsed_s
        if leg.ring_timer is not None:
            self.clock.cancel(leg.ring_timer)
        self.reports.status(leg, "answered")
        self.tell(leg, "connected")
        if leg.far is not None and leg.far.status == "ringing":
            self.mark_answered(leg.far)
            self._run_main(leg.far, leg.far.first)

    def hang_up(self, leg: Leg) -> None:
        """Either end puts the receiver down, or the application does."""
        if leg.status in ("queued", "ringing"):
            self.end_leg(leg, "no-answer" if leg.direction == "inbound" else "canceled")
        else:
            self.end_leg(leg, "completed")

    def end_leg(self, leg: Leg, status: Status) -> None:
        """End a leg once and for all, and tell everybody who was told of it."""
        if leg.is_ended:
            return
        if leg.ring_timer is not None:
            self.clock.cancel(leg.ring_timer)
        leg.status, leg.ended_at = status, self.now()
        if leg.up_since_s is not None:
            leg.duration_s = round(self.clock.elapsed_s - leg.up_since_s)
        self._stop_ringing(leg, reason=status)
        for runner in (leg.main, leg.aside):
            if runner is not None:
                runner.close()
        if leg.conference is not None:
            leg.conference.leave(leg, "participant_hung_up")
        self._part(leg)
        for recording in leg.recordings:
            self.finish_recording(recording)
        self.reports.status(leg, "completed")
        self.tell(leg, "ended", reason=status.replace("-", "_"))
        if leg.endpoint is not None and leg.endpoint.leg is leg:
            leg.endpoint.leg = None
        if leg.far is not None:
            self.end_leg(leg.far, status)

    def redirect(self, leg: Leg, goto: Goto) -> None:
        """Interrupt a live leg with new instructions."""
        if leg.aside is not None:
            leg.aside.close()
            leg.aside = None
        if leg.main is not None:
            leg.main.close()
        self._part(leg)
        self._run_main(leg, goto)

    # What people do

    def press(self, leg: Leg, keys: str) -> None:
        """The person presses keys, one after another."""
        for key in keys:
            if leg.main is not None and not leg.is_ended:
                leg.main.signal(Pressed(key))

    def speak(self, leg: Leg, text: str, seconds: float | None = None) -> None:
        """The person speaks: to the recogniser, into a recording, or to whoever is connected."""
        self._note_words(leg, text)
        if leg.conference is not None:
            leg.conference.relay(leg, text)
        elif leg.bridge is not None:
            self.tell(leg.bridge, "caption", who=leg.who, text=text, language="")
        elif leg.main is not None:
            leg.main.signal(Spoke(text, self.speech_s(text) if seconds is None else seconds))

    def speech_s(self, text: str) -> float:
        """Return how long a sentence takes; a Chinese character counts once, three Latin letters once."""
        wide = sum(1 for character in text if ord(character) >= 0x2E80)
        return (wide + (len(text) - wide) / 3) / self.characters_per_second

    def text(self, *, from_: str, to: str, body: str) -> Message | None:
        """A telephone sends a short message to one of our numbers; None for a number that takes none."""
        number = self.numbers.get(to)
        if number is None or not number.sms_url:
            return None
        message = Message(from_, to, body, self.now())
        fields = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsMessageSid": message.sid,
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "From": from_,
            "To": to,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": str(-(-len(body) // CHARACTERS_A_SEGMENT)),
            "SmsStatus": "received",
        }
        self.reports.event("message", None, number.sms_url, form(fields))
        return message

    # What the interpreter and conferences ask

    def tell(self, leg: Leg, event: str, **details: Any) -> None:
        if leg.endpoint is not None:
            leg.endpoint.tell(event, self.now().isoformat(), call_sid=leg.sid, **details)

    def warn(self, leg: Leg, code: int, url: str, message: str) -> None:
        """Note what a carrier's debugger would show."""
        self.warnings.append(Warned(code, leg.sid, url, message))
        self.tell(leg, "warning", code=code, url=url, message=message)

    def conference_named(self, name: str) -> Conference | None:
        """Return the conversation of that name which is not over."""
        return self._running.get(name)

    def open_conference(self, conference: Conference) -> None:
        """Make a conversation findable by its name until it ends."""
        self.conferences[conference.sid] = self._running[conference.name] = conference
        conference.on_end = lambda over: self._running.pop(over.name, None)
        _forget_oldest(self.conferences, lambda each: each.status == "completed")

    def join_voices(self, conference: Conference) -> None:
        """Tell the telephones of a conversation whom each one's voice may reach; they carry it themselves."""
        mesh.tell(conference, self.tell)

    def mute(self, endpoint: Endpoint, on: bool) -> None:
        """The person switches the microphone off or on."""
        endpoint.muted = on
        if endpoint.leg is not None and endpoint.leg.conference is not None:
            self.join_voices(endpoint.leg.conference)

    def signal(self, leg: Leg, to: str, data: Mapping[str, Any]) -> bool:
        """Pass one telephone's word about its voice on to another of the same conversation."""
        member = leg.conference.members.get(to) if leg.conference is not None else None
        if member is None or to == leg.sid:
            return False
        self.tell(member.leg, "signal", **{"from": leg.sid, "data": dict(data)})
        return True

    def play_aside(self, leg: Leg, url: str, method: str, *, loop: bool) -> None:
        """Let a leg in a conference hear what a document says, beside its own instructions."""
        if leg.aside is not None:
            leg.aside.close()
        leg.aside = self._runner(
            leg, interpreter.aside(self, leg, Goto(url, method), loop=loop), lambda: None
        )
        leg.aside.start()

    def start_recording(
        self,
        leg: Leg,
        source: Literal["RecordVerb", "StartCallRecordingAPI", "Conference", "DialVerb"],
        *,
        callback: str = "",
        events: frozenset[str] = frozenset({"completed"}),
    ) -> Recording:
        recording = Recording(
            self.account_sid, leg.sid, "", source, self.now(), callback=callback, callback_events=events
        )
        recording.run(self.clock.elapsed_s)
        leg.recordings.append(recording)
        self.recordings[recording.sid] = recording
        self.reports.recording(recording, "in-progress")
        return recording

    def finish_recording(self, recording: Recording) -> None:
        if recording.status == "completed":
            return
        recording.finish(self.clock.elapsed_s)
        self.reports.recording(recording, "completed")

    # Virtual time

    async def settle(self) -> None:
        """Return when no webhook is on its way."""
        await self.courier.quiet()

    async def advance(self, seconds: float) -> None:
        """Let virtual time pass; everything due happens in order."""
        clock = self._virtual()
        target = clock.elapsed_s + seconds
        await self.settle()
        while clock.fire_next(until_s=target):
            await self.settle()
        clock.move_to(target)

    async def run_until_idle(self, *, limit_s: float = 120.0) -> None:
        """Let time pass until nobody speaks and nothing is being retried; timers for silence keep waiting."""
        clock = self._virtual()
        target = clock.elapsed_s + limit_s
        await self.settle()
        while clock.is_busy and clock.fire_next(until_s=target):
            await self.settle()

    async def step(self) -> bool:
        """Let the next thing happen while somebody speaks; False when it is quiet."""
        clock = self._virtual()
        await self.settle()
        if not clock.is_busy:
            return False
        clock.fire_next(until_s=float("inf"))
        await self.settle()
        return True

    async def close(self) -> None:
        """Drop everything without telling anybody, as a carrier's machine that is switched off."""
        await self.courier.close()
        for leg in self.legs.values():
            for runner in (leg.main, leg.aside):
                if runner is not None:
                    runner.close()

    # Inside

    def _remember(self, leg: Leg) -> None:
        self.legs[leg.sid] = leg
        _forget_oldest(self.legs, lambda each: each.is_ended)

    def _ring(self, leg: Leg, telephones: tuple[Endpoint, ...], timeout_s: float) -> None:
        if leg.is_ended:
            return
        leg.status, leg.ringing = "ringing", telephones
        self.reports.status(leg, "ringing")
        leg.ring_timer = self.clock.after(timeout_s, lambda: self.end_leg(leg, "no-answer"))
        for each in telephones:
            each.incoming.append(leg)
            details = {"call_sid": leg.sid, "direction": "incoming", "from": leg.from_, "to": leg.to}
            each.tell("ringing", self.now().isoformat(), **details)
        willing = next((each for each in telephones if each.auto_answer), None)
        if willing is not None:
            self.clock.after(0, lambda: self.answer(willing, leg), busy=True)

    def _ring_number(self, leg: Leg, timeout_s: float) -> None:
        """The application calls one of its own numbers: a leg comes in at the other end."""
        if leg.is_ended:
            return
        number = self.numbers[leg.to]
        leg.status = "ringing"
        self.reports.status(leg, "ringing")
        leg.ring_timer = self.clock.after(timeout_s, lambda: self.end_leg(leg, "no-answer"))
        first = Goto(number.voice_url, number.voice_method)
        inbound = Leg(leg.from_, leg.to, "inbound", self.account_sid, self.now(), first, status="ringing")
        inbound.fallback_url, inbound.status_callback = number.fallback_url, number.status_callback
        inbound.far, leg.far = leg, inbound
        self._remember(inbound)
        self._run_main(inbound, first)

    def _stop_ringing(self, leg: Leg, *, reason: str, but: Endpoint | None = None) -> None:
        for each in leg.ringing:
            each.incoming.remove(leg)
            if each is not but:
                each.tell("ended", self.now().isoformat(), call_sid=leg.sid, reason=reason)
        leg.ringing = ()

    def _run_main(self, leg: Leg, goto: Goto) -> None:
        leg.main = self._runner(
            leg, interpreter.instructions(self, leg, goto), lambda: self._instructions_over(leg)
        )
        leg.main.start()

    def _instructions_over(self, leg: Leg) -> None:
        if leg.parent_sid and leg.bridge is None:
            self._settle_parent(leg, "answered")
        else:
            self.hang_up(leg)

    def _runner(self, leg: Leg, script: Script, on_end: Callable[[], None]) -> Runner:
        def fetch(wanted: Fetch, then: Callable[[Delivered], None]) -> None:
            request = self.reports.request("turn", leg, wanted.url, wanted.method, wanted.parameters)
            self.courier.send(request, then)

        return Runner(script, clock=self.clock, fetch=fetch, on_end=on_end)

    def _settle_parent(self, leg: Leg, status: str) -> None:
        parent = self.legs.get(leg.parent_sid)
        if parent is not None and parent.main is not None:
            parent.main.signal(Settled(leg.sid, status))

    def _part(self, leg: Leg) -> None:
        other = leg.bridge
        if other is not None:
            leg.bridge = other.bridge = None
        if leg.parent_sid:
            self._settle_parent(leg, leg.status if leg.is_ended else "completed")

    def _note_words(self, leg: Leg, text: str) -> None:
        for recording in leg.recordings:
            if recording.status == "in-progress":
                recording.words.append(text)

    def _show_turn(self, exchanged: Exchanged) -> None:
        request = exchanged.request
        leg = self.legs.get(request.call_sid)
        if request.kind != "turn" or leg is None:
            return
        shown = {"url": request.url, "method": request.method, "parameters": dict(request.parameters)}
        self.tell(
            leg,
            "turn",
            request=shown,
            status=exchanged.status,
            twiml=exchanged.body,
            ms=round(exchanged.ms, 1),
        )

    def _virtual(self) -> VirtualClock:
        if not isinstance(self.clock, VirtualClock):
            raise TypeError("only a virtual clock can be moved")
        return self.clock


def _forget_oldest(remembered: dict[str, T], is_over: Callable[[T], bool]) -> None:
    if len(remembered) <= KEPT:
        return
    oldest = next(iter(remembered))
    if is_over(remembered[oldest]):
        del remembered[oldest]
