"""The command `hotline`, also as `python -m hotline`."""

from __future__ import annotations

import gc


def main() -> None:
    """Load the command line and run it."""
    # Nothing that is loaded now is ever garbage: looking for it would take a tenth of the start.
    gc.disable()
    from hotline.cli import app

    gc.freeze()
    gc.enable()
    app()


if __name__ == "__main__":
    main()
