"""Answers every error of the API as a problem document (RFC 9457), in Chinese and without internals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import StatementError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from hotline.errors import INTERNAL, INVALID, NOT_FOUND, TABLE, TOO_LARGE, Answer, Problem, problem_of

MEDIA_TYPE: Final = "application/problem+json"
log = structlog.get_logger(__name__)

_BY_STATUS: Final[Mapping[int, Answer]] = {
    404: NOT_FOUND,
    413: TOO_LARGE,
    405: Answer(405, "method_not_allowed", "不支持这种请求方式"),
}

_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "missing": lambda _: "请填写",
    "extra_forbidden": lambda _: "没有这个项目",
    "string_too_long": lambda c: f"最多{c.get('max_length')}个字",
    "string_too_short": lambda c: f"至少{c.get('min_length')}个字",
    "too_long": lambda c: f"最多{c.get('max_length')}项",
    "literal_error": lambda _: "不在可选范围内",
    "enum": lambda _: "不在可选范围内",
    "greater_than_equal": lambda c: f"不能小于{c.get('ge')}",
    "less_than_equal": lambda c: f"不能大于{c.get('le')}",
    "string_pattern_mismatch": lambda _: "格式不正确",
    "json_invalid": lambda _: "不是有效的JSON",
    "value_error": lambda c: str(c.get("error", "格式不正确")),
}
"""The words for what pydantic finds; whatever else it finds is simply the wrong format."""


def answer(problem: Problem) -> Response:
    """Return the response for a problem; nobody may keep it."""
    return JSONResponse(
        jsonable_encoder(problem.body()),
        status_code=problem.answer.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(problem.headers or {})},
    )


def install(app: FastAPI, *, page_for: Callable[[Request], Response | None]) -> None:
    """Let the application answer its errors so; `page_for` may answer a person who mistyped an address."""

    async def known(_: Request, error: Exception) -> Response:
        return answer(problem_of(error))

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this type
        return answer(Problem(INVALID, INVALID.detail, field_errors(error.errors())))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for this type
        page = page_for(request) if error.status_code == NOT_FOUND.status else None
        if page is not None:
            return page
        found = _BY_STATUS.get(error.status_code, Answer(error.status_code, "http", "请求没有被接受"))
        return answer(Problem(found, found.detail, headers=error.headers))

    async def fault(request: Request, error: Exception) -> Response:
        log.error("request failed", path=request.url.path, error=type(error).__name__)
        return answer(Problem(INTERNAL, INTERNAL.detail))

    async def unstorable(_: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.answer is INTERNAL:
            # A fault of ours, as for any type without a row: the server logs where it came from.
            raise error
        return answer(problem)

    app.add_exception_handler(StatementError, unstorable)
    for kind in TABLE:
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, fault)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Map each wrong field, `employers.0.name`, to a Chinese sentence; what was sent is never repeated."""
    found = {}
    for error in errors:
        # The first part only says where in the request: body, query, path.
        name = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
        sentence = _SENTENCES.get(error["type"])
        found[name] = sentence(error.get("ctx") or {}) if sentence else "格式不正确"
    return found
