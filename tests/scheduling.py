"""Which tests share a worker: those with a running server, a browser or a tally in common come one after the other."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it ships no types

TOGETHER: Final = (
    "tests/browser/",
    "tests/calls/test_the_whole_story.py",
    "tests/calls/test_many_processes.py",
    "tests/calls/test_simulate.py",
    "tests/web/test_two_provinces.py",
    "tests/calls/test_golden.py::test_a_running_server_tells_it_the_same",
    # Its last test asks where the walks of this process have been.
    "tests/use_cases/test_recusal.py",
)
"""Beginnings of test ids; everything else goes to whichever worker is free."""


class SharedServers(LoadScopeScheduling):  # type: ignore[misc]  # the same
    """Gives each shared server to one worker. (`xdist_group` marks are lost with pytest 9, whose ids are fixed.)"""

    def _split_scope(self, nodeid: str) -> str:
        return next((each for each in TOGETHER if nodeid.startswith(each)), nodeid)
