"""`hotline carrier`: what the carrier has of our numbers, what is wrong with it, and setting it right."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from config.settings import Settings
from hotline.carriers.base import CarrierError
from hotline.carriers.numbers import changes
from hotline.carriers.twilio import TwilioCarrier
from hotline.preflight import carrier_problems, read_settings
from hotline.wiring import carrier_of, hooks_of, keys_of, line_of

carrier_app = typer.Typer(no_args_is_help=True, help="运营商：号码、地址和密钥")


@carrier_app.command("numbers")
def numbers_command() -> None:
    """列出运营商账户里的号码和它们的地址。"""
    settings = _settings()
    try:
        found = _carrier(settings).numbers()
    except CarrierError as error:
        _fail(f"读不到号码：{error}")
    for each in found:
        ours = "本系统" if each.number in settings.numbers else "其他"
        print(f"{each.number}  {ours}{'  交给' + each.taken_by if each.taken_by else ''}")
        hooks = each.hooks
        for name, address in (
            ("来电", hooks.incoming),
            ("备用", hooks.fallback),
            ("状态", hooks.status),
            ("短信", hooks.messages),
        ):
            print(f"    {name}  {address or '（空）'}")


@carrier_app.command("check")
def check_command() -> None:
    """向运营商核对账户、密钥、号码和地址，指出要改什么；sandbox 须在运行。"""
    problems = list(carrier_problems(_settings()))
    for each in problems:
        print(f"{'提醒' if each.warning else '错误'} [{each.code}] {each.what}\n    办法：{each.remedy}")
    errors = sum(not each.warning for each in problems)
    if errors:
        _fail(f"有{errors}处错误。")
    print("运营商的设置可以接电话。")


@carrier_app.command("apply")
def apply_command(
    yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False,
) -> None:
    """把各号码的地址指到本系统：先列出差别，确认后才改。"""
    settings = _settings()
    carrier, wanted = _carrier(settings), hooks_of(settings)
    try:
        known = {each.number: each for each in carrier.numbers()}
        missing = [number for number in settings.numbers if number not in known]
        if missing:
            _fail(f"账户中没有号码 {'、'.join(missing)}，先购买，或修改 HOTLINE_NUMBERS。")
        differing = {number: changes(known[number], wanted) for number in settings.numbers}
        if not any(differing.values()):
            print("各号码的地址都已正确。")
            return
        for each in (change for found in differing.values() for change in found):
            print(f"{each.number}  {each.name}  {each.now or '（空）'} → {each.wanted}")
        if not yes and not typer.confirm("现在修改？"):
            _fail("没有修改。")
        for number, found in differing.items():
            if found:
                carrier.set_hooks(number, found)
    except CarrierError as error:
        _fail(f"运营商拒绝：{error}")
    print("已修改。")


def _carrier(settings: Settings) -> TwilioCarrier:
    return carrier_of(settings, line_of(settings, keys_of(settings)))


def _settings() -> Settings:
    settings, problems = read_settings()
    if settings is None:
        _fail("\n".join(problem.what for problem in problems))
    return settings


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
