"""Puts the sandbox together: REST, telephones and the exchange behind them, as one ASGI application."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from starlette.applications import Starlette

from hotline.carriers.sandbox.clock import Clock
from hotline.carriers.sandbox.exchange import Exchange
from hotline.carriers.sandbox.phone_api import VerifyToken, phone_routes
from hotline.carriers.sandbox.rest import Rest, call_routes
from hotline.carriers.sandbox.rest_live import live_routes
from hotline.carriers.sandbox.rest_numbers import number_routes
from hotline.carriers.sandbox.wire import Post, through


def create_sandbox(
    *,
    account_sid: str,
    auth_token: str,
    numbers: Mapping[str, Mapping[str, str]],
    clock: Clock,
    verify_device_token: VerifyToken,
    post: Post | httpx.AsyncClient | None = None,
    api_keys: Mapping[str, str] | None = None,
    characters_per_second: float = 4.0,
) -> tuple[Starlette, Exchange]:
    """Return the application (mount it at `/sandbox`) and its exchange; the host closes it: `await exchange.close()`.

    `numbers`: number → `voice_url`, `status_callback`, `fallback_url` (absolute; see `legs.Number`).
    `post` sends webhooks; None uses HTTP. `api_keys`: key SID → secret, accepted beside the auth token.
    """
    exchange = Exchange(
        account_sid=account_sid,
        auth_token=auth_token,
        numbers=numbers,
        clock=clock,
        post=through(post) if isinstance(post, httpx.AsyncClient) else post,
        characters_per_second=characters_per_second,
    )
    rest = Rest(exchange, {account_sid: auth_token, **(api_keys or {})})
    routes = [
        *call_routes(rest),
        *live_routes(rest),
        *number_routes(rest),
        *phone_routes(exchange, verify_device_token),
    ]
    return Starlette(routes=routes), exchange
