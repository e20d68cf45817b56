"""Whether a webhook really comes from the carrier: Twilio's signature over our public URL and every field."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

SIGNATURE = "X-Twilio-Signature"


class BadSignature(Exception):
    """The request was not signed by our carrier account; nothing may be read from it."""


class SignatureCheck:
    """Checks signatures against the address the world knows us by; never against a header of the request."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._validator = RequestValidator(secret)
        self._public_url = public_url

    def verify(self, path: str, query: str, form: FormData, signatures: Sequence[str]) -> None:
        """Raise BadSignature unless exactly one signature is there and is right.

        `path` is as it came over the wire, percent-encoded. The form goes in whole, with blank and repeated fields.
        """
        url = f"{self._public_url}{path}" + (f"?{query}" if query else "")
        if len(signatures) != 1 or not self._validator.validate(url, form, signatures[0]):
            raise BadSignature(path)
