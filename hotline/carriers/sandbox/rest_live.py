"""REST for what is going on: conferences, their participants, and recordings."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from starlette.responses import Response
from starlette.routing import Route

from hotline.carriers.sandbox.conferences import Conference, Member
from hotline.carriers.sandbox.legs import API_VERSION, Goto, Leg, rfc2822
from hotline.carriers.sandbox.recordings import Recording, sound_of
from hotline.carriers.sandbox.rest import (
    CALL_NOT_IN_PROGRESS,
    NOT_FOUND,
    Asked,
    Json,
    Refused,
    Rest,
    answer,
    call_json,
    page,
)

INVALID_PARAMETER = 20001
RECORDING_EVENTS = frozenset({"in-progress", "completed", "absent"})


def live_routes(rest: Rest) -> list[Route]:
    members = "/Conferences/{conference}/Participants"
    return [
        rest.route("/Conferences.json", "GET", _list_conferences),
        rest.route("/Conferences/{conference}.json", "GET", _fetch_conference),
        rest.route("/Conferences/{conference}.json", "POST", _update_conference),
        rest.route(f"{members}.json", "GET", _list_members),
        rest.route(f"{members}.json", "POST", _create_member),
        rest.route(f"{members}/{{call_sid}}.json", "GET", _fetch_member),
        rest.route(f"{members}/{{call_sid}}.json", "POST", _update_member),
        rest.route(f"{members}/{{call_sid}}.json", "DELETE", _delete_member),
        rest.route("/Calls/{call_sid}/Recordings.json", "POST", _start_recording),
        rest.route("/Calls/{call_sid}/Recordings/{recording_sid}.json", "POST", _update_recording),
        rest.route("/Recordings.json", "GET", _list_recordings),
        rest.route("/Recordings/{recording_sid}.json", "GET", _fetch_recording),
        rest.route("/Recordings/{recording_sid}.json", "DELETE", _delete_recording),
        rest.route("/Recordings/{recording_sid}.wav", "GET", _fetch_sound),
    ]


def _conference(asked: Asked) -> Conference:
    """Return a running conference, by SID or by name."""
    key = asked.request.path_params["conference"]
    found = asked.exchange.conferences.get(key) or asked.exchange.conference_named(key)
    if found is None:
        raise Refused(404, NOT_FOUND, f"The requested resource {asked.root}/Conferences/{key} was not found")
    return found


def _member(asked: Asked) -> tuple[Conference, Member]:
    conference = _conference(asked)
    sid = asked.request.path_params["call_sid"]
    member = conference.members.get(sid)
    if member is None:
        raise Refused(404, NOT_FOUND, f"The requested participant {sid} was not found")
    return conference, member


def _conference_json(asked: Asked, conference: Conference) -> Json:
    return {
        "sid": conference.sid,
        "account_sid": asked.exchange.account_sid,
        "api_version": API_VERSION,
        "friendly_name": conference.name,
        "status": conference.status,
        "region": conference.region,
        "date_created": rfc2822(conference.created_at),
        "reason_conference_ended": conference.reason_ended or None,
        "call_sid_ending_conference": conference.ended_by or None,
        "uri": f"{asked.root}/Conferences/{conference.sid}.json",
    }


def _member_json(asked: Asked, conference: Conference, member: Member) -> Json:
    return {
        "account_sid": asked.exchange.account_sid,
        "call_sid": member.leg.sid,
        "conference_sid": conference.sid,
        "label": member.entry.label or None,
        "muted": member.muted,
        "hold": member.on_hold,
        "coaching": bool(member.coached),
        "call_sid_to_coach": member.coached or None,
        "start_conference_on_enter": member.entry.start_on_enter,
        "end_conference_on_exit": member.entry.end_on_exit,
        "status": "connected",
        "uri": f"{asked.root}/Conferences/{conference.sid}/Participants/{member.leg.sid}.json",
    }


async def _list_conferences(asked: Asked) -> Response:
    wanted = asked.request.query_params
    chosen = [
        _conference_json(asked, each)
        for each in reversed(asked.exchange.conferences.values())
        if wanted.get("FriendlyName", each.name) == each.name
        and wanted.get("Status", each.status) == each.status
    ]
    return page(asked, "conferences", chosen)


async def _fetch_conference(asked: Asked) -> Response:
    return answer(_conference_json(asked, _conference(asked)))


async def _update_conference(asked: Asked) -> Response:
    conference = _conference(asked)
    if asked.text("Status") == "completed":
        conference.end("conference-ended-via-api")
    if url := asked.text("AnnounceUrl"):
        for member in conference.members.values():
            asked.exchange.play_aside(member.leg, url, asked.text("AnnounceMethod", "POST"), loop=False)
    return answer(_conference_json(asked, conference))


async def _list_members(asked: Asked) -> Response:
    conference = _conference(asked)
    members = [_member_json(asked, conference, each) for each in conference.members.values()]
    return page(asked, "participants", members)


async def _create_member(asked: Asked) -> Response:
    """Ring somebody; once answered the leg goes into the conference, which may be new."""
    to, from_ = asked.text("To"), asked.text("From")
    if not to or not from_:
        raise Refused(400, 21201, "A 'To' and a 'From' phone number are required")
    key = asked.request.path_params["conference"]
    known = asked.exchange.conferences.get(key)
    document = _entrance(asked, known.name if known is not None else key)
    leg = Leg(
        from_,
        to,
        "outbound-api",
        asked.exchange.account_sid,
        asked.exchange.now(),
        Goto("", document=document),
        status_callback=asked.text("StatusCallback"),
        status_events=asked.texts("StatusCallbackEvent") or frozenset({"completed"}),
    )
    asked.exchange.originate(leg, timeout_s=float(asked.text("Timeout", "60")))
    return answer({**call_json(asked, leg), "call_sid": leg.sid, "status": "queued"}, 201)


def _entrance(asked: Asked, name: str) -> bytes:
    response = ET.Element("Response")
    noun = ET.SubElement(ET.SubElement(response, "Dial"), "Conference")
    noun.text = name
    attributes = {
        "startConferenceOnEnter": "StartConferenceOnEnter",
        "endConferenceOnExit": "EndConferenceOnExit",
        "muted": "Muted",
        "coach": "CallSidToCoach",
        "participantLabel": "Label",
        "waitUrl": "WaitUrl",
        "statusCallback": "ConferenceStatusCallback",
    }
    for attribute, parameter in attributes.items():
        if value := asked.text(parameter):
            noun.set(attribute, value)
    if events := asked.texts("ConferenceStatusCallbackEvent"):
        noun.set("statusCallbackEvent", " ".join(sorted(events)))
    return ET.tostring(response)


async def _fetch_member(asked: Asked) -> Response:
    return answer(_member_json(asked, *_member(asked)))


async def _update_member(asked: Asked) -> Response:
    conference, member = _member(asked)
    muted, on_hold, coaching = asked.flag("Muted"), asked.flag("Hold"), asked.flag("Coaching")
    if muted is not None:
        conference.mute(member.leg, muted)
    if on_hold is not None:
        conference.hold(member.leg, on_hold, asked.text("HoldUrl"), asked.text("HoldMethod", "GET"))
    if coaching is not None:
        coached = asked.text("CallSidToCoach") if coaching else ""
        if coaching and coached not in conference.members:
            raise Refused(400, 16024, "CallSidToCoach is not in this conference")
        conference.coach(member.leg, coached)
    if url := asked.text("AnnounceUrl"):
        asked.exchange.play_aside(member.leg, url, asked.text("AnnounceMethod", "POST"), loop=False)
    return answer(_member_json(asked, conference, member))


async def _delete_member(asked: Asked) -> Response:
    conference, member = _member(asked)
    conference.kick(member.leg)
    return Response(status_code=204)


def _recording(asked: Asked) -> Recording:
    sid = asked.request.path_params["recording_sid"]
    found = asked.exchange.recordings.get(sid)
    if found is None:
        raise Refused(404, NOT_FOUND, f"The requested resource {asked.root}/Recordings/{sid} was not found")
    return found


def _recording_json(asked: Asked, recording: Recording) -> Json:
    return {
        "sid": recording.sid,
        "account_sid": recording.account_sid,
        "call_sid": recording.call_sid or None,
        "conference_sid": recording.conference_sid or None,
        "status": recording.status,
        "source": recording.source,
        "channels": 1,
        "duration": str(recording.duration_s),
        "start_time": rfc2822(recording.started_at),
        "date_created": rfc2822(recording.started_at),
        "media_url": asked.exchange.reports.recording_url(recording.sid),
        "uri": f"{asked.root}/Recordings/{recording.sid}.json",
    }


async def _start_recording(asked: Asked) -> Response:
    leg = asked.leg()
    if leg.status != "in-progress":
        message = "Requested resource is not eligible for recording"
        raise Refused(400, CALL_NOT_IN_PROGRESS, message)
    events = asked.texts("RecordingStatusCallbackEvent") or frozenset({"completed"})
    if not events <= RECORDING_EVENTS:
        raise Refused(400, INVALID_PARAMETER, "RecordingStatusCallbackEvent is not allowed")
    if asked.text("RecordingChannels", "mono") not in ("mono", "dual"):
        raise Refused(400, INVALID_PARAMETER, "RecordingChannels is not allowed")
    recording = asked.exchange.start_recording(
        leg, "StartCallRecordingAPI", callback=asked.text("RecordingStatusCallback"), events=events
    )
    return answer(_recording_json(asked, recording), 201)


async def _update_recording(asked: Asked) -> Response:
    recording, status = _recording(asked), asked.text("Status")
    behaviour = asked.text("PauseBehavior", "silence")
    if recording.call_sid != asked.request.path_params["call_sid"]:
        raise Refused(404, NOT_FOUND, "The call has no such recording")
    if behaviour not in ("skip", "silence"):
        raise Refused(400, INVALID_PARAMETER, "PauseBehavior is not allowed")
    if recording.status == "completed":
        raise Refused(400, CALL_NOT_IN_PROGRESS, "The recording has ended")
    at_s = asked.exchange.clock.elapsed_s
    if status == "paused":
        recording.pause(at_s, skip=behaviour == "skip")
    elif status == "in-progress":
        recording.run(at_s)
    elif status == "stopped":
        asked.exchange.finish_recording(recording)
    else:
        raise Refused(400, INVALID_PARAMETER, f"Status {status[:40]} is not allowed")
    return answer(_recording_json(asked, recording))


async def _list_recordings(asked: Asked) -> Response:
    wanted = asked.request.query_params.get("CallSid", "")
    chosen = [each for each in asked.exchange.recordings.values() if wanted in ("", each.call_sid)]
    return page(asked, "recordings", [_recording_json(asked, each) for each in chosen])


async def _fetch_recording(asked: Asked) -> Response:
    return answer(_recording_json(asked, _recording(asked)))


async def _delete_recording(asked: Asked) -> Response:
    del asked.exchange.recordings[_recording(asked).sid]
    return Response(status_code=204)


async def _fetch_sound(asked: Asked) -> Response:
    recording = _recording(asked)
    if recording.status != "completed":
        raise Refused(404, NOT_FOUND, "The recording is not ready")
    return Response(sound_of(recording.duration_s), media_type="audio/wav")
