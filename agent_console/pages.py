"""Serves the built console: one page for every screen, and its assets by their hashed names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from agent_console.console import Console, console_of
from agent_console.permissions import open_to_all

SCREENS: Final = (
    "/",
    "/sign-in",
    "/workbench",
    "/tickets",
    "/tickets/{number}",
    "/callbacks",
    "/pool",
    "/return-calls",
    "/floor",
    "/shifts",
    "/sla",
    "/reports",
    "/wallboard",
    "/knowledge",
    "/quality",
    "/admin",
    "/admin/{section}",
    "/admin/{section}/{name}",
    "/partner-events",
    "/inbox",
    "/inbox/{number}",
    "/inbox/more/{part}",
    "/l",
    "/l/{link}",
    "/users",
    "/password",
    "/progress",
    "/request",
    "/verify",
)
"""Addresses which the browser's router knows; the page behind them holds no data."""

MACHINE_PREFIXES: Final = (
    "/api",
    "/voice",
    "/messages",
    "/sandbox",
    "/socket.io",
    "/assets",
    "/health",
    "/metrics",
)
"""Where a wrong address gets a problem document, for no person typed it."""

UNBUILT: Final = "控制台页面尚未构建：请运行 make console"


class HashedAssets(StaticFiles):
    """Assets whose names change with their content: a browser may keep them for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, with the promise that it never changes."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def add_pages(app: FastAPI, console: Console) -> None:
    """Add the screens, their assets, and the test phone where there is a sandbox."""
    router = APIRouter(
        include_in_schema=False, dependencies=[open_to_all("the shell of the console holds no data")]
    )
    screens = (*SCREENS, "/phone") if console.sandbox else SCREENS
    for path in screens:
        router.add_api_route(path, show_screen, methods=["GET", "HEAD"], response_class=FileResponse)
    router.add_api_route("/favicon.svg", show_icon, methods=["GET", "HEAD"], response_class=FileResponse)
    app.include_router(router)
    app.mount("/assets", HashedAssets(directory=console.static / "assets", check_dir=False))


def show_screen(request: Request) -> Response:
    """Answer with the page that every screen starts from."""
    return _page(console_of(request).static / "index.html", status=200)


def show_icon(request: Request) -> Response:
    """Answer with the icon of the browser's tab."""
    return FileResponse(console_of(request).static / "favicon.svg")


def page_for_the_lost(request: Request) -> Response | None:
    """Return the console's own "no such page" for a person, None for a programme."""
    path = request.url.path
    if request.method not in ("GET", "HEAD") or path.startswith(MACHINE_PREFIXES) or path == "/phone":
        return None
    if "text/html" not in request.headers.get("accept", ""):
        return None
    return _page(console_of(request).static / "index.html", status=404)


def _page(path: Path, *, status: int) -> Response:
    if not path.is_file():
        return PlainTextResponse(UNBUILT, status_code=503)
    # The page names the hashed assets of its build, so the browser asks each time whether it is still the one.
    return FileResponse(path, status_code=status, headers={"Cache-Control": "no-cache"})
