"""The console is rebuilt exactly when its sources change, and a failed build says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_console.web import build_hook


@pytest.fixture
def package(tmp_path: Path) -> Path:
    web = tmp_path / "agent_console" / "web"
    (web / "src").mkdir(parents=True)
    (web / "package.json").write_text("{}")
    (web / "package-lock.json").write_text("{}")
    (web / "src" / "main.ts").write_text("1")
    return tmp_path / "agent_console"


def _ship(package: Path, *, stamp: str) -> None:
    static = package / "static"
    static.mkdir(exist_ok=True)
    (static / "index.html").write_text("<html>")
    (static / ".stamp").write_text(stamp + "\n")


def _refuse(step: str, *_: object) -> None:
    raise AssertionError(f"{step} must not run")


def test_pages_with_the_stamp_of_the_sources_are_not_built_again(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ship(package, stamp=build_hook.source_stamp(package / "web"))
    monkeypatch.setattr(build_hook, "_run", _refuse)
    assert build_hook.build(package) is False


def test_pages_shipped_without_sources_are_used_as_they_are(tmp_path: Path) -> None:
    _ship(tmp_path, stamp="anything")
    assert build_hook.build(tmp_path) is False


def test_neither_sources_nor_pages_is_an_error_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(build_hook.ConsoleBuildError, match=r"neither the sources .* nor the built pages"):
        build_hook.build(tmp_path)


@pytest.mark.parametrize("changed", ["src/main.ts", "package-lock.json", "src/new.vue"])
def test_any_changed_source_changes_the_stamp(package: Path, changed: str) -> None:
    web = package / "web"
    before = build_hook.source_stamp(web)
    (web / changed).write_text("2")
    assert build_hook.source_stamp(web) != before


def test_moving_a_byte_from_one_source_to_the_next_changes_the_stamp(package: Path) -> None:
    web = package / "web"
    (web / "src" / "a").write_text("ab")
    (web / "src" / "b").write_text("c")
    before = build_hook.source_stamp(web)
    (web / "src" / "a").write_text("a")
    (web / "src" / "b").write_text("bc")
    assert build_hook.source_stamp(web) != before


def test_tests_and_installed_modules_do_not_change_the_stamp(package: Path) -> None:
    web = package / "web"
    before = build_hook.source_stamp(web)
    (web / "src" / "clock.test.ts").write_text("x")
    (web / "node_modules").mkdir()
    (web / "node_modules" / "x.js").write_text("x")
    assert build_hook.source_stamp(web) == before


def test_a_stamp_without_pages_does_not_count(package: Path) -> None:
    _ship(package, stamp="x")
    (package / "static" / "index.html").unlink()
    assert build_hook.built_stamp(package / "static") is None


def test_npm_that_fails_is_quoted(package: Path) -> None:
    (package / "web" / "package.json").write_text("not json")
    with pytest.raises(build_hook.ConsoleBuildError, match=r"(?s)`npm ci` .* ended with 1:.*JSON"):
        build_hook.build(package)
    assert not (package / "static").exists()
