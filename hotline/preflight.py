"""`hotline check`: what is wrong before the first call comes in, and how to mend it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.load import ConfigError, load_policy
from config.settings import Settings
from dispatch.calendars import missing_years
from dispatch.configuration import in_force
from dispatch.database import Database
from dispatch.models.unions import Union
from dispatch.rule_sets import book_in_force
from dispatch.rules.routing_rules import RuleBook
from hotline.configuration.build import build
from hotline.configuration.documents import ConfigRefused
from hotline.configuration.live import Configuration
from hotline.keys import Keys
from hotline.migrations.run import is_current
from hotline.wiring import (
    carrier_of,
    check_called_numbers,
    config_file,
    database_of,
    files_of,
    flows_of,
    keys_of,
    line_of,
    now,
    partners_of,
    policy_of,
    read_desk_policies,
    read_telephone_policies,
)

LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with its remedy; both Chinese. A warning does not stop the programme."""

    code: str
    what: str
    remedy: str
    warning: bool = False


def read_settings() -> tuple[Settings | None, list[Problem]]:
    """Return the settings, or the problems that keep them from being read."""
    try:
        return Settings(), []
    except ValidationError as error:
        return None, [
            Problem(
                "bad_setting",
                f"HOTLINE_{'_'.join(map(str, each['loc'])).upper() or '?'}：{each['msg']}",
                "更正这个环境变量，见 docs/operations.md",
            )
            for each in error.errors()
        ]


def check_all(settings: Settings, environment: Mapping[str, str] = os.environ) -> list[Problem]:
    """Return every problem that can be found without taking a call."""
    steps: tuple[Callable[[], Iterator[Problem]], ...] = (
        lambda: _names(environment),
        lambda: _data_dir(settings),
        lambda: _configuration(settings),
        lambda: _missing_years(settings),
        lambda: _database(settings),
        lambda: _redis(settings),
        lambda: _addresses(settings),
        lambda: _carrier(settings),
        lambda: _sandbox_speed(settings),
    )
    return [problem for step in steps for problem in step()]


def _names(environment: Mapping[str, str]) -> Iterator[Problem]:
    known = {f"HOTLINE_{name.upper()}" for name in Settings.model_fields} | {
        "HOTLINE_REQUIRE_ALL",
        "HOTLINE_TEST_DATABASE_URL",
        "HOTLINE_TEST_REDIS_URL",
    }
    for name in sorted(environment):
        if name.startswith("HOTLINE_") and name not in known:
            yield Problem(
                "unknown_setting",
                f"没有 {name} 这个设置",
                "检查拼写；可用的设置见 docs/operations.md",
                warning=True,
            )


def _data_dir(settings: Settings) -> Iterator[Problem]:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Problem(
            "data_dir", f"不能写入数据目录 {folder}：{error.strerror}", "改 HOTLINE_DATA_DIR，或给予写权限"
        )


def _configuration(settings: Settings) -> Iterator[Problem]:
    try:
        policy = policy_of(settings, Keys(b"only for reading the configuration"))
        check_called_numbers(settings, flows_of(settings))
        read_telephone_policies(settings)
        read_desk_policies(settings)
        partners_of(settings, policy.catalogue)
    except ConfigError as error:
        yield Problem("configuration", str(error), "按提示的文件和行号更正")
        return
    for warning in sorted({line for calendar in policy.calendars.values() for line in calendar.warnings}):
        yield Problem(
            "calendar",
            warning,
            "放假安排公布后升级 chinesecalendar，或在 calendar.yaml 补录，或用 hotline calendar change 补录",
            warning=True,
        )


def unreadable_versions(session: Session, configuration: Configuration) -> Iterator[Problem]:
    """A version that was published under an older programme may no longer be read by this one."""
    versions = in_force(session)
    if {document: each.number for document, each in versions.items()} == configuration.numbers:
        return
    try:
        build(configuration.files, {document: each.text for document, each in versions.items()})
    except ConfigRefused as refused:
        for each in refused.findings:
            yield Problem(
                "published_version",
                f"已发布的 {each.document} 不能使用（第{each.line or 1}行）：{each.reason}",
                "程序现按配置文件运行；请在“管理”页更正后重新发布",
            )


def _missing_years(settings: Settings) -> Iterator[Problem]:
    """A year that deadlines already reach into is an alarm, not a reminder; also what was published is read."""
    try:
        configuration = Configuration(files_of(settings, Keys(b"only for reading the configuration")))
    except ConfigError:
        return
    database = None
    try:
        database = database_of(settings)
        if is_current(database):
            with database.reading() as session:
                configuration.refresh(session)
                yield from unreadable_versions(session, configuration)
    except (SQLAlchemyError, ModuleNotFoundError):
        # Said by whoever checks the database.
        pass
    finally:
        if database is not None:
            database.dispose()
    for year in missing_years(configuration.policy, now=now()):
        yield Problem(
            "missing_year",
            f"！！{year}年放假安排尚未公布或补录，所有跨{year}年的时限都暂按周末休息计算",
            "用 hotline calendar change 逐日补录，核对后 hotline calendar confirm-year；补录后时限自动重算",
            warning=True,
        )


def _database(settings: Settings) -> Iterator[Problem]:
    if settings.on_sqlite and settings.redis_url:
        yield Problem(
            "sqlite_processes",
            "SQLite 只能由一个进程使用，却设置了 HOTLINE_REDIS_URL",
            "多进程请设置 HOTLINE_DATABASE_URL=postgresql+psycopg://…，单进程请去掉 HOTLINE_REDIS_URL",
        )
    try:
        database = database_of(settings)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        yield Problem(
            "database_url",
            f"HOTLINE_DATABASE_URL 不可用：{error}".splitlines()[0],
            "使用 postgresql+psycopg://用户@主机/库名",
        )
        return
    try:
        if not is_current(database):
            yield Problem("migrations", "数据库结构不是最新", "运行 hotline migrate")
        else:
            yield from _rules(settings, database)
    except SQLAlchemyError as error:
        yield Problem(
            "database", f"连不上数据库：{str(error).splitlines()[0]}", "检查 HOTLINE_DATABASE_URL、网络和口令"
        )
    finally:
        database.dispose()


def _rules(settings: Settings, database: Database) -> Iterator[Problem]:
    """Hold the rules of the configuration against the tree, until a book of them is stored."""
    with database.reading() as session:
        codes = set(session.scalars(select(Union.code).where(Union.closed_at.is_(None))))
        if not codes or book_in_force(session) is not None:
            return
    path = config_file(settings, "routing_rules.yaml")
    try:
        load_policy(path, lambda data: RuleBook.from_mapping(data).check_unions(codes))
    except ConfigError as error:
        yield Problem(
            "routing_rules",
            str(error),
            "更正规则，或导入那个工会；hotline route load 存为新版本",
            warning=True,
        )


def _redis(settings: Settings) -> Iterator[Problem]:
    if not settings.redis_url:
        return
    # Here: a start without Redis is spared loading its client.
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        client = Redis.from_url(settings.redis_url, socket_connect_timeout=3, socket_timeout=3)
        try:
            client.ping()
        finally:
            client.close()
    except (RedisError, ValueError) as error:
        yield Problem("redis", f"连不上 Redis：{error}", "检查 HOTLINE_REDIS_URL 和服务是否运行")


def _addresses(settings: Settings) -> Iterator[Problem]:
    address = urlsplit(settings.effective_public_url)
    local = address.hostname in LOCAL_HOSTS
    if settings.carrier != "sandbox" and local:
        yield Problem("public_url", "运营商无法访问本机地址", "设置 HOTLINE_PUBLIC_URL 为对外的 https 地址")
    elif not local and address.scheme != "https":
        yield Problem(
            "public_url",
            "对外地址不是 https，口令和录音会被窃听",
            "在反向代理上启用 TLS",
        )
    if not local and not settings.secret_key.get_secret_value():
        yield Problem(
            "secret_key",
            "没有设置 HOTLINE_SECRET_KEY，将使用数据目录里的密钥",
            "多台机器必须设置同一个 HOTLINE_SECRET_KEY（至少32个字符）",
            warning=settings.on_sqlite,
        )


def _carrier(settings: Settings) -> Iterator[Problem]:
    if settings.carrier == "asterisk":
        yield Problem("carrier", "这个版本还不支持 asterisk", "使用 HOTLINE_CARRIER=sandbox 或 twilio")
    if settings.carrier != "twilio":
        return
    needed = {
        "HOTLINE_TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "HOTLINE_TWILIO_AUTH_TOKEN": settings.twilio_auth_token.get_secret_value(),
    }
    for name, value in needed.items():
        if not value:
            yield Problem("carrier", f"缺少 {name}", "在运营商控制台查到后设置")
    if not settings.twilio_api_key_sid:
        yield Problem(
            "browser_phone",
            "没有 HOTLINE_TWILIO_API_KEY_SID，话务员不能用浏览器接听",
            "在运营商控制台建 API Key，设置 HOTLINE_TWILIO_API_KEY_SID 和 HOTLINE_TWILIO_API_KEY_SECRET",
            warning=True,
        )
    if all(needed.values()):
        yield from carrier_problems(settings)


def carrier_problems(settings: Settings) -> Iterator[Problem]:
    """Ask the carrier itself: account, keys, and whether each number leads here."""
    line = line_of(settings, keys_of(settings))
    for each in carrier_of(settings, line).check():
        yield Problem(f"carrier_{each.code}", each.reason, each.remedy, warning=not each.is_error)


def _sandbox_speed(settings: Settings) -> Iterator[Problem]:
    if settings.sandbox_speed == 1.0:
        return
    if settings.carrier != "sandbox":
        yield Problem(
            "sandbox_speed",
            f"HOTLINE_SANDBOX_SPEED={settings.sandbox_speed:g} 只对 sandbox 起作用",
            "去掉这个设置",
            warning=True,
        )
    elif not settings.demo:
        yield Problem(
            "sandbox_speed",
            f"测试电话的语音、等待和振铃快{settings.sandbox_speed:g}倍",
            "只用于演示和测试；其他时候去掉 HOTLINE_SANDBOX_SPEED",
            warning=True,
        )
