"""One ticker as a process of its own, on a machine whose clock jumps by up to an hour each way whenever it is read."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, tzinfo

from config.settings import Settings
from hotline import wiring
from hotline.running import run_background

HOUR_S = 3600.0


class JumpingClock(datetime):
    """A time of day on which nothing can be built."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # the jump leaves the subclass
        return datetime.now(tz) + timedelta(seconds=random.uniform(-HOUR_S, HOUR_S))


def main() -> None:
    """Run `hotline clock` until killed."""
    setattr(wiring, "datetime", JumpingClock)  # noqa: B010  # the module's own name for the time of day
    run_background(Settings(), deliver=False, clock=True)


if __name__ == "__main__":
    main()
