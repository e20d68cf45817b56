"""Once a minute the clock seals the history, and notes each seal in a file that no database can take back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from dispatch.seal_chain import EVERY, Anchor, seal_heads
from hotline.services import Services

SEALS_FILE: Final = "audit-seals.log"


def seal_history(services: Services, *, every: timedelta = EVERY) -> int:
    """Seal what grew and return how many seals were made; none while the last is younger than `every`."""
    made = 0
    while True:
        with services.database.writing("clock") as session:
            sealed = seal_heads(session, key=services.audit_key, now=services.now(), every=every)
        if sealed is None:
            return made
        _note(services.data_dir, sealed.anchor)
        made += 1
        if not sealed.more:
            return made
        every = timedelta()


def noted_seal(data_dir: Path) -> Anchor | None:
    """Return the seal that was noted last, None where none ever was."""
    path = data_dir / SEALS_FILE
    if not path.exists():
        return None
    last = path.read_text(encoding="ascii").split("\n")[:-1][-1:]
    return anchor_of(last[0]) if last else None


def anchor_of(noted: str) -> Anchor:
    """Return a noted seal, `N HASH` or `N:HASH`; raises ValueError."""
    n, own = noted.replace(":", " ").split()
    return Anchor(int(n), own)


def _note(data_dir: Path, anchor: Anchor) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / SEALS_FILE).open("a", encoding="ascii") as file:
        file.write(f"{anchor.n} {anchor.hash}\n")
