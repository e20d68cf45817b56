"""Words that name a row are filled when they are spoken: a turn keeps the row's id, never what it said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from dispatch import progress
from hotline.calls.protection_models import Incident
from hotline.services import Services
from ivr_flows.model import PLACEHOLDER, READINGS, Flow
from ivr_flows.outputs import Listen, Output, RecordVoicemail, Say, Wait

LONGEST_SAID_MIN: Final = 30


def fill(session: Session, services: Services, flow: Flow, outputs: Sequence[Output]) -> tuple[Output, ...]:
    """Return the outputs with every `{row.field}` read anew; a sentence about what is not there is left out."""
    filled: list[Output] = []
    for output in outputs:
        if isinstance(output, Say):
            filled += _says(session, services, flow, (output,))
        elif isinstance(output, Listen | Wait | RecordVoicemail):
            filled.append(replace(output, prompts=_says(session, services, flow, output.prompts)))
        else:
            filled.append(output)
    return tuple(filled)


def _says(session: Session, services: Services, flow: Flow, says: Sequence[Say]) -> tuple[Say, ...]:
    spoken = []
    for say in says:
        names = [name for name in PLACEHOLDER.findall(flow.text_of(say.prompt, say.language)) if "." in name]
        if not names:
            spoken.append(say)
            continue
        values = {name: _value(session, services, say, name) for name in names}
        if all(values.values()):
            spoken.append(replace(say, values={**say.values, **values}))
    return tuple(spoken)


def _value(session: Session, services: Services, say: Say, name: str) -> str:
    row, _, field = name.partition(".")
    if row in READINGS:
        return services.readings.text(name, say.language)
    key = say.values.get(row, "")
    return _row(session, row, int(key), say.language).get(field, "") if key.isdecimal() else ""


def _row(session: Session, row: str, key: int, language: str) -> Mapping[str, str]:
    if row == "ticket":
        return progress.told(session, key, language=language)
    incident = session.get(Incident, key)
    if incident is None:
        return {}
    return {"text": (language.startswith("en") and incident.text_en) or incident.text}


def spoken_wait(seconds: int, *, language: str) -> str:
    """Return how long a wait is likely to be as it is said: 1分钟以内, 约6分钟, 半小时以上."""
    minutes, english = -(-seconds // 60), language.startswith("en")
    if minutes <= 1:
        return "less than a minute" if english else "1分钟以内"
    if minutes > LONGEST_SAID_MIN:
        return "more than half an hour" if english else "半小时以上"
    return f"about {minutes} minutes" if english else f"约{minutes}分钟"
