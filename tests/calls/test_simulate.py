"""`hotline simulate` against a running server: people are served, nobody is lost, and the figures are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.processes import running


def test_a_small_simulation_loses_nobody_and_prints_its_figures(tmp_path: Path) -> None:
    with running(tmp_path / "data", speed=10.0) as server:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        ours = {"HOTLINE_DATA_DIR": str(server.data_dir), "HOTLINE_PORT": server.url.rsplit(":", 1)[1]}
        sizes = [
            "--calls",
            "8",
            "--rate",
            "10",
            "--operators",
            "3",
            "--hold",
            "4",
            "--talk",
            "1",
            "--base",
            "2",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "hotline", "simulate", *sizes],
            env=clean | ours,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "同时来电8（目标8）" in done.stdout
    served = [int(each) for each in re.findall(r"接通(\d+)个", done.stdout)]
    assert all(served), done.stdout
    assert done.stdout.count("丢失来电：0") == 2
    assert re.search(r"每轮用时 p50 \d+ ms，p99 \d+ ms，最长 \d+ ms", done.stdout)
    assert re.search(r"比值 \d+\.\d\d", done.stdout)
