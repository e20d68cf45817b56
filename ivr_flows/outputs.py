"""What a flow may ask of the world in one turn, and what the world may answer: plain values that survive a JSON column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """Speak one prompt; `values` fill its {placeholders}, never with personal or case data: of a case only its id."""

    type: ClassVar[str] = "say"
    prompt: str
    language: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listen:
    """Speak the prompts, then take digits (and speech where allowed); silence ends in a turn with `NoInput`."""

    type: ClassVar[str] = "listen"
    prompts: tuple[Say, ...]
    max_digits: int
    finish_on_key: str
    timeout_s: int
    speech: bool = False
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """One round of the waiting line: speak, stay `seconds` with music, listen for one key, then come back."""

    type: ClassVar[str] = "wait"
    prompts: tuple[Say, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class RecordVoicemail:
    """Speak, beep, record until `finish_on_key`, silence or `max_s`; ends in a turn with `Recorded`."""

    type: ClassVar[str] = "record_voicemail"
    prompts: tuple[Say, ...]
    max_s: int
    finish_on_key: str = "#"


@dataclass(frozen=True, slots=True)
class JoinConference:
    """Put the caller into the conversation; written by the telephone, never by a flow."""

    type: ClassVar[str] = "join_conference"
    name: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call; `outcome` is the recorded reason (see `hotline.calls.models.OUTCOMES`)."""

    type: ClassVar[str] = "hang_up"
    outcome: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Something only the record or the line can answer; the engine goes on with `EffectDone`.

    Names, arguments and results: `ivr_flows.model.EFFECT_RESULTS` and docs/flows.md.
    """

    type: ClassVar[str] = "effect"
    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)


Output: TypeAlias = Say | Listen | Wait | RecordVoicemail | JoinConference | HangUp | Effect


@dataclass(frozen=True, slots=True)
class Started:
    """The call was answered; `references` are ids which it brings along, such as an incident's."""

    type: ClassVar[str] = "started"
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Digits:
    """Keys the caller pressed, as the carrier sent them (unchecked, any length)."""

    type: ClassVar[str] = "digits"
    digits: str


@dataclass(frozen=True, slots=True)
class Speech:
    """What the caller said, as the carrier's recogniser wrote it."""

    type: ClassVar[str] = "speech"
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class NoInput:
    """Silence until the time-out, or one round of waiting ended."""

    type: ClassVar[str] = "no_input"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A voicemail ended; zero seconds means that nothing was said."""

    type: ClassVar[str] = "recorded"
    recording_sid: str
    duration_s: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """The conversation with an operator ended and the caller is still there.

    `why` is empty for the ordinary end (survey), `distress` when a person confirmed that the caller is in distress,
    `abuse` when it was ended after the warnings.
    """

    type: ClassVar[str] = "resumed"
    why: str = ""


@dataclass(frozen=True, slots=True)
class EffectDone:
    """The answer to an `Effect`: `result` is one of the outcomes which the node names, `values` fill prompts and slots."""

    type: ClassVar[str] = "effect_done"
    name: str
    result: str
    values: Mapping[str, str] = field(default_factory=dict)


Input: TypeAlias = Started | Digits | Speech | NoInput | Recorded | Resumed | EffectDone

_OUTPUTS: dict[str, type[Any]] = {
    cls.type: cls for cls in (Say, Listen, Wait, RecordVoicemail, JoinConference, HangUp, Effect)
}
_INPUTS: dict[str, type[Any]] = {
    cls.type: cls for cls in (Started, Digits, Speech, NoInput, Recorded, Resumed, EffectDone)
}


def output_to_json(output: Output) -> Json:
    """Return the output as JSON-ready data with its `type`."""
    return _to_json(output)


def output_from_json(data: Json) -> Output:
    """Return the output that `output_to_json` wrote."""
    return _from_json(data, _OUTPUTS)  # type: ignore[no-any-return]  # the registry holds only outputs


def input_to_json(given: Input) -> Json:
    """Return the input as JSON-ready data with its `type`."""
    return _to_json(given)


def input_from_json(data: Json) -> Input:
    """Return the input that `input_to_json` wrote."""
    return _from_json(data, _INPUTS)  # type: ignore[no-any-return]  # the registry holds only inputs


def _to_json(value: Any) -> Json:
    data: Json = {"type": value.type}
    for each in fields(value):
        item = getattr(value, each.name)
        if each.name == "prompts":
            item = [_to_json(say) for say in item]
        elif isinstance(item, tuple):
            item = list(item)
        elif isinstance(item, Mapping):
            item = dict(item)
        data[each.name] = item
    return data


def _from_json(data: Json, registry: Mapping[str, type[Any]]) -> Any:
    arguments = {key: item for key, item in data.items() if key != "type"}
    if "prompts" in arguments:
        arguments["prompts"] = tuple(_from_json(say, _OUTPUTS) for say in arguments["prompts"])
    if "hints" in arguments:
        arguments["hints"] = tuple(arguments["hints"])
    return registry[data["type"]](**arguments)
