"""A partner's client, written from the OpenAPI text alone: it imports nothing of ours and learns its routes there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx


def key_of(secret: str) -> bytes:
    """What follows `whsec_`, decoded from base64."""
    return base64.b64decode(secret.removeprefix("whsec_"))


def signature(secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The six lines of the document, and their HMAC."""
    text = "\n".join(("12351-v1", method.upper(), path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    return "v1=" + hmac.new(key_of(secret), text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Document:
    """The OpenAPI text, as far as it is for partners."""

    text: Mapping[str, Any]

    @property
    def signing(self) -> str:
        """What the document says about signatures."""
        return str(next(tag["description"] for tag in self.text["tags"] if tag["name"] == "partner"))

    def operations(self) -> dict[str, tuple[str, str, Mapping[str, Any]]]:
        """Return (method, path, description) by the last word of the path, `create`, `find`, `read`, `list`, `compare`."""
        found = {}
        for path, methods in self.text["paths"].items():
            for method, operation in methods.items():
                if "partner" not in operation.get("tags", ()):
                    continue
                found[self._name(method, path)] = (method.upper(), path, operation)
        return found

    def example(self, name: str) -> Any:
        """Return the body that the document gives as an example."""
        content = self.operations()[name][2]["requestBody"]["content"]
        return json.loads(json.dumps(content["application/json"]["example"]))

    def worked_example(self) -> dict[str, str]:
        """Return the parts of the worked signature in the text, and its outcome."""
        said = re.sub(r"\s+", " ", self.signing)
        parts = re.search(
            r"secret `(?P<secret>[^`]+)`, method `(?P<method>[^`]+)`, path `(?P<path>[^`]+)`, timestamp "
            r"`(?P<timestamp>[^`]+)`, nonce `(?P<nonce>[^`]+)`, body `(?P<body>[^`]+)` give `(?P<gives>[^`]+)`",
            said,
        )
        assert parts is not None, said
        return parts.groupdict()

    @staticmethod
    def _name(method: str, path: str) -> str:
        last = path.rsplit("/", 1)[1]
        named = {
            ("post", "tickets"): "create",
            ("get", "tickets"): "find",
            ("get", "{number}"): "read",
            ("get", "reconciliation"): "list",
            ("post", "events"): "burst",
            ("get", "events"): "outcomes",
            ("post", "reconciliation"): "compare",
        }
        return named.get((method, last), last)


@dataclass
class PartnerClient:
    """One partner's programme; `forge` may change what is sent after it was signed."""

    document: Document
    http: httpx.Client
    code: str
    secret: str
    clock: Callable[[], datetime]
    answers: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, http: httpx.Client, code: str, secret: str, clock: Callable[[], datetime]) -> PartnerClient:
        """Read the document of a centre and return a client for it."""
        return cls(Document(http.get("/api/openapi.json").json()), http, code, secret, clock)

    def call(
        self,
        name: str,
        body: Any = None,
        *,
        number: str = "",
        key: str | None = None,
        query: Mapping[str, str] | None = None,
        forge: Callable[[dict[str, Any]], None] | None = None,
    ) -> httpx.Response:
        """Send one signed request."""
        method, template, _ = self.document.operations()[name]
        path = template.replace("{number}", number)
        if query:
            path += "?" + str(httpx.QueryParams(query))
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        request: dict[str, Any] = {
            "method": method,
            "path": path,
            "body": raw,
            "Hotline-Partner": self.code,
            "Hotline-Timestamp": str(int(self.clock().timestamp())),
            "Hotline-Nonce": secrets.token_urlsafe(16),
        }
        request["Hotline-Signature"] = signature(
            self.secret,
            method,
            path,
            request["Hotline-Timestamp"],
            request["Hotline-Nonce"],
            raw,
        )
        if method == "POST":
            request["Idempotency-Key"] = key or secrets.token_hex(12)
        if forge is not None:
            forge(request)
        headers = {name: value for name, value in request.items() if "-" in name and value is not None}
        answer = self.http.request(
            request["method"],
            request["path"],
            content=request["body"],
            headers={**headers, "Content-Type": "application/json"},
        )
        self.answers.append(answer.text)
        return answer
