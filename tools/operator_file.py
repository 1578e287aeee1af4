"""YAML files that an operator writes, checked before they are used: errors name line and field, and all come at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Content = TypeVar("Content", bound=BaseModel)
Place = tuple[str, ...]


class OperatorFileError(ValueError):
    """The file cannot be used; each line of the text names a line, a field and what is wrong."""


def parse(
    text: str,
    source: Path,
    model: type[Content],
    *,
    docs: str,
    prepare: Callable[[Any], Any] = lambda given: given,
    hints: Mapping[str, str] | None = None,
) -> Content:
    """The content of a file as `model`. `source` is named in errors, `docs` is the page that describes the fields.

    `prepare` may fill in what an operator need not write; `hints` say more about fields that the model does not know.
    Raises OperatorFileError."""
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Place, int] = {}
        if twice := _walk(tree, (), lines):
            raise OperatorFileError(
                "\n".join(f"{source}, line {line}: {name} stands there twice" for name, line in twice)
            )
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise OperatorFileError(f"{source}{where}: not YAML: {getattr(error, 'problem', error)}") from error
    try:
        return model.model_validate(prepare(given))
    except ValidationError as error:
        said = (_sentence(source, e, lines, docs, hints or {}) for e in error.errors())
        raise OperatorFileError("\n".join(said)) from error


def read_text(path: Path) -> str:
    """The file's text. Raises OperatorFileError when it is not UTF-8, FileNotFoundError and PermissionError."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OperatorFileError(f"{path} is not UTF-8 text: save it as such.") from error


def _walk(node: yaml.Node | None, at: Place, lines: dict[Place, int]) -> list[tuple[str, int]]:
    """Notes the line of each field, and gives those that stand twice: YAML would silently keep the last."""
    twice: list[tuple[str, int]] = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here, line = (*at, str(key.value)), key.start_mark.line + 1
            if here in lines:
                twice.append((".".join(here), line))
            lines[here] = line
            twice += _walk(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            here = (*at, str(number))
            lines[here] = item.start_mark.line + 1
            twice += _walk(item, here, lines)
    return twice


def _sentence(source: Path, error: ErrorDetails, lines: dict[Place, int], docs: str, hints: Mapping[str, str]) -> str:
    near: Place = ()
    field: list[str] = []
    for part in map(str, error["loc"]):
        if (*near, part) in lines:
            near = (*near, part)
            field.append(part)
    if error["type"] == "missing":  # other parts that stand in no line are kinds, by which a model was chosen
        field.append(str(error["loc"][-1]))
    where = f", line {lines[near]}" if near else ""
    said = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        said = f"{hints.get(field[-1], 'no such field')}; see {docs}"
    return f"{source}{where}: {'.'.join(field) or 'the file'}: {said}"
