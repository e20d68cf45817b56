"""Whether a webhook really comes from the carrier: Twilio's signature over our public URL and every field."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

SIGNATURE = "X-Twilio-Signature"
BODY_HASH = "bodySHA256"
"""In the query of a webhook whose body is no form: the signature covers the address, and the address this digest."""


class BadSignature(Exception):
    """The request was not signed by our carrier account; nothing may be read from it."""


class SignatureCheck:
    """Checks signatures against the address the world knows us by; never against a header of the request."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._validator = RequestValidator(secret)
        self._public_url = public_url

    def verify(self, path: str, query: str, given: FormData | bytes, signatures: Sequence[str]) -> None:
        """Raise BadSignature unless exactly one signature is there and is right.

        `path` is as it came over the wire, percent-encoded. A form goes in whole, with blank and repeated fields; where
        the query names the body's digest, the body does.
        """
        url = f"{self._public_url}{path}" + (f"?{query}" if query else "")
        try:
            # The validator compares a digest only with text: of bytes or a form it would look at the address alone.
            signed = given.decode() if isinstance(given, bytes) else given
        except UnicodeDecodeError as error:
            raise BadSignature(path) from error
        if len(signatures) != 1 or not self._validator.validate(url, signed, signatures[0]):
            raise BadSignature(path)
