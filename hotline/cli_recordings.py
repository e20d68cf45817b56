"""`hotline recordings`: sealing them anew after a key has been changed."""

from __future__ import annotations

import typer

from hotline.calls.keeping import CannotOpen
from hotline.calls.retention import reseal
from hotline.preflight import read_settings
from hotline.wiring import database_of, keys_of, ring_of

recordings_app = typer.Typer(no_args_is_help=True, help="录音")


@recordings_app.callback()
def recordings() -> None:
    """录音的保管。"""


@recordings_app.command("reseal")
def reseal_command() -> None:
    """换密钥后，把旧密钥加密的录音改用当前密钥；程序可以继续运行，可以重复执行。"""
    settings, problems = read_settings()
    if settings is None:
        typer.echo("\n".join(problem.what for problem in problems), err=True)
        raise typer.Exit(1)
    database, ring, done = database_of(settings), ring_of(settings, keys_of(settings)), 0
    try:
        for done in reseal(database, ring, settings.data_dir / "recordings"):  # noqa: B007  # the last count is said
            pass
    except (CannotOpen, OSError) as error:
        typer.echo(f"打不开：{error}。旧密钥须保留在 HOTLINE_RECORDING_KEYS 中，直到全部改完。", err=True)
        raise typer.Exit(1) from error
    finally:
        database.dispose()
    print(f"已改用密钥“{ring.current}”加密{done}段录音。")
