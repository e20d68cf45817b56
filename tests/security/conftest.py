"""The same running houses as the web's tests, to be attacked."""

from __future__ import annotations

from tests.web.conftest import furnished_file, house, house_on_each_engine

__all__ = ["furnished_file", "house", "house_on_each_engine"]
