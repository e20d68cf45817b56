"""A browser for the benchmarks that need one."""

from tests.browser.conftest import chromium, served, sit_down

__all__ = ["chromium", "served", "sit_down"]
