"""The command line as an administrator types it, in a process of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from config.settings import Settings
from hotline.jobs.sealing import seal_history
from hotline.services import Services
from hotline.wiring import database_of, keys_of, services_of

HERE = Path(__file__).parent


def run(
    data_dir: Path, *arguments: str, given: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `hotline` with a clean environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "hotline", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**clean, "HOTLINE_DATA_DIR": str(data_dir), **environment},
        timeout=60,
    )


UNIONS = """code,name,level,kind,parent_code,region_code,group_code,industry,calendar,phone
37,山东省总工会,province,territory,,37,,,union_default,
3701,济南市总工会,city,territory,37,3701,,,union_default,
"""


def test_check_names_what_is_wrong_and_the_remedy(tmp_path: Path) -> None:
    before = run(tmp_path, "check", HOTLINE_REDIS_URL="redis://127.0.0.1:1/0", HOTLINE_DATABSE_URL="x")
    assert before.returncode == 1
    for code in ("sqlite_processes", "migrations", "redis", "unknown_setting"):
        assert f"[{code}]" in before.stdout
    assert "办法：运行 hotline migrate" in before.stdout
    assert run(tmp_path, "migrate").returncode == 0
    after = run(tmp_path, "check")
    assert after.returncode == 0, after.stdout + after.stderr
    assert "可以运行" in after.stdout


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "check", HOTLINE_PORT="70000")
    assert done.returncode == 1
    assert "HOTLINE_PORT" in done.stdout


def test_a_union_file_is_imported_whole_or_not_at_all(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    file = tmp_path / "unions.csv"
    file.write_text(UNIONS, encoding="gbk")
    assert "将新增2个" in run(tmp_path, "unions", "import", str(file), "--dry-run").stdout
    assert "已新增2个" in run(tmp_path, "unions", "import", str(file)).stdout
    assert "未变2个" in run(tmp_path, "unions", "import", str(file)).stdout
    file.write_text(
        UNIONS + "3702,青岛市总工会,town-ish,territory,99,3702,,,union_default,\n", encoding="utf-8"
    )
    refused = run(tmp_path, "unions", "import", str(file))
    assert refused.returncode == 1
    assert f"{file}:4: 没有上级工会“99”" in refused.stderr
    assert f"{file}:4: 没有“town-ish”这个层级" in refused.stderr


def test_a_user_needs_a_password_and_the_right_place(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    add = ("users", "add", "lixia", "--role", "union_handler", "--password-stdin")
    assert "口令至少" in run(tmp_path, *add, given="short\n").stderr
    assert "--union" in run(tmp_path, *add, given="long enough\n").stderr
    assert "没有代码" in run(tmp_path, *add, "--union", "99", given="long enough\n").stderr
    centre = run(
        tmp_path, "users", "add", "op", "--role", "operator", "--password-stdin", given="long enough\n"
    )
    assert "已新建账号“op”（话务员）" in centre.stdout
    again = run(
        tmp_path, "users", "add", "op", "--role", "operator", "--password-stdin", given="long enough\n"
    )
    assert again.returncode == 1
    verified = run(tmp_path, "audit", "verify")
    assert "1条记录链全部相符" in verified.stdout


def test_the_history_is_held_against_its_seals(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    file = tmp_path / "unions.csv"
    file.write_text(UNIONS, encoding="utf-8")
    run(tmp_path, "unions", "import", str(file))
    services = services_at(tmp_path)
    assert seal_history(services, every=timedelta()) == 1
    services.database.dispose()
    verified = run(tmp_path, "audit", "verify")
    assert verified.returncode == 0, verified.stderr
    assert "最新封印 1:" in verified.stdout
    noted = verified.stdout.split("最新封印 ")[1].split("（")[0]
    assert run(tmp_path, "audit", "verify", "--seal", noted).returncode == 0
    assert run(tmp_path, "audit", "verify", "--seal", "nonsense").returncode == 1
    with sqlite3.connect(tmp_path / "hotline.db") as tampered:
        for table in ("event", "stream_head", "audit_sealed_head", "audit_seal"):
            tampered.execute(f"DELETE FROM {table}")
    tampered.close()
    emptied = run(tmp_path, "audit", "verify")
    assert emptied.returncode == 1
    assert "seals#1: seals up to the noted one are gone" in emptied.stderr


def test_an_index_is_rebuilt_from_the_command_line(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    done = run(tmp_path, "search", "rebuild")
    assert (done.returncode, done.stdout) == (0, "已为0张工单重建索引。\n")


def services_at(data_dir: Path) -> Services:
    settings = Settings(data_dir=data_dir)
    return services_of(
        settings, keys_of(settings), database=database_of(settings), publish=lambda _: None, wake=lambda: None
    )


@pytest.mark.parametrize("name", ["endless_silence", "unknown_field"])
def test_flows_check_refuses_with_file_line_and_reason(tmp_path: Path, name: str) -> None:
    path = HERE.parent / "flows" / "broken" / f"{name}.yaml"
    done = run(tmp_path, "flows", "check", str(path))
    line = path.read_text(encoding="utf-8").split(" ")[2]
    assert done.returncode == 1
    assert f"{path}:{line}:" in done.stderr


def test_flows_can_be_checked_drawn_and_tried(tmp_path: Path) -> None:
    day = HERE.parents[1] / "ivr_flows" / "flows" / "day.yaml"
    assert "通过" in run(tmp_path, "flows", "check").stdout
    assert run(tmp_path, "flows", "draw", str(day)).stdout.startswith("flowchart TD")
    assert run(tmp_path, "flows", "draw", str(day), "--svg").stdout.startswith("<svg")
    tried = run(tmp_path, "flows", "try", str(day), given="1\n1\n2\n")
    assert "欠薪请按1" in tried.stdout
    assert "再见" in tried.stdout
