"""LEAF. YAML as plain data that remembers the line of every key, and refuses duplicate keys."""

import re
from typing import Any

import yaml

Path = tuple[str | int, ...]
Lines = dict[Path, int]


class YamlProblem(Exception):
    """The text is not the YAML that was expected; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    """Safe YAML 1.1, but 1e-3 is a number as in YAML 1.2, not a text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+"), list("-+0123456789.")
)


def load(text: str) -> tuple[Any, Lines]:
    """The data in a YAML text (safe tags only) and the line of every path in it.

    Raises:
        YamlProblem: on a syntax error or a duplicate key.
    """
    try:
        for token in yaml.scan(text):
            if isinstance(token, yaml.AliasToken):
                raise YamlProblem(token.start_mark.line + 1, f"'*{token.value}': aliases are not allowed, write it out")
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: Lines = {}
        if node is not None:
            _visit(node, (), lines)
        return (loader.construct_document(node) if node is not None else None), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlProblem(mark.line + 1 if mark else 1, f"YAML syntax: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise YamlProblem(1, f"YAML syntax: {error}") from error


def _visit(node: yaml.Node, path: Path, lines: Lines) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _visit(item, (*path, index), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            key_path = (*path, str(key.value))
            line = key.start_mark.line + 1
            if key_path in lines:
                raise YamlProblem(line, f"duplicate key '{key.value}' (first in line {lines[key_path]})")
            lines[key_path] = line
            _visit(value, key_path, lines)
