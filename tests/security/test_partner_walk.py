"""The partner API against requests made from its own description, each signed as it must be."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any

import requests
import schemathesis
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from dispatch.rules.partner_terms import PartnerKind
from tests.partner_client import PartnerClient, signature
from tests.partnership import Partnership
from tests.security.test_public_pages import EXAMPLES, walked
from tests.web.house import House

PREFIX = "/api/partner/v1/"


@dataclass(frozen=True)
class Signs(AuthBase):
    """Signs whatever is about to be sent, so that the walk gets past the door."""

    client: PartnerClient

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        assert isinstance(body, str | bytes)
        raw = body.encode() if isinstance(body, str) else body
        timestamp, nonce = str(int(self.client.clock().timestamp())), secrets.token_urlsafe(16)
        assert request.method is not None
        request.headers["Hotline-Partner"] = self.client.code
        request.headers["Hotline-Timestamp"] = timestamp
        request.headers["Hotline-Nonce"] = nonce
        request.headers["Hotline-Signature"] = signature(
            self.client.secret, request.method, request.path_url, timestamp, nonce, raw
        )
        return request


class Walker(requests.Session):
    """Keeps count of how it was answered."""

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self.trust_env = False
        self.auth = signs
        self.statuses: Counter[int] = Counter()

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        answer = super().send(request, **how)
        self.statuses[answer.status_code] += 1
        return answer


def test_no_signed_request_made_from_the_description_breaks_the_partner_api(house: House) -> None:
    centre = Partnership(house)
    client = centre.add("12345-jinan", PartnerKind.LINE_12345)
    told: dict[str, Any] = client.document.example("create")
    made = client.call("create", told, key="the-first-case")
    assert made.status_code == 201, made.text
    description = house.browser().get("/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(description).include(path_regex=f"^{PREFIX}")
    counted = dict.fromkeys(GenerationMode, 0)
    walker, seen = Walker(Signs(client)), 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if "partner" not in (operation.tags or ()):
            continue
        seen += 1
        for mode in GenerationMode:
            # Right requests are about a case that is there, wrong ones about any.
            number = made.json()["number"] if mode is GenerationMode.POSITIVE else None
            counted[mode] += walked(house, operation, mode, walker, number=number)
    assert seen == len(client.document.operations())
    assert counted[GenerationMode.POSITIVE] >= seen
    assert counted[GenerationMode.NEGATIVE] > EXAMPLES
    # Every one was let in by its signature: what was wrong was said of the request itself.
    assert 401 not in walker.statuses
    assert {200, 404, 409, 422} <= walker.statuses.keys()
