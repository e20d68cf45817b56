"""Read YAML and CSV files to plain data; every error names its file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

try:
    # Ten times as fast; a PyYAML built without libyaml lacks it.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]  # the same interface

T = TypeVar("T")
DEEPEST = 40
"""Levels of nesting; the shipped files have seven."""
LARGEST = 200_000
"""Values of one file with every alias written out; the shipped ones have 3,000."""


class ConfigError(Exception):
    """A configuration file cannot be used; `line` is None where only the file as a whole is wrong."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        place = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{place}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class _Loader(SafeLoader):
    """Safe YAML that refuses a key written twice, of which plain YAML keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"“{key}”写了两次", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row with the line on which it begins."""

    line: int
    values: Mapping[str, str]


def read_yaml(path: Path) -> Any:
    """Return the file's plain data; raises ConfigError."""
    return _plain(_text(path), path)


def _plain(text: str, path: Path) -> Any:
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise _yaml_error(path, error) from error
    finally:
        loader.dispose()


def load_policy(path: Path, parse: Callable[[Any], T]) -> T:
    """Parse a YAML file with a rule's `from_mapping`; its errors (with `where`) come back with file and line."""
    return parse_policy(_text(path), path, parse)


def parse_policy(text: str, path: Path, parse: Callable[[Any], T]) -> T:
    """Parse YAML text as `load_policy` does a file; `path` is only what its errors name."""
    data = _plain(text, path)
    try:
        return parse(data)
    except ValueError as error:
        where = getattr(error, "where", None)
        if where is None:
            raise
        raise ConfigError(path, _line_of(text, where), str(error)) from error


def check_shape(text: str, path: Path) -> None:
    """Refuse text that would end the reader itself: nesting beyond its stack, anchors that multiply; raises ConfigError.

    For text that a person sends; the files of an installation are its own.
    """
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]
    try:
        for event in yaml.parse(text, Loader=SafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, 1))
                reason = "嵌套太深" if len(open_nodes) > DEEPEST else ""
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, size = open_nodes.pop()
                if anchor is not None:
                    sizes[anchor] = size
                reason = _grow(open_nodes, size)
            elif isinstance(event, yaml.AliasEvent):
                # An anchor that is still open would hold itself.
                reason = _grow(open_nodes, sizes.get(event.anchor or "", LARGEST))
            else:
                reason = _grow(open_nodes, 1)
            if reason:
                mark = event.start_mark
                raise ConfigError(path, mark.line + 1 if mark else None, reason)
    except yaml.YAMLError as error:
        raise _yaml_error(path, error) from error


def _grow(open_nodes: list[tuple[str | None, int]], by: int) -> str:
    anchor, size = open_nodes[-1]
    open_nodes[-1] = (anchor, size + by)
    return "锚点（&与*）展开后太大" if size + by > LARGEST else ""


def read_text(path: Path) -> str:
    """Return a configuration file's text, UTF-8 (with or without BOM) or GBK; raises ConfigError."""
    return _text(path)


def line_of(path: Path, where: Sequence[str | int]) -> int | None:
    """Return the line of a path of keys, or of the deepest part of it that exists."""
    return _line_of(_text(path), where)


def _line_of(text: str, where: Sequence[str | int]) -> int | None:
    node = yaml.compose(text, Loader=SafeLoader)
    if node is None:
        return None
    line = node.start_mark.line + 1
    for step in where:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def read_csv(path: Path, columns: Sequence[str]) -> tuple[CsvRow, ...]:
    """Return the rows of a CSV file with exactly these columns; UTF-8 (with or without BOM) or GBK."""
    source = io.StringIO(_text(path), newline="")
    reader = csv.reader(source, strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise ConfigError(path, None, "the file is empty")
        if header != list(columns):
            raise ConfigError(path, 1, f"expected the columns {','.join(columns)}, found {','.join(header)}")
        return tuple(_csv_rows(path, reader, columns))
    except csv.Error as error:
        raise ConfigError(path, reader.line_num, str(error)) from error


def _csv_rows(path: Path, reader: Any, columns: Sequence[str]) -> list[CsvRow]:
    rows = []
    begins = reader.line_num + 1
    for cells in reader:
        if cells:
            if len(cells) != len(columns):
                raise ConfigError(path, begins, f"expected {len(columns)} cells, found {len(cells)}")
            stripped = (cell.strip() for cell in cells)
            rows.append(CsvRow(begins, dict(zip(columns, stripped, strict=True))))
        # A quoted cell may hold line breaks, so the next row begins after the last line read.
        begins = reader.line_num + 1
    return rows


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(path, None, error.strerror or str(error)) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise ConfigError(path, text[: text.index("\0")].count("\n") + 1, "holds a NUL byte")
        return text
    raise ConfigError(path, None, "is neither UTF-8 nor GBK text")


def _yaml_error(path: Path, error: yaml.YAMLError) -> ConfigError:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark
        return ConfigError(path, mark.line + 1 if mark else None, _yaml_reason(error.problem or str(error)))
    return ConfigError(path, None, _yaml_reason(str(error)))


def _yaml_reason(said: str) -> str:
    if said.startswith("“"):
        return said
    return f"不是有效的YAML，请检查缩进、引号、括号和冒号：{said}"


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child.start_mark.line + 1, child
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    return None
