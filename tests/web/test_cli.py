"""The command line as an administrator types it, in a process of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import Settings
from hotline import preflight
from hotline.jobs.sealing import seal_history
from hotline.preflight import check_all
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


def test_a_line_is_diverted_and_opened_again_from_the_command_line(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    done = run(tmp_path, "line", "divert", "legal", "--to", "rights", "--reason", "律师开会")
    assert (done.returncode, "转往rights" in done.stdout) == (0, True), done.stderr
    refused = run(tmp_path, "line", "divert", "care", "--to", "general", "--reason", "无人")
    assert refused.returncode == 1
    assert "心理老师" in refused.stderr
    assert run(tmp_path, "line", "open", "legal", "--reason", "律师回来").returncode == 0
    listed = run(tmp_path, "line", "list").stdout
    assert "→" not in listed
    assert "律师回来" in listed


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
    run(tmp_path, "flows", "draw-all", str(tmp_path / "drawn"))
    drawn = {path.name for path in (tmp_path / "drawn").iterdir()}
    assert drawn == {"blocked.svg", "day.svg", "followup.svg", "full.svg", "night.svg"}


def test_a_telephone_policy_that_cannot_be_obeyed_is_named_by_the_check(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "follow_up.yaml").write_text("enabled: true\nhours: []\n", encoding="utf-8")
    settings = Settings(data_dir=tmp_path, config_dir=tmp_path / "own")
    found = [problem.what for problem in check_all(settings, {}) if problem.code == "configuration"]
    assert len(found) == 1
    assert "follow_up.yaml" in found[0]


RULES = """rules:
  - code: city
    category_prefix: wage_arrears
    region_prefix: "37"
    union_code: "3701"
    valid_from: 2026-01-01
    source: "[D]"
"""


def test_rules_are_loaded_as_versions_and_a_case_is_explained(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    file, rules = tmp_path / "unions.csv", tmp_path / "rules.yaml"
    file.write_text(UNIONS, encoding="utf-8")
    run(tmp_path, "unions", "import", str(file))
    # The shipped rules are the demonstration's: one names a union that this tree lacks.
    checked = run(tmp_path, "check").stdout
    assert "提醒 [routing_rules]" in checked
    assert "SD-RAILWAY" in checked
    rules.write_text(RULES.replace('"3701"', '"999"'), encoding="utf-8")
    refused = run(tmp_path, "route", "load", str(rules))
    assert refused.returncode == 1
    assert f"{rules}:5: " in refused.stderr
    rules.write_text(RULES, encoding="utf-8")
    assert "已存入版本" in run(tmp_path, "route", "load", str(rules)).stdout
    assert "没有变化" in run(tmp_path, "route", "load", str(rules)).stdout
    assert "1条" in run(tmp_path, "route", "versions").stdout
    assert "[routing_rules]" not in run(tmp_path, "check").stdout


def test_what_was_imported_is_exported_and_taken_back(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    file, out = tmp_path / "unions.csv", tmp_path / "out.csv"
    file.write_text(UNIONS, encoding="utf-8")
    run(tmp_path, "unions", "import", str(file))
    assert run(tmp_path, "unions", "export", str(out)).returncode == 0
    assert "未变2个" in run(tmp_path, "unions", "import", str(out)).stdout
    points = "code,name,kind,union_code,region_code,address,phone,calendar,skills,facilities,open\n"
    file.write_text(points + "C1,中心,职工服务中心,3701,370102,,,,law,,\n", encoding="utf-8")
    assert "已新增1个" in run(tmp_path, "unions", "import", str(file), "--table", "service_points").stdout
    found = run(tmp_path, "unions", "points", "--region", "370102001", "--need", "法律服务").stdout
    assert "1. 中心（职工服务中心，济南市总工会）：同一区县（370102）；可办理：法律服务" in found
    assert "C1,中心" in run(tmp_path, "unions", "export", "--table", "service_points").stdout


def test_a_holiday_is_tried_declared_and_taken_back_on_the_command_line(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    tried = run(tmp_path, "calendar", "change", "2026-12-31", "--rest", "--reason", "省里通知", "--dry-run")
    assert "没有写入" in tried.stdout, tried.stderr
    done = run(tmp_path, "calendar", "change", "2026-12-31", "--rest", "--reason", "省里通知")
    assert "已改变0个时限" in done.stdout, done.stderr
    shown = run(tmp_path, "calendar", "show").stdout
    assert "2026-12-31 * 休息" in shown
    assert "重算1：进行中" in shown
    run(tmp_path, "calendar", "change", "2026-12-31", "--undo", "--reason", "通知撤回")
    assert "2026-12-31" not in run(tmp_path, "calendar", "show").stdout
    wrong = run(tmp_path, "calendar", "change", "2026-13-01", "--rest", "--reason", "x")
    assert (wrong.returncode, "不是日期" in wrong.stderr) == (1, True)
    unknown = run(tmp_path, "calendar", "change", "2026-12-01", "--rest", "--calendar", "x", "--reason", "x")
    assert (unknown.returncode, "没有“x”这个日历" in unknown.stderr) == (1, True)


def test_check_warns_loudly_of_a_year_that_deadlines_already_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path)
    found = {}
    for day in (datetime(2029, 5, 1, tzinfo=UTC), datetime(2029, 11, 30, tzinfo=UTC)):
        monkeypatch.setattr(preflight, "now", lambda day=day: day)
        problems = preflight.check_all(settings, {})
        found[day.month] = [each.what for each in problems if each.code == "missing_year"]
    assert len(found[5]) == 1
    assert "！！2029年" in found[5][0]
    assert [each[2:6] for each in found[11]] == ["2029", "2030"]


def test_a_rehearsal_is_filled_once_and_never_beside_other_data(tmp_path: Path) -> None:
    done = run(tmp_path, "seed", "--unions", "5300", "--tickets", "300")
    assert done.returncode == 0, done.stderr
    assert "已造工会5300个，工单300件" in done.stdout
    password = tmp_path / "rehearsal-password.txt"
    assert password.stat().st_mode & 0o777 == 0o600
    assert password.read_text(encoding="utf-8").strip() not in done.stdout
    again = run(tmp_path, "seed", "--unions", "5300", "--tickets", "300")
    assert again.returncode == 1
    assert "演练只能用空数据库" in again.stderr
    assert "seed" not in run(tmp_path, "--help").stdout


def test_a_union_is_told_that_its_leader_signs_every_report(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    file = tmp_path / "unions.csv"
    file.write_text(UNIONS, encoding="utf-8")
    run(tmp_path, "unions", "import", str(file))
    assert run(tmp_path, "unions", "leader-signs", "3701").stdout == "济南市总工会：反馈须由负责人签发。\n"
    assert "不再须由" in run(tmp_path, "unions", "leader-signs", "3701", "--off").stdout
    unknown = run(tmp_path, "unions", "leader-signs", "9999")
    assert unknown.returncode == 1
    assert "没有代码为9999的工会" in unknown.stdout + unknown.stderr


def test_the_life_of_a_ticket_is_drawn(tmp_path: Path) -> None:
    drawn = run(tmp_path, "tickets", "draw")
    assert drawn.returncode == 0
    assert drawn.stdout == (HERE.parents[1] / "docs" / "ticket-states.svg").read_text(encoding="utf-8")
