"""How the API's description names its refusals: problem documents (RFC 9457), the same shape for every one."""

from __future__ import annotations

from typing import Any, Final

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "fields": {"type": "object"},
        "legal": {"type": "array", "items": {"type": "string"}},
    },
}
_WORDS: Final = {
    400: "The request holds what no request may hold.",
    401: "Nothing is open in this browser, or not any more.",
    403: "The request comes from another site, or number and code do not belong together.",
    404: "There is no such thing, or none that may be known of.",
    409: "The command does not exist in this state, or somebody else was faster.",
    413: "The body is too large.",
    422: "Something is missing or cannot be taken; `fields` says what.",
    429: "Too often; `Retry-After` says when again.",
    503: "Busy; try again.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a router says of these refusals."""
    return {
        status: {
            "description": _WORDS[status],
            "content": {"application/problem+json": {"schema": SCHEMA}},
        }
        for status in statuses
    }


PUBLIC: Final = problems(*_WORDS)
"""What any public route may answer."""
