"""`hotline knowledge …`: files of reviewed articles, in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch.errors import ImportRefused
from dispatch.events import By
from dispatch.knowledge_files import Entry, export_file, import_reviewed, parse_file
from dispatch.rules.articles import categories_known
from hotline.cli_unions import fail, open_database, read
from hotline.first_articles import folder_of
from hotline.wiring import keys_of, now, policy_of

knowledge_app = typer.Typer(no_args_is_help=True, help="知识库")


@knowledge_app.command("import")
def import_command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, help="YAML 文件或目录；不给则用配置目录的 knowledge/，再没有则用随附的"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
) -> None:
    """导入并发布经人工复核的条目；有一处错误就什么都不写。内容不同的条目成为新版本，旧版本仍可查。"""
    settings = read()
    known = categories_known(policy_of(settings, keys_of(settings)).catalogue)
    entries: list[Entry] = []
    refused = 0
    seen: dict[str, Path] = {}
    for file in files_of(files or [folder_of(settings)]):
        try:
            found = parse_file(file.read_bytes(), categories=known)
        except ImportRefused as error:
            refused += _say(file, error)
            continue
        for entry in found:
            if entry.code in seen:
                print(f"{file}:{entry.line}: 编号{entry.code}在{seen[entry.code]}已经出现", file=sys.stderr)
                refused += 1
            seen.setdefault(entry.code, file)
        entries += found
    if refused:
        fail(f"没有导入：{refused}处错误。")
    try:
        with open_database(settings) as database, database.writing() as session:
            done = import_reviewed(session, entries, by=By("machine"), now=now())
            if dry_run:
                session.rollback()
    except ImportRefused as error:
        fail(f"没有导入：{'；'.join(f'第{line}行{why}' for line, why in error.findings)}。")
    verb = "将" if dry_run else "已"
    print(f"{verb}新增{done.created}条，更新{done.updated}条，未变{done.unchanged}条。")


@knowledge_app.command("export")
def export_command(
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="写到哪里；不给则写到标准输出")] = None,
) -> None:
    """导出全部已发布的条目，可以原样再导入。"""
    with open_database(read()) as database, database.reading("report") as session:
        text = export_file(session)
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text(text, encoding="utf-8")
    print(f"已导出到 {file}。")


def files_of(paths: list[Path]) -> list[Path]:
    """Return the files that these paths stand for: a folder for every YAML file in it."""
    return [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]


def _say(file: Path, error: ImportRefused) -> int:
    for line, reason in error.findings:
        print(f"{file}:{line}: {reason}", file=sys.stderr)
    return len(error.findings)
