"""One ticker as a process of its own: says that it is ready, waits for the word, fires what is due, says how much."""

from __future__ import annotations

import sys
from datetime import timedelta

from dispatch.database import Database
from dispatch.policy import Policy
from dispatch.timers import fire_due, next_due
from tests.builders import NOW, make_policy

AT_ONCE = 200
"""Steps that a ticker takes in one transaction."""
LATER = NOW + timedelta(hours=1)


def fire_all(database: Database, policy: Policy) -> int:
    """Fire until nothing is left that is due, and return how many this ticker fired."""
    total = 0
    while True:
        with database.writing("clock") as session:
            done = fire_due(session, now=LATER, limit=AT_ONCE, policy=policy)
        if not done:
            with database.reading("clock") as session:
                due = next_due(session)
            if due is None or due > LATER:
                return total
        total += done


def main(url: str) -> None:
    """Serve one burst."""
    database, policy = Database(url), make_policy()
    with database.reading("clock") as session:
        next_due(session)
    print("ready", flush=True)
    sys.stdin.readline()
    print(fire_all(database, policy), flush=True)
    database.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
