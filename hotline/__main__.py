"""The command `hotline`, also as `python -m hotline`."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NOT_USED: Final = ("aiohttp", "valkey", "rich")
"""What libraries load where they find it, and this programme never uses: half a second of each start."""


def main() -> None:
    """Load the command line and run it."""
    # Nothing that is loaded now is ever garbage: looking for it would take a tenth of the start.
    gc.disable()
    brokers = () if "HOTLINE_REDIS_URL" in os.environ else ("redis",)
    with _as_if_not_installed(*NOT_USED, *brokers):
        for greedy in ("socketio", "structlog"):
            importlib.import_module(greedy)
    from hotline.cli import app

    gc.freeze()
    gc.enable()
    app()


@contextmanager
def _as_if_not_installed(*names: str) -> Iterator[None]:
    """Let imports of these names fail for a while, as where they are not installed; all of them are optional."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is Python's mark of what cannot be had
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name) is None:
                sys.modules.pop(name, None)


if __name__ == "__main__":
    main()
