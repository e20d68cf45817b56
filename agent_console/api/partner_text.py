"""What the OpenAPI text tells a partner's programmers: how to sign, what errors mean, and an example for each route."""

from __future__ import annotations

from typing import Any, Final

from agent_console.api.schemas import ProblemOut
from dispatch.rules.signed_request import SignedRequest, sign

SAMPLE_SECRET: Final = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # noqa: S105  # a worked example
SAMPLE: Final = SignedRequest(
    "POST",
    "/api/partner/v1/tickets/37-20261125-000001-7/append",
    "1795564800",
    "b6f0c1d2e3a445968778",
    '{"text":"诉求人补充：另有两名同事同样被欠薪。"}'.encode(),
)

SIGNING: Final = f"""Signed with a shared secret. The text that is signed has six lines, joined by LF without one at the end:

1. `12351-v1`
2. the method, in capitals
3. the path as sent, with its query string
4. the value of `Hotline-Timestamp` (Unix seconds; at most five minutes from our clock)
5. the value of `Hotline-Nonce` (16 to 64 of `A-Z a-z 0-9 _ -`; never used again)
6. SHA-256 of the body in lower-case hexadecimal (of nothing where there is no body)

The key is what follows `whsec_` in the secret, decoded from base64. `Hotline-Signature` is `v1=` and HMAC-SHA-256 of
the text in lower-case hexadecimal; `Hotline-Partner` is your code. While a secret is being changed both are good.

Worked example: secret `{SAMPLE_SECRET}`, method `{SAMPLE.method}`, path `{SAMPLE.path}`, timestamp
`{SAMPLE.timestamp}`, nonce `{SAMPLE.nonce}`, body `{SAMPLE.body.decode()}` give
`{sign(SAMPLE, SAMPLE_SECRET)}`.

Each POST carries an `Idempotency-Key`: repeated with the same request (a new nonce, a new signature) it gets the first
answer again, marked `Idempotent-Replayed: true`, and nothing is done twice. The same key for another request is refused.

Many events at once go to `POST /api/partner/v1/events`: a burst is kept whole or refused whole, each event is done once
by its `id` and in its order, and `GET /api/partner/v1/events` lists what became of each.

What becomes of a case is told to you by itself as Standard Webhooks (`webhook-id`, `webhook-timestamp`,
`webhook-signature`): `{{"type": "ticket.result", "timestamp": …, "data": {{"number": …, "external_id": …, "state": …}}}}`;
types are ticket.created, .appended, .accepted, .rejected, .progress, .extended, .result, .callback and .withdrawn, and
`data` has the fields of the route of the same name. Answer 2xx within ten seconds; else it comes again for ten hours.
"""

HEADERS: Final[list[dict[str, Any]]] = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "description": description,
        "example": example,
    }
    for name, description, example in (
        ("Hotline-Partner", "Your code.", "12345-jinan"),
        ("Hotline-Timestamp", "Unix seconds.", SAMPLE.timestamp),
        ("Hotline-Nonce", "Used once.", SAMPLE.nonce),
        ("Hotline-Signature", "See the description of this tag.", sign(SAMPLE, SAMPLE_SECRET)),
    )
]

TAG: Final = {"name": "partner", "description": SIGNING}

_PROBLEM: Final = ProblemOut.model_json_schema()


def _refusal(status: int, code: str, meaning: str) -> dict[str, Any]:
    example = {
        "type": f"urn:hotline-12351:problem:{code}",
        "title": meaning,
        "status": status,
        "code": code,
    }
    return {
        "description": meaning,
        "content": {"application/problem+json": {"schema": _PROBLEM, "example": example}},
    }


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: _refusal(400, "bad_request", "The address holds characters that no text has."),
    401: _refusal(401, "not_signed", "No signature, a wrong or an old one, or one that was used before."),
    403: _refusal(403, "not_allowed", "This act is not open to you."),
    404: _refusal(404, "not_found", "No such case, or none of yours; the two are never told apart."),
    409: _refusal(
        409, "wrong_state", "Not in the state in which the case is; `legal` says what could be done."
    ),
    413: _refusal(413, "too_large", "More than a million bytes."),
    422: _refusal(422, "invalid", "Something is missing or cannot be taken; `fields` says what."),
    503: _refusal(503, "busy", "Come again in a moment, with the same key."),
}

TICKET: Final = {
    "number": "37-20261125-000001-7",
    "external_id": "JN20261125000123",
    "direction": "in",
    "state": "offered",
    "ticket_state": "draft",
    "due_at": "2026-12-02T09:30:00Z",
    "changed_at": "2026-11-25T02:00:00Z",
}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "create": {
        "external_id": "JN20261125000123",
        "source_org": "济南市12345",
        "target_org": "济南市总工会",
        "region_code": "370102",
        "category": "wage_arrears",
        "nature": "petition",
        "urgency": "P2",
        "wish": "要回三个月工资",
        "text": "公司三个月没发工资，一共六个人。",
        "caller": {"masked_name": "赵**", "contact_token": "12345-relay-7731"},
        "employers": [
            {"name": "济南示例建筑工程有限公司", "uscc": "91370102XXXX000197", "role": "employing"}
        ],
        "headcount": 6,
        "amount_cents": 1860000,
        "confidentiality": "confidential",
        "disclosure": "none",
        "callback_wanted": True,
        "due_at": "2036-12-02T09:30:00Z",
        "attachments": [
            {
                "name": "工资条.jpg",
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "size": 183042,
                "url": "https://files.12345.example.gov.cn/f/8f3a?sig=1",
                "expires_at": "2036-11-26T00:00:00Z",
            }
        ],
    },
    "append": {"text": "诉求人补充：另有两名同事同样被欠薪。"},
    "burst": {
        "events": [
            {
                "id": "JN-E-20261125-0001",
                "act": "create",
                "data": {
                    "external_id": "JN20261125000124",
                    "region_code": "370102",
                    "category": "wage_arrears",
                    "wish": "要回两个月工资",
                    "caller": {"masked_name": "赵**", "contact_token": "12345-relay-7732"},
                },
            },
            {
                "id": "JN-E-20261125-0002",
                "act": "append",
                "external_id": "JN20261125000124",
                "data": {"text": "诉求人补充：同班组还有三人。"},
            },
        ]
    },
    "accept": {"text": "已受理，由历下区承办", "due_at": "2036-12-02T09:30:00Z"},
    "reject": {"reason_code": "wrong_region", "reason": "用人单位注册地和用工地均不在本地区"},
    "progress": {
        "text": "已约谈用人单位负责人",
        "contact": {"at": "2026-11-20T01:00:00Z", "means": "phone", "outcome": "已与诉求人核实欠薪数额"},
    },
    "extended": {"reason": "需调取工资支付台账", "due_at": "2036-12-09T09:30:00Z", "caller_told": True},
    "result": {
        "true_claim": True,
        "solved": "solved",
        "done": "约谈用人单位，补发三个月工资",
        "reply_text": "您反映的欠薪已全部补发，请查收。",
        "amount_cents": 1860000,
        "amount_state": "paid",
    },
    "callback": {"reached": True, "solved": "solved", "satisfied": "satisfied", "text": "工资已到账"},
    "withdrawn": {"reason": "诉求人要求撤回"},
    "reconciliation": {
        "day": "2026-11-25",
        "items": [
            {
                "number": "37-20261125-000001-7",
                "external_id": "JN20261125000123",
                "state": "closed",
                "hash": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            }
        ],
    },
}
"""A body for each route; `tests` send them as they stand."""


def extra(name: str | None = None) -> dict[str, Any]:
    """Return what the description of a route says beside its schemas: the signature's headers, an example body."""
    said: dict[str, Any] = {"parameters": HEADERS}
    if name is not None:
        said["requestBody"] = {"content": {"application/json": {"example": EXAMPLES[name]}}}
    return said


def answers(example: object, *, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route: the good one with an example, and every refusal."""
    return {status: {"content": {"application/json": {"example": example}}}, **REFUSALS}
